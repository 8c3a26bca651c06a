"""Curves of plain numbers: several over one axis, each linear or logarithmic."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import Any, Literal

import numpy as np
from bokeh.models import ColumnDataSource

from microgd.draw.plots.theme import COLOURS, DASHES, blank, hover, legend, named

Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def curves(
    lines: Curves,
    title: str = "curves",
    x: str = "x",
    y: str = "y",
    log: Literal["", "x", "y", "xy"] = "",
    stairs: bool = False,
    **options: Any,
) -> Any:
    """The curves by name, each the numbers along x and along y.

    log      the axes that are logarithmic; numbers that have no place there are left out
    stairs   whether each number holds until the next
    options  of the Bokeh figure, as ``height=420``

    Returns a Bokeh figure, which a notebook shows and ``.save(path)`` writes. Raises ValueError if
    there is no curve, or one has not as many numbers along x as along y.

    >>> curves({"square": ([1, 2, 3], [1, 4, 9])}, "A parabola").title.text
    'A parabola'
    """
    if not lines:
        raise ValueError("curves: there are none; give a mapping from names to (along x, along y)")
    scales = {f"{axis}_axis_type": "log" if axis in log else "linear" for axis in "xy"}
    plot = blank(title, x, y, **scales, **options)
    colours, dashes = cycle(COLOURS), cycle(DASHES)
    for name, (along, up) in zip(named(lines), lines.values(), strict=True):
        if len(along) != len(up):
            raise ValueError(f"curves: {name!r:.60} has {len(along)} numbers along x, {len(up)} up")
        places = np.array([along, up], float)
        for axis, row in zip("xy", places, strict=True):
            row[~np.isfinite(row) | ((axis in log) & (row <= 0))] = np.nan
        source = ColumnDataSource(
            {"x": places[0], "y": places[1], "name": [name] * places.shape[1]}
        )
        look: dict[str, Any] = {"source": source, "color": next(colours), "legend_label": name}
        draw = partial(plot.step, mode="after") if stairs else plot.line
        draw("x", "y", line_width=2.5, line_dash=next(dashes), **look)
        plot.scatter("x", "y", size=5, alpha=0, hover_alpha=1, name="points", **look)
    rows = [("", "@name"), (x, "@x"), (y, "@y")]
    hover(plot, rows, exact=["x", "y"], renderers=plot.select(name="points"))
    legend(plot)
    return plot
