"""Records of what happened: the steps of backpropagation, its paths, the flow of the gradient.

Each is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

from microgd.lazy import offer

if TYPE_CHECKING:
    from microgd.explain import meanfield as meanfield
    from microgd.explain.compare import Comparison as Comparison
    from microgd.explain.compare import compare as compare
    from microgd.explain.debugger import Debugger as Debugger
    from microgd.explain.debugger import debug as debug
    from microgd.explain.diagnose import Finding as Finding
    from microgd.explain.diagnose import diagnose as diagnose
    from microgd.explain.flow import Flow as Flow
    from microgd.explain.flow import flow as flow
    from microgd.explain.paths import Path as Path
    from microgd.explain.paths import Paths as Paths
    from microgd.explain.paths import paths as paths
    from microgd.explain.recorder import FlowRecorder as FlowRecorder
    from microgd.explain.sharpness import sharpness as sharpness
    from microgd.explain.step import Step as Step
    from microgd.explain.step import StepEdge as StepEdge
    from microgd.explain.steps import Backprop as Backprop
    from microgd.explain.steps import Forward as Forward
    from microgd.explain.steps import backprop as backprop
    from microgd.explain.steps import forward as forward
    from microgd.explain.through_time import ThroughTime as ThroughTime
    from microgd.explain.through_time import TimeStep as TimeStep
    from microgd.explain.through_time import through_time as through_time

_HOME = {  # what is offered here, and the file that it comes from
    "Backprop": "steps",
    "Comparison": "compare",
    "Debugger": "debugger",
    "Finding": "diagnose",
    "Flow": "flow",
    "FlowRecorder": "recorder",
    "Forward": "steps",
    "Path": "paths",
    "Paths": "paths",
    "Step": "step",
    "StepEdge": "step",
    "ThroughTime": "through_time",
    "TimeStep": "through_time",
    "backprop": "steps",
    "compare": "compare",
    "debug": "debugger",
    "diagnose": "diagnose",
    "flow": "flow",
    "forward": "steps",
    "meanfield": "",
    "paths": "paths",
    "sharpness": "sharpness",
    "through_time": "through_time",
}

offer(__name__, _HOME)
