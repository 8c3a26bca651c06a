"""A quantity of every layer over time: where and when the gradient vanished or exploded."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import BasicTicker, ColumnDataSource, LinearColorMapper
from bokeh.models.annotations.legends import ColorBar

from microgd.draw.plots.theme import INK, blank, hover, named

PALETTE = "Cividis256"  # for the colour-blind, and in grey print (Nuñez et al. 2018)


def heatmap(
    values: Any,
    layers: Sequence[str],
    epochs: Sequence[float],
    title: str = "gradient by layer and epoch",
    *,
    time: str = "epoch",
    **options: Any,
) -> Any:
    """A cell for every layer (a row, the last on top) and every epoch (a column).

    values  (layers, epochs), positive: coloured by their power of ten; what is 0, or not finite,
            is left out

    Returns a Bokeh figure. Raises ValueError where the shape does not fit.

    >>> heatmap([[1e-5, 1e-4], [1.0, 1.0]], ["layers.0", "layers.2"], [1, 2]).y_range.factors
    ['layers.0', 'layers.2']
    """
    layers = named(layers)
    grid = np.asarray(values, float)
    if grid.shape != (len(layers), len(epochs)):
        raise ValueError(
            f"heatmap: values of shape {grid.shape} for {len(layers)} layers and {len(epochs)}"
            f" {time}s; give one number for each pair"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.log10(grid)
    good = np.isfinite(powers)
    rows, columns = np.nonzero(good)
    steps = np.diff(np.asarray(epochs, float))
    width = float(np.median(steps)) if steps.size else 1.0
    low = float(powers[good].min()) if good.any() else 0.0
    high = float(powers[good].max()) if good.any() else 1.0
    colours = LinearColorMapper(palette=PALETTE, low=low, high=high if high > low else low + 1)
    source = ColumnDataSource(
        {
            "x": np.asarray(epochs, float)[columns],
            "layer": [layers[i] for i in rows.tolist()],
            "power": powers[good],
            "value": grid[good],
        }
    )
    height = max(200, 110 + 22 * len(layers))
    look: dict[str, Any] = {"y_range": list(layers), "height": height} | options
    plot = blank(title, time, "", **look)
    plot.rect(
        "x", "layer", width=width, height=1, source=source, line_color=None,
        fill_color={"field": "power", "transform": colours},
    )  # fmt: skip
    bar = ColorBar(
        color_mapper=colours, ticker=BasicTicker(desired_num_ticks=5), title="power of ten",
        width=10, padding=8, background_fill_color=None, major_label_text_color=INK,
        title_text_color=INK, title_text_font_style="normal", bar_line_color=None,
        major_tick_line_color=None,
    )  # fmt: skip
    plot.add_layout(bar, "right")
    plot.ygrid.grid_line_color = None
    plot.x_range.range_padding = plot.y_range.range_padding = 0
    hover(plot, [("layer", "@layer"), (time, "@x"), ("value", "@value")], exact=["value"])
    return plot


def over_epochs(rows: Mapping[str, Sequence[float]], **options: Any) -> Any:
    """`heatmap` of what `History.grad_norms` holds: a row for each parameter, epochs from 1."""
    table = {name: list(column) for name, column in rows.items()}
    count = max(map(len, table.values()), default=0)
    return heatmap(list(table.values()), list(table), list(range(1, count + 1)), **options)
