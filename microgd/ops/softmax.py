"""Softmax and its relatives; all subtract the largest element first, so nothing overflows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.op import Op, Pullback
from microgd.ops.reduction import Axis, expand

__all__ = [
    "softmax", "log_softmax", "logsumexp", "cross_entropy",
]


def _softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


def _log_softmax(x: Any, axis: int = -1) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


softmax = Op("softmax", _softmax,
             Pullback("out * (g - (g * out).sum(axis, keepdims=True))",
                      lambda g, out, x, axis:
                      out * (g - (g * out).sum(axis=axis, keepdims=True))),
             doc="Positive numbers that sum to 1 along an axis, e**x / sum(e**x).",
             example="softmax([0.0, 0.0]) -> [0.5, 0.5]")
log_softmax = Op("log_softmax", _log_softmax,
                 Pullback("g - exp(out) * g.sum(axis, keepdims=True)",
                          lambda g, out, x, axis:
                          g - np.exp(out) * g.sum(axis=axis, keepdims=True)),
                 doc="log(softmax(x)), x - logsumexp(x).",
                 example="log_softmax([1000.0, 0.0]) -> [0.0, -1000.0]")
logsumexp = Op("logsumexp", _logsumexp,
               Pullback("expand(g, x, axis) * exp(x - expand(out, x, axis))",
                        lambda g, out, x, axis, keepdims:
                        expand(g, x, axis) * np.exp(x - expand(out, x, axis))),
               doc="log(sum(e**x)) along axes, the smooth maximum.",
               example="logsumexp([1000.0, -1000.0]) -> 1000.0")


def one_hot(target: Any, x: Any) -> Any:
    """Rows of zeros with a one at the class, of the shape and dtype of `x`."""
    rows = np.zeros(x.shape, x.dtype)
    rows[np.arange(len(target)), target] = 1
    return rows


def _cross_entropy(x: Any, target: Any, reduction: str = "mean") -> Any:
    # Where the labels stand in the flat array; NumPy refuses what is out of range
    cells = np.ravel_multi_index((np.arange(len(target)), target), x.shape)
    shifted = np.subtract(x, np.maximum.reduce(x, axis=1, keepdims=True), order="C")
    e = np.exp(shifted)
    total = np.add.reduce(e, axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - shifted.reshape(-1)[cells]
    difference = e / total
    difference.reshape(-1)[cells] -= 1
    if reduction == "none":
        return losses, difference
    loss = np.add.reduce(losses)
    return (loss / len(target) if reduction == "mean" else loss), difference


def _cross_entropy_x(
    g: Any, out: Any, x: Any, target: Any, reduction: str, kept: Any
) -> Any:
    """Rows of softmax(x) minus a one at the class; `kept` are these, found on the way."""
    difference = softmax(x) - one_hot(target, x) if kept is None else kept
    if reduction == "none":
        return g[:, None] * difference
    return difference * (g / len(target) if reduction == "mean" else g)


cross_entropy = Op("cross_entropy", _cross_entropy,
                   Pullback("g * (softmax(x) - one_hot(target, x)) / len(target)",
                            _cross_entropy_x), keeps=True,
                   doc="-log(softmax(x)[target]) for rows x of scores and their classes; the mean"
                       " (or 'sum', or 'none': one a row).")
