"""Softmax and its relatives; all subtract the largest element first, so nothing overflows."""

from typing import Any

import numpy as np

from microgd.op import Op, Pullback
from microgd.ops.reduction import Axis, expand

__all__ = ["softmax", "log_softmax", "logsumexp"]


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
             Pullback("out * (g - (g * out).sum(axis, keepdims=True))", lambda g, out, x, axis:
                      out * (g - (g * out).sum(axis=axis, keepdims=True))),
             doc="Positive numbers that sum to 1 along an axis, e**x / sum(e**x).",
             example="softmax([0.0, 0.0]) -> [0.5, 0.5]")
log_softmax = Op("log_softmax", _log_softmax,
                 Pullback("g - exp(out) * g.sum(axis, keepdims=True)", lambda g, out, x, axis:
                          g - np.exp(out) * g.sum(axis=axis, keepdims=True)),
                 doc="log(softmax(x)), x - logsumexp(x).",
                 example="log_softmax([1000.0, 0.0]) -> [0.0, -1000.0]")
logsumexp = Op("logsumexp", _logsumexp,
               Pullback("expand(g, x, axis) * exp(x - expand(out, x, axis))",
                        lambda g, out, x, axis, keepdims:
                        expand(g, x, axis) * np.exp(x - expand(out, x, axis))),
               doc="log(sum(e**x)) along axes, the smooth maximum.",
               example="logsumexp([1000.0, -1000.0]) -> 1000.0")
