"""Where a classifier of points in the plane changes its mind."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource

from microgd.draw.plots.theme import COLOURS, blank, hover, legend
from microgd.graph import Array
from microgd.nn.module import Module
from microgd.tensor import no_grad
from microgd.train.evaluate import Pair, mode, pair

CELLS = 160  # along the longer side
MARGIN = 0.08  # around the data, as a share of their extent
MARKS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "star")


def decision_boundary(model: Module, data: Pair, *, cells: int = CELLS, **options: Any) -> Any:
    """The class that the model gives each point of the plane, and how sure it is, under the data.

    model    of points with two coordinates; its outputs are scores of the classes (n, classes),
             or one score (n,) or (n, 1) whose sign decides between two
    data     a Dataset or a pair (x, y) with labels
    cells    along the longer side of the picture
    options  of the Bokeh figure

    The fuller the colour, the surer the model; a ring marks a point that it gets wrong.
    Returns a Bokeh figure. Raises ValueError for data that are not in the plane.

    >>> from microgd import data, nn
    >>> plot = decision_boundary(nn.MLP([2, 8, 2], rng=0), data.moons(50, rng=0))
    >>> plot.title.text.endswith("of 50 points right")
    True
    """
    x, y = pair("decision_boundary", data)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(
            f"decision_boundary: points of shape {x.shape}; a picture needs two coordinates, (n, 2)"
        )
    labels = np.asarray(y).reshape(-1).astype(int)
    low, high = x.min(axis=0), x.max(axis=0)
    room = MARGIN * max(*(high - low), 1e-12)
    low, high = low - room, high + room
    counts = np.maximum(2, np.round(cells * (high - low) / (high - low).max()).astype(int))
    across, up = (np.linspace(a, b, n) for a, b, n in zip(low, high, counts, strict=True))
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    sure = _probabilities(model, plane.astype(x.dtype))
    known = _probabilities(model, x)
    guesses = known.argmax(axis=1)
    right = 100 * float((guesses == labels).mean())
    look: dict[str, Any] = {"height": 440, "max_width": 640} | options
    plot = blank(f"{right:.1f} % of {len(x)} points right", "x[0]", "x[1]", **look)
    plot.image_rgba(
        image=[_colours(sure).reshape(len(up), len(across))],
        x=low[0], y=low[1], dw=high[0] - low[0], dh=high[1] - low[1],
    )  # fmt: skip
    for label in np.unique(labels):
        here = labels == label
        place = int(label) % len(COLOURS)
        source = ColumnDataSource(
            {
                "x": x[here, 0],
                "y": x[here, 1],
                "label": labels[here],
                "guess": guesses[here],
                "sure": 100 * known[here, guesses[here]],
            }
        )
        plot.scatter(
            "x", "y", source=source, marker=MARKS[place], size=8, fill_color=COLOURS[place],
            line_color="white", line_width=0.8, legend_label=f"class {label}", name="points",
        )  # fmt: skip
    wrong = guesses != labels
    for colour, width in (("white", 4), ("black", 2)):  # seen on any ground
        plot.scatter(
            x[wrong, 0], x[wrong, 1], size=13, fill_color=None, line_color=colour, line_width=width
        )
    rows = [
        ("class", "@label"), ("the model says", "@guess"), ("% sure", "@sure"),
        ("x[0]", "@x"), ("x[1]", "@y"),
    ]  # fmt: skip
    hover(plot, rows, exact=["sure", "x", "y"], renderers=plot.select(name="points"))
    legend(plot)
    plot.ygrid.grid_line_color = None
    plot.x_range.range_padding = plot.y_range.range_padding = 0
    return plot


def _probabilities(model: Module, x: Array) -> Array:
    """What the scores say of the classes, (n, classes)."""
    with no_grad(), mode(model, training=False):
        scores = np.asarray(model(x).data, np.float64)
    scores = scores.reshape(len(x), -1)
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    share: Array = powers / powers.sum(axis=1, keepdims=True)
    return share


def _colours(sure: Array) -> Array:
    """One pixel a row: the colour of the likeliest class, the fuller the surer."""
    classes = sure.shape[1]
    best = sure.argmax(axis=1)
    excess = (sure.max(axis=1) - 1 / classes) / (1 - 1 / classes)
    table = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in COLOURS], np.uint8)
    pixels = np.empty((len(sure), 4), np.uint8)
    pixels[:, :3] = table[best % len(COLOURS)]
    pixels[:, 3] = 30 + 110 * excess
    return pixels.view(np.uint32).reshape(-1)
