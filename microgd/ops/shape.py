"""Operations that move elements without changing them: shapes, axes, joining, indexing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgd.op import Op, Pullback, as_array, example

__all__ = [
    "astype", "broadcast_to", "reshape", "transpose", "flip", "scatter", "getitem", "pad",
    "concatenate", "stack", "split", "take", "expand_dims", "squeeze", "moveaxis", "swapaxes",
]

SUMMED = Pullback("g", lambda g, out, x, **params: g)  # the engine sums over broadcast axes

astype = Op("astype", lambda x, dtype: np.array(x, dtype), SUMMED,
            doc="The same numbers in another dtype.", example="astype(2, float) -> 2.0")
broadcast_to = Op("broadcast_to", lambda x, shape: np.broadcast_to(x, shape), SUMMED,
                  doc="x repeated along new axes and axes of size 1.",
                  example="broadcast_to(1.0, (2,)) -> [1.0, 1.0]")
RESHAPED = Pullback("g.reshape(x.shape)", lambda g, out, x, **params: g.reshape(x.shape))
reshape = Op("reshape", lambda x, shape: np.reshape(x, shape), RESHAPED,
             doc="The same elements in another shape; -1 stands for what is left.",
             example="reshape([[1.0], [2.0]], (-1,)) -> [1.0, 2.0]")
expand_dims = Op("expand_dims", lambda x, axis: np.expand_dims(x, axis), RESHAPED,
                 doc="x with new axes of size 1.", example="expand_dims([1.0], 0) -> [[1.0]]")
squeeze = Op("squeeze", lambda x, axis=None: np.squeeze(x, axis), RESHAPED,
             doc="x without axes of size 1 (None: all).", example="squeeze([[1.0]]) -> 1.0")
transpose = Op("transpose", lambda x, axes=None: np.transpose(x, axes),
               Pullback("transpose(g, inverse(axes, x.ndim))",
                        lambda g, out, x, axes: np.transpose(g, _inverse(axes, x.ndim))),
               doc="The axes in another order (None: reversed).",
               example="transpose([[1.0, 2.0]]) -> [[1.0], [2.0]]")
moveaxis = Op("moveaxis", lambda x, source, destination: np.moveaxis(x, source, destination),
              Pullback("moveaxis(g, destination, source)", lambda g, out, x, source, destination:
                       np.moveaxis(g, destination, source)),
              doc="x with axes moved elsewhere.", example="moveaxis([[1.0]], 0, 1) -> [[1.0]]")
swapaxes = Op("swapaxes", lambda x, axis1, axis2: np.swapaxes(x, axis1, axis2),
              Pullback("swapaxes(g, axis1, axis2)", lambda g, out, x, axis1, axis2:
                       np.swapaxes(g, axis1, axis2)),
              doc="x with two axes exchanged.", example="swapaxes([[1, 2]], 0, 1) -> [[1], [2]]")
flip = Op("flip", lambda x, axis=None: np.flip(x, axis),
          Pullback("flip(g, axis)", lambda g, out, x, axis: np.flip(g, axis)),
          doc="The elements in reverse order along axes (None: all).",
          example="flip([1.0, 2.0]) -> [2.0, 1.0]")


def _inverse(axes: Sequence[int] | None, ndim: int) -> list[int] | None:
    return None if axes is None else np.argsort([a % ndim for a in axes]).tolist()


def _scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, x.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(p is None or p is ... or isinstance(p, int | slice) for p in parts):
        out[index] += x  # numbers and slices name each element once
    else:
        np.add.at(out, index, x)  # arrays of indices may name it again
    return out


scatter = Op("scatter", _scatter, Pullback("g[index]", lambda g, out, x, index, shape: g[index]),
             doc="Zeros of a shape with x added at an index, the mirror image of indexing.",
             example="scatter([1.0, 2.0], [0, 0], (2,)) -> [3.0, 0.0]")
getitem = Op("getitem", lambda x, index: x[index],
             Pullback("scatter(g, index, x.shape)", lambda g, out, x, index:
                      scatter(g, index=index, shape=x.shape)),
             doc="The elements at an index: numbers, slices, arrays of indices or booleans.",
             example="getitem([1.0, 2.0], 1) -> 2.0")


def _along(axis: int, ndim: int, part: Any) -> tuple[Any, ...]:
    """The index that takes `part` along an axis, and all of the others."""
    return (*(slice(None),) * range(ndim)[axis], part)


def _pad_inner(x: Any, pad_width: Any) -> tuple[slice, ...]:
    """Where in the padded array `x` stands."""
    before = np.broadcast_to(pad_width, (x.ndim, 2))[:, 0].tolist()
    return tuple(slice(b, b + n) for b, n in zip(before, x.shape, strict=True))


pad = Op("pad", lambda x, pad_width, constant_values=0.0:
         np.pad(x, pad_width, constant_values=constant_values),
         Pullback("g[inner(x, pad_width)]", lambda g, out, x, pad_width, constant_values:
                  g[_pad_inner(x, pad_width)]),
         doc="x with a margin of constants; pad_width is n, (before, after) or one pair an axis.",
         example="pad([1.0], (1, 0)) -> [0.0, 1.0]")


def _part(g: Any, arrays: tuple[Any, ...], axis: int, index: int, kept: Any = None) -> Any:
    """The part of `g` that belongs to input `index` of a concatenation; `kept` are their ends."""
    end = sum(a.shape[axis] for a in arrays[: index + 1]) if kept is None else kept[index]
    return g[_along(axis, g.ndim, slice(end - arrays[index].shape[axis], end))]


_joined = Op("concatenate", lambda *arrays, axis: (np.concatenate(arrays, axis=axis),
                                                   np.cumsum([a.shape[axis] for a in arrays])),
             Pullback("part(g, arrays, axis, index)", lambda g, out, *arrays, axis, index, kept:
                      _part(g, arrays, axis, index, kept)), variadic=True, keeps=True)


@example("concatenate([[1.0], [2.0]]) -> [1.0, 2.0]")
def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Arrays joined along an existing axis (None: all flattened first)."""
    if axis is None:
        arrays, axis = [reshape(a, (-1,)) for a in arrays], 0
    return _joined(*arrays, axis=axis)


@example("stack([[1.0], [2.0]]) -> [[1.0], [2.0]]")
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis."""
    return concatenate([expand_dims(a, axis) for a in arrays], axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """x cut along an axis into equal sections, or at the given indices.

    >>> [part.tolist() for part in split([1.0, 2.0], 2)]
    [[1.0], [2.0]]
    """
    x = as_array(x)
    places = np.split(np.arange(x.shape[axis]), indices_or_sections)
    cuts = [slice(p[0], p[-1] + 1) if len(p) else slice(0) for p in places]
    return [x[_along(axis, x.ndim, cut)] for cut in cuts]


@example("take([1.0, 2.0], [1, 1]) -> [2.0, 2.0]")
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at `indices` along an axis (None: of the flattened array)."""
    x = reshape(x, (-1,)) if axis is None else as_array(x)
    return x[_along(axis or 0, x.ndim, np.asarray(indices))]
