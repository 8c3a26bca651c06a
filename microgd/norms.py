"""Norms of gradients, right for vanishing and exploding ones."""

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from microgd.graph import Array


def norm(gradient: Array | None, p: float = 2.0) -> float:
    """The norm of order `p` of all elements; NaN without a gradient.

        sum(abs(g)**p)**(1/p)      p > 0: 2 is Euclid's, 1 sums the sizes
        max(abs(g))                p = inf

    Right also where the powers leave the range of the dtype, as the squares of a vanishing float32
    gradient do: then the largest element is divided out first.

    >>> round(norm(np.array([3e-30, 4e-30], np.float32)) / 1e-30, 6)
    5.0
    >>> norm(np.array([3.0, -4.0]), 1.0), norm(np.array([3.0, -4.0]), math.inf)
    (7.0, 4.0)
    """
    if gradient is None:
        return math.nan
    if p == 2.0:
        square = float(np.vdot(gradient, gradient))
        if _least(gradient.dtype) < square < math.inf:
            return math.sqrt(square)
    largest = float(np.abs(gradient).max(initial=0.0))
    if largest == 0.0 or not math.isfinite(largest) or p == math.inf:
        return largest
    shares = np.abs(gradient.astype(np.float64) / largest)
    return largest * float((shares**p).sum() ** (1 / p))


def total(gradients: Iterable[Array | None], p: float = 2.0) -> float:
    """The norm of order `p` of all gradients together, as of one long vector; 0 without any.

    >>> total([np.array([3.0]), None, np.array([[4.0]])])
    5.0
    """
    return norm(np.array([norm(g, p) for g in gradients if g is not None], np.float64), p)


@cache
def _least(dtype: np.dtype[Any]) -> float:
    """Above it, no square that counts was rounded to nothing."""
    limits = np.finfo(dtype)
    return float(limits.tiny) / float(limits.eps)
