"""Records of what happened: the steps of backpropagation, its paths, the flow of the gradient.

Each is loaded when it is first asked for.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

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
    "backprop": "steps",
    "compare": "compare",
    "debug": "debugger",
    "diagnose": "diagnose",
    "flow": "flow",
    "forward": "steps",
    "paths": "paths",
    "sharpness": "sharpness",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"microgd.explain.{_HOME[name]}"), name)
    if name == "meanfield":
        return import_module("microgd.explain.meanfield")
    raise AttributeError(f"module 'microgd.explain' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, "meanfield"})


class _Package(ModuleType):
    """What is offered under a file's own name (`paths` of paths.py) is not hidden by the file."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
