"""Operations that combine elements along axes: sums, extremes, norms.

`axis` is None (all), a number or a tuple; `keepdims` leaves reduced axes with size 1; as in NumPy.
"""

import math
from typing import Any

import numpy as np

from microgd.op import Op, Pullback, Recorder, as_array, example
from microgd.ops.elementwise import absolute, square

__all__ = ["sum", "mean", "max", "min", "prod", "cumsum", "var", "std", "norm"]

Axis = int | tuple[int, ...] | None


def _axes(ndim: int, axis: Axis) -> tuple[int, ...]:
    """The reduced axes, counted from 0."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def expand(g: Any, x: Any, axis: Axis) -> Any:
    """`g` with the reduced axes of `x` put back as axes of size 1."""
    axes = _axes(x.ndim, axis)
    return g.reshape(tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def count(x: Any, axis: Axis, ddof: int = 0) -> int:
    """How many elements go into one element of the reduction, less `ddof`, but not below 0."""
    n: int = math.prod(x.shape[a] for a in _axes(x.ndim, axis)) - ddof
    return n * (n > 0)


def share(x: Any, out: Any, axis: Axis) -> Any:
    """1 at an extreme, equal parts of 1 where several tie, else 0."""
    hit = x == expand(out, x, axis)
    return (hit / hit.sum(axis=axis, keepdims=True)).astype(x.dtype)


EXTREME = Pullback("expand(g, x, axis) * share(x, out, axis)", lambda g, out, x, axis, keepdims:
                   expand(g, x, axis) * share(x, out, axis))

sum = Op("sum", lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
         Pullback("broadcast_to(expand(g, x, axis), x.shape)", lambda g, out, x, axis, keepdims:
                  np.broadcast_to(expand(g, x, axis), x.shape)),
         doc="The sum along axes.", example="sum([1.0, 2.0]) -> 3.0")
mean = Op("mean", lambda x, axis=None, keepdims=False: np.mean(x, axis=axis, keepdims=keepdims),
          Pullback("broadcast_to(expand(g, x, axis), x.shape) / count(x, axis)",
                   lambda g, out, x, axis, keepdims:
                   np.broadcast_to(expand(g, x, axis) / count(x, axis), x.shape)),
          doc="The mean along axes.", example="mean([1.0, 2.0]) -> 1.5")
max = Op("max", lambda x, axis=None, keepdims=False: np.max(x, axis=axis, keepdims=keepdims),
         EXTREME, doc="The largest element along axes.", example="max([1.0, 2.0]) -> 2.0")
min = Op("min", lambda x, axis=None, keepdims=False: np.min(x, axis=axis, keepdims=keepdims),
         EXTREME, doc="The smallest element along axes.", example="min([1.0, 2.0]) -> 1.0")


def others(x: Any, out: Any, axis: Axis) -> Any:
    """For each element the product of all the others along `axis`."""
    exact = not isinstance(x, Recorder) and np.all(out != 0) and np.isfinite(out).all()
    if exact or not x.size:  # x may be so small that it is lost when this is differentiated
        return expand(out, x, axis) / x
    axes = _axes(x.ndim, axis)
    order = [a for a in range(x.ndim) if a not in axes] + list(axes)
    moved, n = x.transpose(order), count(x, axis)
    rows = moved.reshape((x.size // n, 1, n))  # each row n times over, with a 1 for one element
    products = np.prod(np.where(np.eye(n, dtype=bool), 1, rows), axis=2)
    return products.reshape(moved.shape).transpose(np.argsort(order).tolist())


prod = Op("prod", lambda x, axis=None, keepdims=False: np.prod(x, axis=axis, keepdims=keepdims),
          Pullback("expand(g, x, axis) * others(x, out, axis)", lambda g, out, x, axis, keepdims:
                   expand(g, x, axis) * others(x, out, axis)),
          doc="The product along axes.", example="prod([2.0, 3.0]) -> 6.0")


def _cumsum_x(g: Any, out: Any, x: Any, axis: int | None) -> Any:
    axis = axis or 0  # without an axis, out and g have only one
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis).reshape(x.shape)


cumsum = Op("cumsum", lambda x, axis=None: np.cumsum(x, axis=axis),
            Pullback("flip(cumsum(flip(g, axis), axis), axis).reshape(x.shape)", _cumsum_x),
            doc="The running sum along an axis (None: of all).",
            example="cumsum([1.0, 2.0]) -> [1.0, 3.0]")


@example("var([1.0, 3.0]) -> 1.0")
def var(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The variance along axes, sum((x - mean)**2) / (n - ddof)."""
    x = as_array(x)
    return sum(square(x - mean(x, axis, True)), axis, keepdims) / count(x, axis, ddof)


@example("std([1.0, 3.0]) -> 1.0")
def std(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation along axes, sqrt(var(x)); its derivative is 0 where it is 0."""
    x = as_array(x)
    return _norm(x - mean(x, axis, True), axis, keepdims) / count(x, axis, ddof) ** 0.5


_norm = Op("norm", lambda x, axis=None, keepdims=False:
           np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
           Pullback("expand(g / out, x, axis) * x", lambda g, out, x, axis, keepdims:
                    expand(g / np.where(out == 0, 1, out), x, axis) * x))


@example("norm([3.0, 4.0]) -> 5.0")
def norm(x: Any, ord: float | None = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """The length sqrt(sum(x**2)), or the sum (ord=1) or the maximum (ord=inf) of |x|.

    Raises ValueError for other orders, and for an order of a whole matrix (give one axis).
    """
    x = as_array(x)
    if ord is not None and len(_axes(x.ndim, axis)) > 1:
        raise ValueError(f"norm: ord={ord!r} of {x.shape} along axis={axis}; give a single axis")
    if ord is None or ord == 2:
        return _norm(x, axis, keepdims)
    if ord in {1, math.inf}:
        return (sum if ord == 1 else max)(absolute(x), axis, keepdims)
    raise ValueError(f"norm: ord={ord!r} is not supported; write 1, 2 or inf")
