"""The weights of a layer, one cell each; or each unit's weights as a little picture."""

import math
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.models.annotations.legends import ColorBar

from microgd.draw.plots.theme import INK, WIDEST, blank, hover, named
from microgd.graph import Array
from microgd.tensor import Tensor

# Blue, white, orange: told apart by the colour-blind, and equally dark for equal sizes
NEGATIVE, ZERO, POSITIVE = (0, 84, 147), (247, 247, 247), (196, 78, 0)
HIGHEST = 600  # pixels
MOST_WIDE = 5  # times as wide as high, though cells are then no squares
STEPS = 127  # colours on either side of zero


def weights(weight: Any, tile: tuple[int, int] | None = None, **options: Any) -> Any:
    """A cell for every weight: blue below zero, orange above, white near it.

    weight   a Tensor or an array; rows are outputs, columns inputs; more axes are flattened
    tile     (height, width) if each row is itself a picture, as (8, 8) for digits
    options  of the Bokeh figure

    Returns a Bokeh figure. Raises ValueError where `tile` does not fit.

    >>> weights([[1.0, -2.0], [0.0, 0.5]]).title.text
    'weights (2, 2)'
    """
    array = np.asarray(weight.data if isinstance(weight, Tensor) else weight, float)
    (name,) = named([getattr(weight, "name", None) or "weights"])
    table = np.atleast_2d(array.reshape(len(array), -1) if array.ndim > 2 else array)
    outputs, inputs = table.shape
    if tile is not None and math.prod(tile) != inputs:
        raise ValueError(
            f"weights: tile={tile} has {math.prod(tile)} cells, but a row has {inputs} weights"
        )
    x, y, wide, high = _places(outputs, inputs, tile)
    largest = float(np.abs(table[np.isfinite(table)]).max(initial=0.0)) or 1.0
    colours = LinearColorMapper(palette=_palette(), low=-largest, high=largest)
    source = ColumnDataSource(
        {
            "x": x,
            "y": y,
            "output": np.repeat(np.arange(outputs), inputs),
            "input": np.tile(np.arange(inputs), outputs),
            "value": table.ravel(),
        }
    )
    ratio = min(MOST_WIDE, wide / high)
    width = min(WIDEST, int(HIGHEST * ratio))
    look: dict[str, Any] = {
        "sizing_mode": "scale_width",
        "aspect_ratio": ratio,
        "max_width": width,
        "height": int(width / ratio),
        "x_range": (-0.5, wide - 0.5),
        "y_range": (high - 0.5, -0.5),
    } | options
    plot = blank(f"{name} {array.shape}", "input", "output", **look)
    plot.rect(
        "x", "y", width=1, height=1, source=source, line_color=None,
        fill_color={"field": "value", "transform": colours},
    )  # fmt: skip
    bar = ColorBar(
        color_mapper=colours, width=10, padding=8, background_fill_color=None,
        major_label_text_color=INK, bar_line_color=None, major_tick_line_color=None,
    )  # fmt: skip
    plot.add_layout(bar, "right")
    plot.ygrid.grid_line_color = None
    if tile is not None:
        plot.axis.visible = False
    hover(
        plot, [("weight", "@value"), ("to output", "@output"), ("from input", "@input")],
        exact=["value"],
    )  # fmt: skip
    return plot


def _places(
    outputs: int, inputs: int, tile: tuple[int, int] | None
) -> tuple[Array, Array, int, int]:
    """Where each cell stands, and how many cells the picture is wide and high."""
    if tile is None:
        return (
            np.tile(np.arange(inputs), outputs), np.repeat(np.arange(outputs), inputs),
            inputs, outputs,
        )  # fmt: skip
    tall, broad = tile
    columns = math.ceil(math.sqrt(2 * outputs))  # pictures beside one another
    unit, cell = np.divmod(np.arange(outputs * inputs), inputs)
    x = unit % columns * (broad + 1) + cell % broad
    y = unit // columns * (tall + 1) + cell // broad
    return x, y, columns * (broad + 1) - 1, math.ceil(outputs / columns) * (tall + 1) - 1


def _palette() -> list[str]:
    """From the colour of the negative through white to that of the positive."""
    rows = [
        *np.linspace(NEGATIVE, ZERO, STEPS, endpoint=False),
        ZERO,
        *np.linspace(POSITIVE, ZERO, STEPS, endpoint=False)[::-1],
    ]
    return ["#{:02x}{:02x}{:02x}".format(*(round(c) for c in row)) for row in rows]
