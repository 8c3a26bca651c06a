"""A straight line with noise on it: the data of straight-line regression."""

import numpy as np
from numpy.typing import DTypeLike

from microgd.data._check import Rng, deviation, floating, generator, real, whole
from microgd.data.dataset import Dataset


def line(
    n: int = 100,
    *,
    slope: float = 2.0,
    intercept: float = -1.0,
    noise: float = 0.1,
    rng: Rng = 0,
    dtype: DTypeLike = np.float64,
) -> Dataset:
    """Points about a straight line.

    y = slope * x + intercept + noise * z, with x uniform on [-1, 1) and z standard normal.

    Shapes: x (n, 1) and y (n, 1), both of `dtype`: y is a column, as a layer's output is, so that
    `prediction - y` does not broadcast to (n, n). `rng` is a seed or a generator. Raises ValueError
    or TypeError when n is less than 2, slope or intercept not finite, noise negative, or dtype not
    floating.

    >>> x, y = line(50, slope=3.0, intercept=1.0, noise=0.0)
    >>> bool(np.allclose(y, 3 * x + 1))
    True
    """
    n = whole("line", "n", n, 2, "give at least 2, for one point fixes no line")
    slope = real("line", "slope", slope, "give a finite slope")
    intercept = real("line", "intercept", intercept, "give a finite intercept")
    noise = deviation("line", noise)
    precision = floating("line", dtype)
    gen = generator("line", rng)
    x = gen.uniform(-1, 1, (n, 1))
    y = slope * x + intercept + noise * gen.standard_normal((n, 1))
    return Dataset(
        x.astype(precision),
        y.astype(precision),
        name="line",
        features=("x",),
        description=f"y = {slope:g} * x + {intercept:g}, noise of standard deviation {noise:g}",
    )
