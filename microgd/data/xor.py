"""The exclusive or: the smallest task that a single neuron cannot learn."""

import numpy as np
from numpy.typing import DTypeLike

from microgd.data._check import Rng, deviation, floating, generator, whole
from microgd.data.dataset import Dataset


def xor(n: int = 4, *, noise: float = 0.0, rng: Rng = 0, dtype: DTypeLike = np.float64) -> Dataset:
    """The exclusive or of two bits, as a truth table or as four clouds about its corners.

    y = x1 xor x2. By default the truth table itself, in its usual order; a larger n goes through
    its four rows again and again, and `noise` spreads them into clouds.

    Shapes: x (n, 2) of `dtype`, y (n,) int64. `noise` is the standard deviation of the Gaussian
    added to each coordinate; `rng` a seed or a generator. Raises ValueError or TypeError when n is
    less than 4, noise negative, or dtype not floating. Source: Minsky and Papert (1969),
    Perceptrons, MIT Press.

    >>> x, y = xor()
    >>> x.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    n = whole("xor", "n", n, 4, "give at least 4, the rows of the truth table")
    noise, precision = deviation("xor", noise), floating("xor", dtype)
    gen = generator("xor", rng)
    row = np.arange(n, dtype=np.int64) % 4
    x1, x2 = row // 2, row % 2
    x = np.stack([x1, x2], axis=1) + noise * gen.standard_normal((n, 2))
    return Dataset(
        x.astype(precision),
        x1 ^ x2,
        name="xor",
        features=("x1", "x2"),
        classes=("equal", "different"),
    )
