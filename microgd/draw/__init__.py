"""Records to pictures: the graph, plots, pages, and tables for a terminal.

Each is loaded when it is first asked for, and what draws it as well.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microgd.draw.graph import Graph as Graph
    from microgd.draw.graph import graph as graph
    from microgd.draw.plots.activations import activations as activations
    from microgd.draw.plots.boundary import decision_boundary as decision_boundary
    from microgd.draw.plots.flow import flow as flow
    from microgd.draw.plots.gains import gains as gains
    from microgd.draw.plots.heatmap import heatmap as heatmap
    from microgd.draw.plots.history import history as history
    from microgd.draw.plots.weights import weights as weights

_HOME = {  # what is offered here, and the file that it comes from
    "Graph": "graph",
    "activations": "plots.activations",
    "decision_boundary": "plots.boundary",
    "flow": "plots.flow",
    "gains": "plots.gains",
    "graph": "graph",
    "heatmap": "plots.heatmap",
    "history": "plots.history",
    "weights": "plots.weights",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"microgd.draw.{_HOME[name]}"), name)
    raise AttributeError(f"module 'microgd.draw' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


class _Package(ModuleType):
    """What is offered under a file's own name (`graph` of graph.py) is not hidden by the file."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
