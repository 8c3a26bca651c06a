"""Norms of gradients, right for vanishing and exploding ones."""

import math
from functools import cache
from typing import Any

import numpy as np

from microgd.graph import Array


def norm(gradient: Array | None) -> float:
    """The Euclidean norm, sqrt(sum(g**2)); NaN without a gradient.

    Right also where the squares leave the range of the dtype, as those of a vanishing float32
    gradient do: then the largest element is divided out first.

    >>> round(norm(np.array([3e-30, 4e-30], np.float32)) / 1e-30, 6)
    5.0
    """
    if gradient is None:
        return math.nan
    square = float(np.vdot(gradient, gradient))
    if _least(gradient.dtype) < square < math.inf:
        return math.sqrt(square)
    largest = float(np.abs(gradient).max(initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.square(gradient.astype(np.float64) / largest).sum()))


@cache
def _least(dtype: np.dtype[Any]) -> float:
    """Above it, no square that counts was rounded to nothing."""
    limits = np.finfo(dtype)
    return float(limits.tiny) / float(limits.eps)
