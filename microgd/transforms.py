"""Functions made from functions: gradients, Jacobians, Hessians and their products, of any order.

Each takes a function of Tensors and gives one that takes numbers, arrays or Tensors, so that each
can be applied to the result of another; all are exact, for the reverse sweep can be recorded.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.backprop import sweep
from microgd.graph import history, state
from microgd.ops import elementwise, reduction, shape
from microgd.tensor import Tensor

Function = Callable[..., Any]
Argnum = int | tuple[int, ...]


def grad(f: Function, argnum: Argnum = 0) -> Function:
    """The gradient of `f`, of the shape of argument `argnum`; a tuple of them for a tuple.

    Raises ValueError if `f` gives more than one number, TypeError for an argument of integers.

    >>> grad(grad(lambda x: x**3))(2.0)
    tensor(12.)
    """
    both = value_and_grad(f, argnum)
    return lambda *args, **options: both(*args, **options)[1]


def value_and_grad(f: Function, argnum: Argnum = 0) -> Function:
    """``(f(...), gradient)`` from one forward and one backward pass; see `grad`.

    >>> value_and_grad(lambda x: x**2)(3.0)
    (tensor(9.), tensor(6.))
    """

    def transformed(*args: Any, **options: Any) -> tuple[Tensor, Any]:
        call = _Call(f, argnum, args, options)
        if call.out.size != 1:
            shape = call.out.shape
            raise ValueError(f"grad: f gave shape {shape}; reduce it, or take the jacobian")
        value = call.out.detach() if call.closed else call.out
        return value, call.like_argnum(call.pull(np.ones(call.out.shape, call.out.dtype)))

    return transformed


def jacobian(f: Function, argnum: Argnum = 0) -> Function:
    """All partial derivatives, J[i, j] = d f(x)[i] / d x[j], by a backward pass for each f(x)[i].

    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """

    def transformed(*args: Any, **options: Any) -> Any:
        call = _Call(f, argnum, args, options)
        seeds = np.eye(call.out.size, dtype=call.out.dtype)
        rows = [call.pull(seed.reshape(call.out.shape)) for seed in seeds]
        blocks = [
            shape.stack([r[i] for r in rows]) if rows else Tensor(np.zeros((0, *x.shape), x.dtype))
            for i, x in enumerate(call.inputs)
        ]
        return call.like_argnum([b.reshape(call.out.shape + b.shape[1:]) for b in blocks])

    return transformed


def hessian(f: Function, argnum: Argnum = 0) -> Function:
    """All second partial derivatives, of shape (*x.shape, *x.shape); for a tuple, a tuple a row.

    >>> hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    if isinstance(argnum, tuple):
        rows = [jacobian(grad(f, i), argnum) for i in argnum]
        return lambda *args, **options: tuple(row(*args, **options) for row in rows)
    return jacobian(grad(f, argnum), argnum)


def hvp(f: Function) -> Function:
    """``(x, v, ...) -> H v`` without the Hessian H: the gradient of grad f . v (Pearlmutter 1994).

    >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 1.0])).tolist()
    [6.0, 12.0]
    """
    slope = directional_derivative(f)
    return lambda x, v, *rest: grad(lambda x: slope(x, v, *rest))(x)


def directional_derivative(f: Function) -> Function:
    """``(x, direction) -> grad f(x) . direction``, the slope of f along `direction`.

    The direction counts with its length; of the unit vectors, the gradient's own direction gives
    the largest slope. More arguments are handed to `f`.

    >>> directional_derivative(lambda x: (x**2).sum())(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    tensor(4.)
    """

    def transformed(x: Any, direction: Any, *rest: Any) -> Any:
        gradient = grad(f)(x, *rest)
        if np.shape(direction) != gradient.shape:
            shapes = f"direction {np.shape(direction)} and x {gradient.shape}"
            raise ValueError(f"directional_derivative: {shapes} differ in shape")
        return reduction.sum(gradient * direction)

    return transformed


class _Call:
    """A call whose arguments to differentiate are new variables, apart from those further out."""

    def __init__(self, f: Function, argnum: Argnum, args: tuple[Any, ...], options: Any) -> None:
        self.argnum = argnum
        wanted = argnum if isinstance(argnum, tuple) else (argnum,)
        if not wanted or not all(i in range(-len(args), len(args)) for i in wanted):
            raise TypeError(f"grad: argnum={argnum!r} of a call with {len(args)} arguments")
        given = list(args)
        outer, state.recording = state.recording, True
        try:
            for i in wanted:
                given[i] = _variable(args[i], linked=outer)
            out = f(*given, **options)
        finally:
            state.recording = outer
        if not isinstance(out, Tensor | np.ndarray | np.number | float | int):
            raise TypeError(f"grad: f gave {out!r:.60}; it must return a Tensor")
        self.out = out if isinstance(out, Tensor) else Tensor(out, dtype=float)
        self.inputs: list[Tensor] = [given[i] for i in wanted]
        self.since = max(x.time for x in self.inputs)
        # Closed: the result depends on nothing else that somebody may still differentiate
        used = {x for node in history(self.out, self.since) for x in node.inputs if x.needs_grad}
        outside = {x for x in {self.out, *used} if x.op is None or x.time <= self.since}
        self.closed = not outer or outside <= {x for x in self.inputs if x.op is None}

    def pull(self, seed: Any) -> list[Tensor]:
        """The gradient of (out * seed).sum() with respect to each variable."""
        totals: dict[Any, Any] = {}
        if self.out.needs_grad:
            start = seed if self.closed else Tensor(seed)
            for _ in sweep(self.out, start, totals, self.since, on_arrays=self.closed):
                pass
        found = [totals.get(x, np.zeros(x.shape, x.dtype)) for x in self.inputs]
        return [g if isinstance(g, Tensor) else Tensor(g) for g in found]

    def like_argnum(self, results: list[Tensor]) -> Any:
        """One result for a number, a tuple for a tuple."""
        return tuple(results) if isinstance(self.argnum, tuple) else results[0]


def _variable(x: Any, linked: bool) -> Tensor:
    """`x` as a variable of its own, linked to `x` if that may be differentiated as well."""
    if linked and isinstance(x, Tensor) and x.needs_grad:
        return x.record(elementwise.identity, (x,), {})
    number = float(x) if isinstance(x, int) else x
    return Tensor(number, requires_grad=True, name=getattr(x, "name", None))
