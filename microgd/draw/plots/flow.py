"""The flow of the gradient: a bar for every module, of one network or of several side by side."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.models.annotations.geometry import Span

from microgd.draw.plots.theme import COLOURS, FAINT, blank, hover, legend, named
from microgd.explain.compare import Comparison
from microgd.explain.flow import Flow, Row
from microgd.names import choose

WIDTH = 0.8  # of a group of bars, where 1 leaves no gap
LABELS = {
    "share": "gradient: the last layer's is 1",
    "at_output": "gradient at the output",
    "at_input": "gradient at the input",
    "gain": "gain: gradient in / out",
    "of_weights": "gradient of the weights",
    "weights": "norm of the weights",
    "update": "update / weights",
    "mean": "mean of the output",
    "std": "standard deviation of the output",
    "saturated": "saturated: share of the output",
    "dead": "dead: share of the units",
}
COLUMNS = ("at_output", "share", "gain", "of_weights", "mean", "std")  # under the pointer
LINEAR = {"mean", "saturated", "dead"}  # the others span powers of ten


def flow(
    flows: Flow | Comparison | Mapping[str, Flow],
    quantity: str = "share",
    *,
    every: bool = False,
    **options: Any,
) -> Any:
    """A bar for every module, first to last: how much of the gradient arrives there.

    flows     what `explain.flow` or `explain.compare` found, or several flows by name
    quantity  a column of `explain.flow`: "share", "gain", "std", ...
    every     whether to show activations too, and not only what has parameters
    options   of the Bokeh figure

    Norms, gains and shares stand on a logarithmic scale, where a line marks 1. Returns a Bokeh
    figure. Raises ValueError for a quantity that there is not.

    >>> import microgd as mg
    >>> from microgd import nn
    >>> model = nn.MLP([2, 4, 4, 2], rng=0)
    >>> batch = ([[1.0, -1.0], [0.5, 2.0]], [0, 1])
    >>> flow(mg.explain.flow(model, batch)).x_range.factors
    ['layers.0', 'layers.2', 'layers.4']
    """
    label = choose("flow: quantity", quantity, LABELS)
    if isinstance(flows, Comparison):
        flows = flows.flows
    networks = {"": flows} if isinstance(flows, Flow) else dict(flows)
    found = [_shown(rows, quantity, every) for rows in networks.values()]
    shown = dict(zip(named(networks), found, strict=True))
    paths = list(dict.fromkeys(row.module for rows in shown.values() for row in rows))
    modules = dict(zip(paths, named(paths), strict=True))
    logarithmic = quantity not in LINEAR
    options = {
        "x_range": list(modules.values()),
        "y_axis_type": "log" if logarithmic else "linear",
    } | options
    plot = blank(label, "module, from the input to the loss", "", **options)
    heights = [getattr(row, quantity) for rows in shown.values() for row in rows]
    good = [h for h in heights if h and h > 0 and np.isfinite(h)]
    floor = 10 ** (np.floor(np.log10(min(good, default=1.0))) - 0.3) if logarithmic else 0.0
    width = WIDTH / len(networks)
    for i, ((name, rows), colour) in enumerate(zip(shown.items(), cycle(COLOURS), strict=False)):
        offset = (i + 0.5) * width - WIDTH / 2
        source = ColumnDataSource(
            {
                "x": [(modules[row.module], offset) for row in rows],
                "top": [getattr(row, quantity) for row in rows],
                "base": [floor] * len(rows),
                "name": [name or modules[row.module] for row in rows],
                "module": [modules[row.module] for row in rows],
                **{column: [_number(row, column) for row in rows] for column in COLUMNS},
            }
        )
        look: dict[str, Any] = {"legend_label": name} if name else {}
        plot.vbar(
            x="x", top="top", bottom="base", width=0.92 * width, source=source,
            color=colour, line_color=None, **look,
        )  # fmt: skip
    fields = [(column.replace("_", " "), f"@{column}") for column in COLUMNS]
    hover(plot, [("", "@name"), ("module", "@module"), *fields], exact=COLUMNS)
    if logarithmic and good:
        plot.y_range.update(start=floor, end=max(good) * 2)
        plot.add_layout(Span(location=1, dimension="width", line_color=FAINT, line_dash=(4, 4)))
    plot.xaxis.major_label_orientation = 0.8 if len(modules) > 8 else 0
    if len(networks) > 1:
        legend(plot)
    return plot


def _shown(found: Flow, quantity: str, every: bool) -> list[Row]:
    """The rows to show; all of them where none has parameters."""
    rows = [row for row in found if every or row.of_weights is not None] or list(found)
    return [row for row in rows if isinstance(getattr(row, quantity), float | int)]


def _number(row: Row, column: str) -> Any:
    value = getattr(row, column)
    return np.nan if value is None else value
