"""Gradients against finite differences; and if they differ, which derivative is wrong, and how."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from microgd.backprop import sweep
from microgd.graph import Array, Node, history
from microgd.op import Op
from microgd.ops import reduction
from microgd.tensor import Tensor
from microgd.transforms import Function, grad


class GradcheckError(AssertionError):
    """A gradient that finite differences contradict."""


def gradcheck(
    f: Function, inputs: Any, *, order: int = 2,
    eps: float = 1e-6, rtol: float = 1e-5, atol: float = 1e-7,
) -> bool:  # fmt: skip
    """Whether the gradients of `f` are ``(f(x + eps) - f(x - eps)) / (2 * eps)``; gives True.

    `inputs` is a Tensor or an array, or a tuple of them. f may give any shape, for a fixed random
    upstream gradient g weights it; order 2 checks the gradient along a fixed random direction in
    turn, as a function of g and the inputs. A difference loses half of the digits, so inputs are
    float64 (labels come in by a closure); at a kink, as relu at 0, it says nothing: stay away.

    Raises GradcheckError that names the operation, its input, the element, both numbers and the
    likely mistake; TypeError if an input is not float64 or f gives no Tensor.

    >>> gradcheck(np.multiply, (np.array([1.0, 2.0]), np.array(3.0)))
    True
    """
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    xs = [Tensor(x, name=getattr(x, "name", None)) for x in given]
    for i, x in enumerate(xs):
        if x.dtype != np.float64:
            raise TypeError(f"gradcheck: input {i}, {x.describe()}, holds {x.dtype}; give float64")
        x.requires_grad = True
    out, again = f(*xs), f(*xs)
    if not isinstance(out, Tensor) or out.dtype.kind != "f":
        raise TypeError(f"gradcheck: f gave {out!r:.60}; it must return a Tensor of real numbers")
    if not np.array_equal(out.value, again.value, equal_nan=True):
        raise GradcheckError("gradcheck: f gave two results for the same inputs; fix its seed")
    nodes = history(out)
    if not {out, *(x for node in nodes for x in node.inputs)} & set(xs):
        raise GradcheckError("gradcheck: f's result has no history that leads to its arguments")
    close = partial(np.isclose, rtol=rtol, atol=atol)
    for nth in range(1, order + 1):
        try:
            _compare(f, xs, out, None, nth, eps, close)
        except GradcheckError:
            for node in reversed(nodes):  # oldest first, for what is later may only pass it on
                assert node.op is not None
                params = {name: value for name, value in node.params.items() if name != "kept"}
                _compare(partial(node.op, **params), node.inputs, node, node.op, nth, eps, close)
            raise
    return True


def _compare(
    f: Any, xs: Sequence[Any], out: Node, op: Op | None, order: int, eps: float, close: Any
) -> None:
    """Raise for the first wrong derivative of `f`, which is the operation `op` alone if given."""

    def scalar(g: Any, *xs: Any) -> Any:
        return reduction.sum(f(*xs) * g)

    points = [_weights(out.value.shape), *(x.value for x in xs)]
    live = (0, *(i for i, x in enumerate(xs, 1) if x.needs_grad))
    for _ in range(1, order):
        ways = [_weights(points[i].shape, seed=1 + i) for i in live]
        scalar = partial(_along, grad(scalar, live), ways)
    try:
        slopes = grad(scalar, live)(*points)
    except ValueError as error:  # a derivative of a shape that does not fit
        raise GradcheckError(f"gradcheck: {error}") from error
    for i, slope in zip(live, slopes, strict=True):
        got, want = slope.value, _differences(scalar, points, i, eps)
        wrong = (got.shape != want.shape) | ~close(got, want)
        if wrong.any():
            at = tuple(np.argwhere(wrong)[0].tolist())
            a, b = (np.broadcast_to(numbers, wrong.shape)[at] for numbers in (got, want))
            name = op.arguments[0 if op.variadic else i - 1] if op else xs[i - 1].describe()
            where = f"input {i - 1} ({name})" if i else "upstream gradient g"
            raise GradcheckError(
                f"gradcheck: {op.name if op else 'f'}, {where}, element {at}: derivative {order}"
                f" is {a:.9g}, by finite differences {b:.9g};"
                f" {_mistake(got, want, close) if op else _lost(out, close)}"
            )


def _weights(shape: tuple[int, ...], seed: int = 0) -> Array:
    """Fixed random numbers, none so small that a mistake could hide behind it."""
    return np.asarray(np.random.default_rng(seed).uniform(0.5, 1.5, shape))


def _along(gradient: Function, directions: list[Array], *xs: Any) -> Any:
    """The slope along fixed directions."""
    return sum(reduction.sum(g * way) for g, way in zip(gradient(*xs), directions, strict=True))


def _differences(scalar: Function, points: list[Array], i: int, eps: float) -> Array:
    """``(scalar(x + eps) - scalar(x - eps)) / (2 * eps)`` for each element x of points[i]."""
    x = points[i]
    steps = np.diag(eps * np.maximum(1, abs(x)).ravel()).reshape(x.size, *x.shape)

    def at(x: Array) -> Any:
        return scalar(*map(Tensor, (*points[:i], x, *points[i + 1 :]))).item()

    return np.reshape([(at(x + s) - at(x - s)) / (2 * s.sum()) for s in steps], x.shape)


def _mistake(got: Array, want: Array, close: Any) -> str:
    """What likely makes `got` of `want`."""
    if got.shape != want.shape:
        return f"likely a missing un-broadcast of {got.shape} to {want.shape}"
    factor = np.vdot(got, want) / (np.vdot(want, want) or np.inf)
    if close(got, factor * want).all():
        return f"likely a wrong {'sign' if factor < 0 else 'factor'}: {factor:.6g} times as much"
    if close(np.sort(got, None), np.sort(want, None)).all():
        return "likely a wrong axis: the right numbers are in wrong places"
    likely, right = "likely a wrong or a missing term", int(close(got, want).sum())
    if right:
        likely += f", {right} of {want.size} elements are right; is a part overwritten, not added?"
    return likely


def _lost(out: Node, close: Any) -> str:
    """Whose gradient is not the sum of its contributions, if anybody's."""
    sums: dict[Node, Any] = {}
    parts: dict[Node, Any] = {}
    for node, i, upstream, part in sweep(out, _weights(out.value.shape), sums):
        x = node.inputs[i]
        sums[node], parts[x] = upstream, parts.get(x, 0) + part
    for x, total in parts.items():
        if not close(sums[x], total).all():
            uses = ", ".join(str(node.op) for node in sums for y in node.inputs if y is x)
            return f"likely overwritten, not added: {x.describe()} is used by {uses}"
    return "each operation is right by itself; does f leave the history by .data or detach()?"
