"""A quantity of every layer over training: where and when the gradient vanished or exploded."""

from typing import Any

import numpy as np
from bokeh.models import BasicTicker, ColumnDataSource, LinearColorMapper
from bokeh.models.annotations.legends import ColorBar

from microgd.draw.plots.flow import LABELS, LINEAR
from microgd.draw.plots.theme import INK, blank, hover, named
from microgd.explain.recorder import FlowRecorder
from microgd.graph import Array
from microgd.names import choose
from microgd.train.history import History

PALETTE = "Cividis256"  # for the colour-blind, and in grey print (Nuñez et al. 2018)


def heatmap(
    record: FlowRecorder | History,
    quantity: str = "share",
    *,
    every: bool = False,
    **options: Any,
) -> Any:
    """A row for every layer, the last on top, and a column for every record during training.

    record    a FlowRecorder that was among the callbacks of `fit`; or the History of a run, of
              which the norms of the parameters' gradients are shown
    quantity  of the recorder: "share", "gain", "std", ...
    every     whether to show activations too, and not only what has parameters
    options   of the Bokeh figure

    Coloured by the power of ten, and where that makes no sense by the number itself; what is not
    there, or 0, is left out. Returns a Bokeh figure. Raises ValueError for an unknown quantity.

    >>> run = History()
    >>> run.record({"epoch": 1, "grad_norm.layers.0.weight": 0.5})
    >>> heatmap(run).y_range.factors
    ['layers.0.weight']
    """
    if isinstance(record, History):
        norms = record.grad_norms
        title, rows, linear = "gradients of the parameters", list(norms), False
        grid, times = np.array(list(norms.values())), record[record.every]
    else:
        title = choose("heatmap: quantity", quantity, LABELS)
        own = np.isfinite(record["weights"]).any(axis=1)
        known = np.isfinite(record[quantity]).any(axis=1)
        shown = known & own if (known & own).any() and not every else known
        rows = [name for name, here in zip(record.modules, shown, strict=True) if here]
        grid, times = record[quantity][shown], np.array(record.epochs)
        linear = quantity in LINEAR
    what = record.every if isinstance(record, History) else "epoch"
    return _drawn(grid.reshape(len(rows), len(times)), rows, times, title, what, linear, options)


def _drawn(
    grid: Array,
    rows: list[str],
    times: Array,
    title: str,
    what: str,
    linear: bool,
    options: dict[str, Any],
) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        shade = grid if linear else np.log10(grid)
    good = np.isfinite(shade)
    row, column = np.nonzero(good)
    low, high = (shade[good].min(), shade[good].max()) if good.any() else (0.0, 1.0)
    colours = LinearColorMapper(
        palette=PALETTE, low=float(low), high=float(high if high > low else low + 1)
    )
    layers, edges = named(rows), _edges(times)
    source = ColumnDataSource(
        {
            "left": edges[:-1][column],
            "right": edges[1:][column],
            "x": times[column],
            "layer": [layers[i] for i in row.tolist()],
            "bottom": [(layers[i], -0.5) for i in row.tolist()],
            "top": [(layers[i], 0.5) for i in row.tolist()],
            "shade": shade[good],
            "value": grid[good],
        }
    )
    look: dict[str, Any] = {"y_range": layers, "height": max(200, 110 + 22 * len(rows))} | options
    plot = blank(title, what, "", **look)
    plot.quad(
        left="left", right="right", bottom="bottom", top="top", source=source, line_color=None,
        fill_color={"field": "shade", "transform": colours},
    )  # fmt: skip
    bar = ColorBar(
        color_mapper=colours, ticker=BasicTicker(desired_num_ticks=5),
        title="" if linear else "power of ten", width=10, padding=8, background_fill_color=None,
        major_label_text_color=INK, title_text_color=INK, title_text_font_style="normal",
        bar_line_color=None, major_tick_line_color=None,
    )  # fmt: skip
    plot.add_layout(bar, "right")
    plot.ygrid.grid_line_color = None
    plot.x_range.range_padding = plot.y_range.range_padding = 0
    plot.xaxis.ticker.min_interval = 1
    hover(plot, [("layer", "@layer"), (what, "@x"), ("value", "@value")], exact=["value"])
    return plot


def _edges(times: Array) -> Array:
    """Where a cell ends and the next begins: halfway between two records."""
    between = (times[1:] + times[:-1]) / 2
    if not between.size:
        return np.append(times - 0.5, times[-1:] + 0.5)
    first, last = 2 * times[0] - between[0], 2 * times[-1] - between[-1]
    return np.concatenate([[first], between, [last]])
