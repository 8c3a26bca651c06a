"""Records to pictures: the graph, plots, pages, and tables for a terminal.

Each is loaded when it is first asked for, and what draws it as well.
"""

from typing import TYPE_CHECKING

from microgd.lazy import offer

if TYPE_CHECKING:
    from microgd.draw.graph import Graph as Graph
    from microgd.draw.graph import graph as graph
    from microgd.draw.parallel.losses import losses as losses
    from microgd.draw.parallel.lost import lost_writes as lost_writes
    from microgd.draw.parallel.staleness import staleness as staleness
    from microgd.draw.parallel.timeline import timeline as timeline
    from microgd.draw.plots.activations import activations as activations
    from microgd.draw.plots.boundary import decision_boundary as decision_boundary
    from microgd.draw.plots.flow import flow as flow
    from microgd.draw.plots.gains import gains as gains
    from microgd.draw.plots.heatmap import heatmap as heatmap
    from microgd.draw.plots.history import history as history
    from microgd.draw.plots.schedule import schedule as schedule
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
    "losses": "parallel.losses",
    "lost_writes": "parallel.lost",
    "schedule": "plots.schedule",
    "staleness": "parallel.staleness",
    "timeline": "parallel.timeline",
    "weights": "plots.weights",
}

offer(__name__, _HOME)
