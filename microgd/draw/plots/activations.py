"""What comes out of every module: a histogram each, one over the other."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker

from microgd.draw.plots.theme import BLUE, VERMILLION, blank, hover, named
from microgd.explain.calls import pieces
from microgd.explain.untouched import untouched
from microgd.graph import Array
from microgd.nn.module import Module
from microgd.tensor import Tensor

BINS = 60
OVERLAP = 0.9  # height of the highest bar, in rows


def activations(model: Module, x: Any, *, only: str = "", bins: int = BINS, **options: Any) -> Any:
    """The distribution of every module's output on the batch `x`, the first module at the bottom.

    only     show the modules whose class has this name, as ``"Tanh"``; all without it
    bins     of each histogram, of equal width; what lies very far out counts in the outermost
    options  of the Bokeh figure

    Modules with parameters are blue, others orange. Each histogram has its own height. Changes
    nothing. Returns a Bokeh figure. Raises ValueError if no module is left.

    >>> from microgd import nn
    >>> model = nn.MLP([2, 8, 8, 2], activation="tanh", rng=0)
    >>> sorted(activations(model, [[1.0, -1.0]], only="Tanh").yaxis.major_label_overrides.values())
    ['layers.1', 'layers.3']
    """
    modules = dict(model.named_modules())
    with untouched(model):
        outputs = model(Tensor(x, requires_grad=False))
        found = [(piece.name, piece.nodes[-1].value.ravel()) for piece in pieces(model, outputs)]
    owners = {name: modules.get(name.partition("[")[0]) for name, _ in found}
    found = [(n, v) for n, v in found if not only or type(owners[n]).__name__ == only]
    if not found:
        raise ValueError(f"activations: no module of class {only!r} in {type(model).__name__}")
    names = named(name for name, _ in found)
    everything = np.concatenate([values[np.isfinite(values)] for _, values in found])
    edges = _edges(everything, bins)
    look: dict[str, Any] = {"height": 120 + 46 * len(found)} | options
    plot = blank("outputs of the modules", "value", "", **look)
    for i, (name, values) in enumerate(found):
        share = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / max(values.size, 1)
        source = ColumnDataSource(
            {
                "left": edges[:-1],
                "right": edges[1:],
                "bottom": np.full(bins, i),
                "top": i + OVERLAP * share / max(share.max(), 1e-12),
                "share": 100 * share,
                "name": [name] * bins,
                "mean": [float(values.mean())] * bins,
                "std": [float(values.std())] * bins,
            }
        )
        owner = owners[name]
        own = owner is not None and bool(owner.parameters())
        plot.quad(
            left="left", right="right", bottom="bottom", top="top", source=source,
            color=BLUE if own else VERMILLION, alpha=0.85, line_color=None,
        )  # fmt: skip
    plot.yaxis.ticker = FixedTicker(ticks=list(range(len(found))))
    plot.yaxis.major_label_overrides = dict(enumerate(names))
    plot.y_range.update(start=-0.05, end=len(found))
    rows = [
        ("module", "@name"), ("from", "@left"), ("to", "@right"), ("% of the outputs", "@share"),
        ("mean", "@mean"), ("standard deviation", "@std"),
    ]  # fmt: skip
    hover(plot, rows, exact=["left", "right", "share", "mean", "std"])
    return plot


def _edges(values: Array, bins: int) -> Array:
    """Of the bins: over all values, but no further out than half the width of nearly all."""
    if not values.size:
        return np.linspace(0, 1, bins + 1)
    low, high = np.quantile(values, [0.001, 0.999])
    room = (high - low) / 2
    low, high = max(low - room, values.min()), min(high + room, values.max())
    return np.linspace(low, high if high > low else low + 1, bins + 1)
