"""Records of what happened: the steps of backpropagation, its paths, the flow of the gradient.

Each is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microgd.explain.steps import Backprop as Backprop
    from microgd.explain.steps import Forward as Forward
    from microgd.explain.steps import Step as Step
    from microgd.explain.steps import StepEdge as StepEdge
    from microgd.explain.steps import backprop as backprop
    from microgd.explain.steps import forward as forward

_HOME = {  # what is offered here, and the file that it comes from
    "Backprop": "steps",
    "Forward": "steps",
    "Step": "steps",
    "StepEdge": "steps",
    "backprop": "steps",
    "forward": "steps",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"microgd.explain.{_HOME[name]}"), name)
    raise AttributeError(f"module 'microgd.explain' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
