"""What a network predicts of quantities, beside what they are."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource

from microgd.draw.plots.theme import BLUE, FAINT, VERMILLION, blank, hover, legend
from microgd.nn.module import Module
from microgd.tensor import no_grad
from microgd.train.evaluate import Pair, mode, pair

POINTS = 200  # of the curve
MOST = 2000  # points drawn; of more, as many of them, evenly


def predictions(model: Module, data: Pair, **options: Any) -> Any:
    """The prediction as a curve through the data, or, for several inputs, against the truth.

    model    of rows (n, inputs), with one output or several
    data     a Dataset or a pair (x, y) with quantities y, (n,) or (n, outputs)
    options  of the Bokeh figure

    With one input and one output: the points, and what the model makes of all x between them.
    Else a point for every row, true along x and predicted along y; a perfect model puts all of
    them on the diagonal. Returns a Bokeh figure. Raises ValueError where the two differ in shape.

    >>> from microgd import data, nn
    >>> predictions(nn.MLP([1, 1], rng=0), data.line(20, rng=0)).title.text
    'prediction'
    """
    x, y = pair("predictions", data)
    some = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST)).astype(int))
    x, y = x[some], y[some].reshape(len(some), -1)
    along = np.linspace(x.min(), x.max(), POINTS, dtype=x.dtype)
    along = along.reshape(-1, *[1] * (x.ndim - 1))  # of a sequence, one step of one number
    single = x[0].size == y[0].size == 1
    with no_grad(), mode(model, training=False):
        found = np.asarray(model(x).data, float).reshape(len(x), -1)
        curve = np.asarray(model(along).data, float).ravel() if single else None
    if found.shape != y.shape:
        raise ValueError(
            f"predictions: the model gives {found.shape} for targets {y.shape}; give a network with"
            " as many outputs as the targets have columns"
        )
    names = ("x", "y") if single else ("true", "predicted")
    plot = blank("prediction" if single else "predicted against true", *names, **options)
    source = ColumnDataSource(
        {
            "x": x.ravel() if single else y.ravel(),
            "y": y.ravel() if single else found.ravel(),
            "true": y.ravel(),
            "predicted": found.ravel(),
        }
    )
    if curve is None:
        ends = [min(y.min(), found.min()), max(y.max(), found.max())]
        plot.line(ends, ends, color=FAINT, line_dash=(6, 4), legend_label="perfect")
    plot.scatter(
        "x", "y", source=source, size=6, alpha=0.6, color=BLUE, name="points",
        legend_label="data" if single else "rows",
    )  # fmt: skip
    if curve is not None:
        plot.line(along.ravel(), curve, color=VERMILLION, line_width=2.5, legend_label="model")
    hover(
        plot, [("true", "@true"), ("predicted", "@predicted")], exact=["true", "predicted"],
        renderers=plot.select(name="points"),
    )  # fmt: skip
    legend(plot)
    return plot
