"""The functions that are composed of operations, beside NumPy's of the same name."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from op_rows import AXES, Row, each, reduced

import microgd as mg


@dataclass(frozen=True)
class Call:
    """`ours` on Tensors is to be `theirs` on arrays of these shapes."""

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]

    def inputs(self) -> list[np.ndarray]:
        return Row(self.theirs, self.shapes).inputs()


def same(name: str, shape: tuple[int, ...], *args: Any, **params: Any) -> Call:
    """A call that NumPy and microgd spell alike, of one array."""
    ours, theirs = getattr(mg, name), getattr(np, name, None) or getattr(np.linalg, name)
    return Call(lambda x: ours(x, *args, **params), lambda x: theirs(x, *args, **params), (shape,))


def several(name: str, *shapes: tuple[int, ...], **params: Any) -> Call:
    """As `same`, of a list of arrays."""
    ours, theirs = getattr(mg, name), getattr(np, name)
    return Call(lambda *xs: ours(xs, **params), lambda *xs: theirs(xs, **params), shapes)


def gelu_tanh(x: float) -> float:
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def norms() -> Iterator[Call]:
    for params in AXES:
        yield Call(
            lambda x, params=params: mg.norm(x, **params),
            lambda x, params=params: reduced(lambda row: math.hypot(*row))(x, **params),
            ((2, 3, 2),),
        )
    for order in (None, 1, 2, math.inf):
        yield same("norm", (4,), ord=order)
        for axis, keepdims in itertools.product((0, -1), (False, True)):
            yield same("norm", (2, 3), ord=order, axis=axis, keepdims=keepdims)


def einsum(subscripts: str, *shapes: tuple[int, ...]) -> Call:
    return Call(
        lambda *xs: mg.einsum(subscripts, *xs), lambda *xs: np.einsum(subscripts, *xs), shapes
    )


def pieces(shape: tuple[int, ...], cut: Any, axis: int = 0) -> Iterator[Call]:
    """Every piece of a split, as a call of its own."""
    for i in range(len(np.split(np.empty(shape), cut, axis))):
        yield Call(
            lambda x, i=i: mg.split(x, cut, axis)[i],
            lambda x, i=i: np.split(x, cut, axis)[i],
            (shape,),
        )


VECTORS_AND_MATRICES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 1, 3), (2, 3, 2)),
]  # fmt: skip

DDOF = [{"ddof": 1}, {"axis": 1, "ddof": 1}, {"axis": (0, -1), "ddof": 2, "keepdims": True}]

COMPOSITES: dict[str, list[Call]] = {
    "var": [same("var", (2, 3, 2), **params) for params in AXES + DDOF],
    "std": [same("std", (2, 3, 2), **params) for params in AXES + DDOF],
    "norm": list(norms()),
    "gelu": [
        Call(lambda x: mg.gelu(x, approximate="tanh"), each(gelu_tanh), (shape,))
        for shape in [(2, 3), (), (0,), (2, 1, 2, 2)]
    ] + [
        Call(mg.gelu, each(lambda x: x / 2 * math.erfc(-x / math.sqrt(2))), (shape,))
        for shape in [(2, 3), ()]
    ],
    "einsum": [
        einsum("ij,jk->ik", (2, 3), (3, 2)),
        einsum("ij,jk", (2, 3), (3, 2)),  # the result is implicit: the letters that stand once
        einsum("ba", (2, 3)),  # in alphabetical order, so this transposes
        einsum("ii", (3, 3)),
        einsum("ii->i", (3, 3)),
        einsum("i i -> i", (3, 3)),
        einsum("iij", (2, 2, 3)),
        einsum("iii->i", (2, 2, 2)),
        einsum("ij->", (2, 3)),
        einsum("ij->j", (2, 3)),
        einsum("i,j", (2,), (3,)),
        einsum("i,j->i", (2,), (3,)),
        einsum("i,i,i->i", (3,), (3,), (3,)),
        einsum(",->", (), ()),
        einsum(",ij", (), (2, 3)),
        einsum("...", (2, 3)),
        einsum("...i->i...", (2, 1, 3)),
        einsum("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
        einsum("...ij,...jk", (2, 3), (2, 3, 2)),
        einsum("i...,i...->...", (2, 3), (2, 1, 3)),
        einsum("...ij->...", (2, 2, 3)),
        einsum("i...i->...", (2, 3, 2)),
        einsum("...,...", (2, 1), (3,)),
        einsum("ij,ij->ij", (1, 3), (2, 3)),
        einsum("ij,jk->ik", (2, 1), (3, 2)),
        einsum("ij,ij,i->j", (2, 3), (2, 1), (1,)),
    ],
    "dot": [
        Call(mg.dot, np.dot, shapes) for shapes in [*VECTORS_AND_MATRICES, ((), (2, 3)), ((3,), ())]
    ],
    "outer": [
        Call(mg.outer, np.outer, shapes) for shapes in [((2,), (3,)), ((2, 2), (3,)), ((), (2,))]
    ],
    "concatenate": [
        several("concatenate", (2, 3), (1, 3)),
        several("concatenate", (2, 3), (2, 2), (2, 1), axis=-1),
        several("concatenate", (2, 3), (2,), axis=None),
        several("concatenate", (0, 3), (2, 3)),
    ],
    "stack": [several("stack", (2, 3), (2, 3), axis=axis) for axis in (0, 1, 2, -1, -3)]
    + [several("stack", (), (), ()), several("stack", (2, 0), (2, 0), axis=1)],
    "split": [
        *pieces((4, 2), 2), *pieces((2, 6), 3, axis=-1), *pieces((5,), [1, 3]),
        *pieces((2, 4), [0, 2, 2], axis=1), *pieces((2, 2, 4), 4, axis=2),
    ],
    "take": [
        same("take", (2, 3), indices, axis=axis)
        for indices, axis in [
            ([0, 0, 1], 0), ([2, 0, 2], 1), (1, -1), (-1, 0), ([[0, 1], [1, 1]], -1),
            ([5, 0, 5], None), (4, None), (np.array([], int), 0),
        ]
    ],
    "absolute": [same("absolute", (2, 3))],
}  # fmt: skip
