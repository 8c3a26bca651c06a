"""Losses."""

from typing import Any

import numpy as np

from microgd.ops import softmax

__all__ = ["cross_entropy"]


def cross_entropy(logits: Any, target: Any, reduction: str = "mean") -> Any:
    return softmax.cross_entropy(logits, target=np.asarray(target), reduction=reduction)
