"""What operations are tested on: calls in their smooth domain, and the values by other means."""

import itertools
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd import ops
from microgd.nn import functional

TABLE = {**ops.TABLE, **functional.TABLE}

# No domain starts or ends at a round number, so that no sample falls on a kink at 0 or 1
ANY = (-1.93, 2.117)
POSITIVE = (0.31, 2.23)
INSIDE = (-0.91, 0.87)


@dataclass(frozen=True)
class Row:
    """A call: inputs of these shapes, drawn from the domain of each, or given as `fixed`.

    expect   the value, by arithmetic that is not the operation's own
    formula  whether the derivatives' texts speak of this call (`g @ y.T` is about two matrices)
    """

    expect: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    params: dict[str, Any] = field(default_factory=dict)
    domains: tuple[tuple[float, float], ...] = (ANY,)
    fixed: dict[int, np.ndarray] = field(default_factory=dict)
    formula: bool = True

    def inputs(self, *shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
        """Arrays among whose numbers no two are equal; of other shapes if these are given."""
        shapes = shapes or self.shapes
        sizes = [math.prod(shape) for shape in shapes]
        places = np.random.default_rng(seed).permutation(sum(sizes)) + 0.5
        parts = np.split(places / max(sum(sizes), 1), np.cumsum(sizes)[:-1])
        domains = self.domains * (len(shapes) if len(self.domains) == 1 else 1)
        arrays = [
            (low + (high - low) * part).reshape(shape)
            for part, shape, (low, high) in zip(parts, shapes, domains, strict=True)
        ]
        for i, array in self.fixed.items():
            arrays[i] = np.resize(array, shapes[i])
        return arrays

    def variables(self) -> list[int]:
        """The inputs that are to be differentiated."""
        return [i for i in range(len(self.shapes)) if i not in self.fixed]


def each(function: Callable[..., float]) -> Callable[..., np.ndarray]:
    """A function of numbers, on arrays, one element at a time."""
    return np.vectorize(function, otypes=[float])


def unary(function: Callable[..., float], domain: tuple[float, float] = ANY, **params: Any) -> Row:
    return Row(each(function), ((2, 3),), params, (domain,))


def binary(function: Callable[..., float], *domains: tuple[float, float]) -> list[Row]:
    shapes = [((2, 3), (2, 3)), ((2, 3), (3,))]
    return [Row(each(function), both, domains=domains or (ANY,)) for both in shapes]


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def held(x: float, **bounds: float | None) -> float:
    low, high = (-math.inf if bounds["min"] is None else bounds["min"], bounds["max"])
    return statistics.median([low, x, math.inf if high is None else high])


CONDITION = np.array([True, False, True, True, False, False])

ELEMENTWISE = {
    "identity": [unary(lambda x: x)],
    "negative": [unary(lambda x: -x)],
    "add": binary(lambda x, y: x + y),
    "subtract": binary(lambda x, y: x - y),
    "multiply": binary(lambda x, y: x * y),
    "divide": binary(lambda x, y: x / y, ANY, POSITIVE),
    "power": binary(lambda x, y: x**y, POSITIVE, ANY),
    "square": [unary(lambda x: x * x)],
    "sqrt": [unary(math.sqrt, POSITIVE)],
    "abs": [unary(abs)],
    "sign": [unary(lambda x: math.copysign(1, x))],
    "exp": [unary(math.exp)],
    "expm1": [unary(math.expm1)],
    "log": [unary(math.log, POSITIVE)],
    "log1p": [unary(math.log1p, INSIDE)],
    "sin": [unary(math.sin)],
    "cos": [unary(math.cos)],
    "arctan": [unary(math.atan)],
    "sinh": [unary(math.sinh)],
    "cosh": [unary(math.cosh)],
    "tanh": [unary(math.tanh)],
    "maximum": binary(max),
    "minimum": binary(min),
    "where": [
        Row(each(lambda c, x, y: x if c else y), ((2, 3),) * 3, fixed={0: CONDITION}),
        Row(each(lambda c, x, y: x if c else y), ((2, 3), (3,), (2, 1)), fixed={0: CONDITION}),
        Row(each(lambda c, x, y: x), ((2, 3),) * 3, domains=(POSITIVE,)),
    ],
    "clip": [
        unary(held),
        unary(held, min=-1.01, max=0.52),
        unary(held, max=0.52),
        unary(held, min=-1.01),
    ],
    "sigmoid": [unary(logistic)],
    "relu": [unary(lambda x: max(x, 0))],
    "leaky_relu": [
        unary(lambda x, negative_slope: x if x > 0 else x / 100),
        unary(lambda x, negative_slope: x if x > 0 else x / 5, negative_slope=0.2),
    ],
    "elu": [
        unary(lambda x, alpha: x if x > 0 else math.exp(x) - 1),
        unary(lambda x, alpha: x if x > 0 else 0.5 * math.exp(x) - 0.5, alpha=0.5),
    ],
    "softplus": [unary(lambda x: math.log(1 + math.exp(x)))],
    "silu": [unary(lambda x: x * logistic(x))],
    "erf": [unary(math.erf)],
    "gelu": [unary(lambda x: x * statistics.NormalDist().cdf(x))],
}


def reduced(function: Callable[[list[float]], float]) -> Callable[..., np.ndarray]:
    """A function of a list, along axes of an array."""

    def reference(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> np.ndarray:
        axes = range(x.ndim) if axis is None else np.atleast_1d(np.array(axis, int)) % x.ndim
        kept = [a for a in range(x.ndim) if a not in axes]
        moved = x.transpose(*kept, *axes)
        rows = moved.reshape(math.prod(moved.shape[: len(kept)]), -1)
        sizes = [1 if a in axes else n for a, n in enumerate(x.shape) if keepdims or a in kept]
        return np.array([function(row) for row in rows.tolist()]).reshape(sizes)

    return reference


def along(function: Callable[[list[float]], list[float]]) -> Callable[..., np.ndarray]:
    """A function that makes a list of a list, along one axis of an array."""
    return lambda x, axis: np.apply_along_axis(lambda row: function(row.tolist()), axis, x)


AXES = [
    {},
    {"axis": 0},
    {"axis": -1, "keepdims": True},
    {"axis": (0, -1)},
    {"axis": (-2, 0), "keepdims": True},
    {"keepdims": True},
    {"axis": (-1,)},
]


def reduction(function: Callable[[list[float]], float]) -> list[Row]:
    return [Row(reduced(function), ((2, 3, 2),), params) for params in AXES]


def softmax(row: list[float]) -> list[float]:
    return [math.exp(x) / sum(map(math.exp, row)) for x in row]


def nll(x: np.ndarray, target: list[int], reduction: str) -> Any:
    losses = [-math.log(softmax(row)[i]) for row, i in zip(x.tolist(), target, strict=True)]
    return {"none": losses, "sum": sum(losses), "mean": sum(losses) / len(losses)}[reduction]


def normalised(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, axis: int, eps: float) -> Any:
    def standard(row: list[float]) -> list[float]:
        mean, variance = statistics.fmean(row), statistics.pvariance(row)
        return [(x - mean) / math.sqrt(variance + eps) for x in row]

    return along(standard)(x, axis=axis) * weight + bias


LABELS = np.array([2, 0, 2, 1])

REDUCTION = {
    "sum": reduction(math.fsum),
    "mean": reduction(statistics.fmean),
    "max": reduction(max),
    "min": reduction(min),
    "prod": reduction(math.prod),
    "norm": reduction(lambda row: math.hypot(*row)),
    "logsumexp": reduction(lambda row: math.log(sum(map(math.exp, row)))),
    "cumsum": [
        Row(lambda x, axis: list(itertools.accumulate(x.ravel().tolist())), ((2, 3),)),
        Row(lambda x, axis: list(itertools.accumulate(x.tolist())), ((4,),)),
        *(
            Row(along(lambda row: list(itertools.accumulate(row))), ((2, 3, 2),), {"axis": axis})
            for axis in (0, 1, -1)
        ),
    ],
    "softmax": [
        Row(along(softmax), shapes, params)
        for shapes, params in [(((2, 3),), {}), (((2, 3, 2),), {"axis": 1}), (((3,),), {"axis": 0})]
    ],
    "log_softmax": [
        Row(along(lambda row: [math.log(p) for p in softmax(row)]), shapes, params)
        for shapes, params in [(((2, 3),), {}), (((2, 3, 2),), {"axis": -2}), (((3,),), {})]
    ],
    "normalise": [
        Row(normalised, ((4, 3), (3,), (3,)), {"axis": 0}),
        Row(normalised, ((4, 3), (3,), (3,)), {"axis": 1, "eps": 0.1}),
        Row(normalised, ((3, 3), (3,), (3,)), {"axis": 0, "eps": 0.1}),
    ],
    # The formula is that of the mean; the sum is the same without the division
    "cross_entropy": [
        Row(nll, ((4, 3),), {"target": LABELS}),
        Row(nll, ((4, 3),), {"target": LABELS, "reduction": "sum"}, formula=False),
        Row(nll, ((4, 3),), {"target": LABELS, "reduction": "none"}, formula=False),
    ],
}


def slow_einsum(*arrays: np.ndarray, subscripts: str) -> np.ndarray:
    """The definition: a loop over all values of all letters."""
    terms, result = subscripts.split("->")
    terms = terms.split(",")
    sizes: dict[str, int] = {}
    for term, array in zip(terms, arrays, strict=True):
        for letter, n in zip(term, array.shape, strict=True):
            sizes[letter] = max(n, sizes.get(letter, 0))
    out = np.zeros([sizes[letter] for letter in result])
    for values in itertools.product(*map(range, sizes.values())):
        at = dict(zip(sizes, values, strict=True))
        product = 1.0
        for term, array in zip(terms, arrays, strict=True):
            product *= array[
                tuple(min(at[c], n - 1) for c, n in zip(term, array.shape, strict=True))
            ]
        out[tuple(at[letter] for letter in result)] += product
    return out


def slow_matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Products summed by broadcasting; a vector is a row on the left and a column on the right."""
    rows = x[None, :] if x.ndim == 1 else x
    columns = y[:, None] if y.ndim == 1 else y
    out = (rows[..., :, :, None] * columns[..., None, :, :]).sum(axis=-2)
    out = out[..., 0] if y.ndim == 1 else out
    return out[..., 0, :] if x.ndim == 1 and y.ndim > 1 else out[..., 0] if x.ndim == 1 else out


EINSUM = {
    "ij,jk->ik": ((2, 3), (3, 2)),
    "i,i->": ((3,), (3,)),
    "ij,ij->ij": ((2, 2), (2, 2)),
    "ij,jk,kl->il": ((2, 3), (3, 2), (2, 2)),
    "bij,bjk->bki": ((2, 2, 3), (2, 3, 2)),
    "i,j->ji": ((2,), (3,)),
}
ODD_EINSUM = {  # whose derivative is more than one einsum of what is there
    "ii->i": ((3, 3),),
    "ii->": ((3, 3),),
    "iij,j->i": ((2, 2, 3), (3,)),
    "ij->j": ((2, 3),),
    "ij,k->i": ((2, 3), (2,)),
    "ijk->": ((2, 3, 2),),
    "ij,ij->i": ((1, 3), (2, 3)),
    "ij,jk->ik": ((2, 1), (3, 2)),
    "iij,ii->j": ((2, 2, 3), (2, 2)),
}

LINALG = {
    "matmul": [
        Row(slow_matmul, shapes, formula=all(len(shape) == 2 for shape in shapes))
        for shapes in [
            ((2, 3), (3, 4)), ((3, 3), (3, 3)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)),
            ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
            ((2, 2, 3), (2, 3, 2)), ((1, 2, 3), (2, 3, 1)), ((2, 1, 2, 3), (3, 3, 2)),
        ]
    ],
    "linear": [
        Row(
            lambda x, weight, bias: slow_matmul(x, weight.T) + bias,
            shapes,
            formula=len(shapes[0]) == 2,
        )
        for shapes in [
            ((4, 3), (2, 3), (2,)), ((3, 3), (3, 3), (3,)), ((3,), (2, 3), (2,)),
            ((2, 2, 3), (2, 3), (2,)),
        ]
    ],
    "einsum": [
        Row(slow_einsum, shapes, {"subscripts": subscripts}, formula=usual)
        for usual, calls in [(True, EINSUM), (False, ODD_EINSUM)]
        for subscripts, shapes in calls.items()
    ],
}  # fmt: skip


def picked(x: np.ndarray, index: Any) -> np.ndarray:
    return x.ravel()[np.arange(x.size).reshape(x.shape)[index]]


def picked_rows(weight: np.ndarray, x: np.ndarray, padding_idx: None) -> np.ndarray:
    return np.array([weight.tolist()[i] for i in x.ravel().tolist()]).reshape(*x.shape, -1)


def scattered(x: np.ndarray, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = [0.0] * math.prod(shape)
    places = np.arange(math.prod(shape)).reshape(shape)[index]
    for place, value in zip(np.ravel(places).tolist(), x.ravel().tolist(), strict=True):
        out[place] += value
    return np.array(out).reshape(shape)


def permuted(x: np.ndarray, axes: Any) -> np.ndarray:
    letters = "abcd"[: x.ndim]
    order = range(x.ndim)[::-1] if axes is None else axes
    return np.einsum(f"{letters}->{''.join(letters[a] for a in order)}", x)


def in_order(order: tuple[int, ...]) -> Callable[..., np.ndarray]:
    """A function that puts axes into this order, whatever it is told."""
    return lambda x, **params: permuted(x, order)


def in_shape(made: tuple[int, ...]) -> Callable[..., np.ndarray]:
    """A function that lays the elements out in this shape, whatever it is told."""
    return lambda x, **params: np.fromiter(x.flat, float).reshape(made)


def reversed_along(x: np.ndarray, axis: Any) -> np.ndarray:
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    return x[tuple(slice(None, None, -1 if a in axes else 1) for a in range(x.ndim))]


def padded(x: np.ndarray, pad_width: Any, constant_values: float) -> np.ndarray:
    pairs = np.broadcast_to(pad_width, (x.ndim, 2)).tolist()
    out = np.full([b + n + a for (b, a), n in zip(pairs, x.shape, strict=True)], constant_values)
    out[tuple(slice(b, b + n) for (b, _), n in zip(pairs, x.shape, strict=True))] = x
    return out


def joined(*arrays: np.ndarray, axis: int) -> np.ndarray:
    lists = [row for array in arrays for row in np.moveaxis(array, axis, 0)]
    return np.moveaxis(np.array(lists), 0, axis)


MASK = np.array([[True, False, True], [False, True, True]])
INDICES = [
    0, -1, slice(1, None), slice(None, None, -1), slice(-1, None, -2), None, ..., (0, 1),
    (slice(None), 1), (..., -1), (None, 0, ..., None), (slice(None, None, -1), slice(0, 3, 2)),
    np.array([1, 0, 1, 1]), [0, 0], MASK, MASK[:, 0], np.array(1),
    (np.array([0, 1, 0]), np.array([2, 2, 2])), (slice(None), np.array([2, 0, 2])),
    (np.array([1, 1]), None, slice(0, 2)), (np.array([[0], [1]]), np.array([0, 2])),
    (0, np.array([0, 0, 1])), (MASK[:, 1], 0), (),
]  # fmt: skip

SHAPE = {
    "astype": [Row(lambda x, dtype: x, ((2, 3),), {"dtype": float})],
    "broadcast_to": [
        Row(lambda x, shape: np.ones(shape) * x, (shape,), {"shape": wanted})
        for shape, wanted in [
            ((3,), (2, 3)), ((2, 1), (2, 3)), ((), (2, 2)), ((2, 1), (3, 2, 2)), ((3,), (3,)),
        ]
    ],
    "reshape": [
        Row(lambda x, shape: np.fromiter(x.flat, float).reshape(shape), ((2, 3),), {"shape": shape})
        for shape in [(3, 2), (-1,), (6,), 6, (1, 2, 1, 3), (3, -1)]
    ],
    "transpose": [
        Row(permuted, shapes, {"axes": axes})
        for shapes, axes in [
            (((2, 3),), None), (((2, 3, 2),), None), (((2, 3, 2),), (1, 0, 2)),
            (((2, 3, 2),), (-1, 0, 1)), (((2, 1, 2, 3),), (2, 0, 3, 1)), (((3,),), (0,)),
        ]
    ],
    "expand_dims": [
        Row(in_shape(made), ((2, 3),), {"axis": axis})
        for axis, made in [
            (0, (1, 2, 3)), (1, (2, 1, 3)), (-1, (2, 3, 1)), ((0, 1), (1, 1, 2, 3)),
            ((0, -1), (1, 2, 3, 1)),
        ]
    ],
    "squeeze": [
        Row(in_shape(made), shapes, {"axis": axis})
        for shapes, axis, made in [
            (((1, 2, 1, 3),), None, (2, 3)), (((1, 2, 1, 3),), 0, (2, 1, 3)),
            (((1, 2, 1, 3),), 2, (1, 2, 3)), (((1, 2, 1, 3),), -2, (1, 2, 3)),
            (((1, 2, 1, 3),), (0, 2), (2, 3)), (((1, 1),), None, ()), (((2, 3),), None, (2, 3)),
        ]
    ],
    "moveaxis": [
        Row(in_order(order), shapes, {"source": source, "destination": destination})
        for shapes, source, destination, order in [
            (((2, 3, 1, 2),), 0, -1, (1, 2, 3, 0)), (((2, 3, 1, 2),), -1, 0, (3, 0, 1, 2)),
            (((2, 3, 1, 2),), (0, 1), (-1, -2), (2, 3, 1, 0)),
            (((2, 3, 1, 2),), [2, 0], [0, 1], (2, 0, 1, 3)), (((2, 3),), 1, 1, (0, 1)),
        ]
    ],
    "swapaxes": [
        Row(in_order(order), ((2, 3, 2),), {"axis1": first, "axis2": second})
        for first, second, order in [
            (0, 1, (1, 0, 2)), (0, -1, (2, 1, 0)), (-2, -1, (0, 2, 1)), (1, 1, (0, 1, 2)),
        ]
    ],
    "flip": [
        Row(reversed_along, ((2, 3, 2),), {"axis": axis}) for axis in (None, 0, -1, (0, -1), (1,))
    ],
    "getitem": [Row(picked, ((2, 3),), {"index": index}) for index in INDICES],
    "scatter": [
        Row(scattered, (np.zeros((2, 3))[index].shape,), {"index": index, "shape": (2, 3)})
        for index in INDICES
    ],
    "embedding": [
        Row(picked_rows, ((3, 2),), {"x": x})
        for x in (np.array([2, 0, 2]), np.array([[1, 1], [0, 2]]), np.array(1))
    ],
    "pad": [
        Row(padded, ((2, 3),), {"pad_width": width, **more})
        for width, more in [
            (1, {}), ((1, 2), {}), (((0, 1), (2, 0)), {"constant_values": 3.0}), (0, {}),
        ]
    ],
    "concatenate": [
        Row(joined, shapes, {"axis": axis})
        for shapes, axis in [
            (((2, 3), (2, 3)), 0), (((2, 3), (2, 1), (2, 2)), -1), (((2,), (0,), (3,)), 0),
            (((2, 3),), 1), (((2, 1, 2), (2, 3, 2)), -2),
        ]
    ],
}  # fmt: skip

ROWS = {**ELEMENTWISE, **REDUCTION, **LINALG, **SHAPE}
CALLS = [(name, i, row) for name, rows in ROWS.items() for i, row in enumerate(rows)]
