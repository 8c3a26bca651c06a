"""The surface of straight-line regression: the loss over slope and intercept, on real points."""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.data import Dataset, batches
from microgd.descent.surface import Function, Surface
from microgd.graph import Array
from microgd.ops.reduction import mean


def regression(data: Dataset) -> Surface:
    """The mean squared error of ``y = slope * x + intercept`` on points with one feature.

        f(slope, intercept) = mean((slope * x + intercept - y)**2)

    Its minimum is the closed-form solution of least squares, its curvature the same everywhere.

    Raises ValueError for data with more than one feature or target.

    >>> from microgd.data import line
    >>> surface = regression(line(50, slope=2.0, intercept=-1.0, noise=0.0))
    >>> [round(number, 6) for number in surface.minima[0]]
    [2.0, -1.0]
    """
    x, y = (np.asarray(part, dtype=float) for part in (data.x, data.y))
    if x.size != len(x) or y.size != len(y):
        raise ValueError(
            f"regression: x has shape {x.shape} and y {y.shape}; give one feature and one target"
        )
    x, y = x.ravel(), y.ravel()
    (slope, intercept), *_ = np.linalg.lstsq(np.stack([x, np.ones_like(x)], 1), y)
    reach = 2.0 * max(1.0, float(np.std(y) / (np.std(x) or 1.0)))
    return Surface(
        name="line",
        f=_error(x, y),
        formula="mean((slope*x + intercept - y)**2)",
        about="A straight line is fitted to points: each place is a line, its height the error.",
        box=(slope - 1.25 * reach, slope + 1.25 * reach, intercept - reach, intercept + reach),
        start=(float(slope - reach), float(intercept + 0.7 * reach)),
        lr=0.25 / float(np.mean(x**2) + 1),
        stride=0.03 * reach,
        minima=((float(slope), float(intercept)),),
        axes=("slope", "intercept"),
        source="Legendre 1805; Gauss 1809",
    )


def on_batches(data: Dataset, size: int | None, rng: int = 0) -> Callable[[int], Function]:
    """The error on one batch after another, as `race` takes it: ``sample=on_batches(data, 10)``.

    Batches come from `microgd.data.batches`: a new order of the points in every epoch.
    """
    loader = batches(data, size=size, rng=rng)
    following = (batch for _ in iter(int, 1) for batch in loader)

    def sample(step: int) -> Function:  # noqa: ARG001 (the batches come in their own order)
        x, y = next(following)
        return _error(x.ravel(), y.ravel())

    return sample


def _error(x: Array, y: Array) -> Function:
    def error(slope: Any, intercept: Any) -> Any:
        return mean((slope[..., None] * x + intercept[..., None] - y) ** 2, axis=-1)

    return error
