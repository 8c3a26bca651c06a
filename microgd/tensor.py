"""Tensor: an array that remembers what it was computed from."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from microgd import backprop, dispatch
from microgd.dispatch import plain
from microgd.errors import explain
from microgd.graph import NO_PARAMS, Array, Node, clock, state
from microgd.op import Op
from microgd.ops import elementwise, linalg, reduction
from microgd.ops import shape as axes
from microgd.ops import softmax as normal

REAL = "fiub"  # NumPy's kinds of real numbers


def _operator(op: Op) -> tuple[Any, Any]:
    """The method for ``self op other``, and its reflection for ``other op self``."""

    def method(self: "Tensor", other: Any) -> "Tensor":
        return self.record(op, (self, other), NO_PARAMS)

    def reflected(self: "Tensor", other: Any) -> "Tensor":
        return self.record(op, (other, self), NO_PARAMS)

    return method, reflected


def _comparison(compare: Any) -> Any:
    """The method that compares the numbers and gives a boolean array."""
    return lambda self, other: compare(self.value, plain(other))


class Tensor(Node):
    """An array with a history: what is computed from it can be differentiated.

    data           numbers, an array, or nested lists; copied
    requires_grad  whether d loss / d this is wanted in `.grad` after ``loss.backward()``
    name           what errors, tables and pictures call it
    dtype          NumPy's choice unless given

    Raises TypeError for what is no array of real numbers, or for integers that want a gradient.

    >>> w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> (w * w).sum().backward()
    >>> w.grad
    array([2., 4.])
    """

    __slots__ = ()

    def __init__(
        self, data: Any, *, requires_grad: bool = False, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(_numbers("tensor", data, dtype))
        self.name, self.requires_grad = name, requires_grad

    def record(self, op: Op, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> "Tensor":
        """The value of `op`, with its history if a gradient is to flow; errors say the shapes."""
        arrays, operands, needed = [], inputs, False
        for x in inputs:
            if isinstance(x, Tensor):
                arrays.append(x.value)
                needed = needed or x.needs_grad
            else:
                arrays.append(constant := _constant(op, x, inputs))
                operands = tuple([constant if y is x else y for y in operands])
        for param in params.values() if params else ():
            if isinstance(param, Node):
                params = {key: plain(value) for key, value in params.items()}
        try:
            value = op.forward(*arrays, **params)
        except (ValueError, TypeError, IndexError) as error:
            raise explain(op, _nodes(operands), params, error) from error
        if op.keeps:
            value, kept = value
            params = {**params, "kept": kept}
        if type(value) is not ndarray:
            value = np.asarray(value)
        here = state.__dict__  # this thread's, looked up once
        if needed and here["recording"] and value.dtype.kind == "f":
            Node.__init__(out := Tensor.__new__(Tensor), value, op, operands, params)
        else:
            out = _leaf(value)
        if here["watch"] is not None:
            here["watch"].after_forward(out, op, _nodes(operands))
        return out

    shape = property(lambda self: self.value.shape, doc="Sizes of the axes.")
    ndim = property(lambda self: self.value.ndim, doc="Number of axes.")
    size = property(lambda self: self.value.size, doc="Number of elements.")
    dtype = property(lambda self: self.value.dtype, doc="NumPy's type of the elements.")
    is_leaf = property(lambda self: self.op is None, doc="Whether it came from no operation.")
    T = property(axes.transpose, doc="The axes reversed.")
    numpy = property(lambda self: self.value.copy, doc="A copy of the numbers, without history.")
    tolist = property(lambda self: self.value.tolist, doc="The numbers in Python's nested lists.")
    argmax = property(lambda self: self.value.argmax, doc="Where the largest elements are.")

    @property
    def data(self) -> Array:
        """The numbers of this tensor; new ones for a leaf outdate what was computed from it."""
        return self.value

    @data.setter
    def data(self, numbers: Any) -> None:
        self._only_leaf("data")
        self.value = self._fitting("data", numbers)
        self.time = next(clock)

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.size != 1:
            raise ValueError(f"item: {self.describe()} has {self.size} elements, not one")
        return self.value.item()

    def detach(self) -> "Tensor":
        """A copy without history, which no later step of an optimizer changes."""
        return _leaf(self.value.copy())

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to this tensor; can be set on leaves."""
        return self.needs_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self._only_leaf("requires_grad")
        if wanted and self.dtype.kind != "f":
            raise TypeError(
                f"requires_grad: {self.describe()} holds {self.dtype}, and a gradient requires"
                " floating point; write 1.0 for 1, or pass dtype=float"
            )
        self.needs_grad = bool(wanted)

    @property
    def grad(self) -> Array | None:
        """d loss / d this, added up over every `backward()` since `zero_grad()`, or None."""
        if self.op is not None and not self.retains:
            warnings.warn(
                f"grad: {self.describe()} came from {self.op.name}, and only leaves keep their"
                " gradient; call retain_grad() on it before backward()",
                stacklevel=2,
            )
        return self.gradient

    @grad.setter
    def grad(self, gradient: Any) -> None:
        self.gradient = None if gradient is None else self._fitting("grad", gradient)

    def backward(self, gradient: Any = None) -> None:
        """Add d this / d leaf to `.grad` of every leaf that it depends on.

        `gradient` is the upstream gradient where this is not one number. Raises RuntimeError if
        nothing requires a gradient or a value was changed since; ValueError for a wrong shape.
        """
        backprop.backward(self, None if gradient is None else _numbers("backward", gradient))

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.gradient = None

    def retain_grad(self) -> None:
        """Let a tensor that is no leaf keep its gradient; RuntimeError if it requires none."""
        if not self.needs_grad:
            raise RuntimeError(f"retain_grad: {self.describe()} requires no gradient")
        self.retains = True

    # Operators and methods: the operations of the table

    __add__, __radd__ = _operator(elementwise.add)
    __sub__, __rsub__ = _operator(elementwise.subtract)
    __mul__, __rmul__ = _operator(elementwise.multiply)
    __truediv__, __rtruediv__ = _operator(elementwise.divide)
    __pow__, __rpow__ = _operator(elementwise.power)
    __matmul__, __rmatmul__ = _operator(linalg.matmul)
    __neg__, __pos__ = elementwise.negative, elementwise.identity
    __abs__ = abs = elementwise.absolute
    __lt__, __le__ = _comparison(ndarray.__lt__), _comparison(ndarray.__le__)
    __gt__, __ge__ = _comparison(ndarray.__gt__), _comparison(ndarray.__ge__)
    __eq__, __ne__ = _comparison(ndarray.__eq__), _comparison(ndarray.__ne__)
    __hash__ = Node.__hash__

    exp, log, sqrt = elementwise.exp, elementwise.log, elementwise.sqrt
    sin, cos, tanh = elementwise.sin, elementwise.cos, elementwise.tanh
    sigmoid, relu, clip = elementwise.sigmoid, elementwise.relu, elementwise.clip
    sum, prod, cumsum = reduction.sum, reduction.prod, reduction.cumsum
    mean, var, std = reduction.mean, reduction.var, reduction.std
    max, min, dot = reduction.max, reduction.min, linalg.dot
    softmax, log_softmax, logsumexp = normal.softmax, normal.log_softmax, normal.logsumexp
    squeeze, swapaxes, astype = axes.squeeze, axes.swapaxes, axes.astype

    def reshape(self, *sizes: Any) -> Any:
        """The same elements in another shape: ``reshape(2, 3)`` or ``reshape((2, 3))``."""
        return axes.reshape(self, shape=sizes[0] if len(sizes) == 1 else sizes)

    def transpose(self, *order: Any) -> Any:
        """The axes in another order: ``transpose()`` reverses, ``transpose(1, 0)`` names them."""
        return axes.transpose(self, axes=order[0] if len(order) == 1 else order or None)

    # The protocols of Python and NumPy

    def __getitem__(self, index: Any) -> Any:
        return axes.getitem(self, index=plain(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            f"setitem: elements of {self.describe()} cannot be replaced, for its history's sake;"
            " use where() or concatenate(), or assign a whole array to .data of a leaf"
        )

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator["Tensor"]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.item())

    def __bool__(self) -> bool:
        return bool(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value if spec else repr(self), spec)

    def __repr__(self) -> str:
        parts = [np.array2string(self.value, separator=", ", prefix="tensor(")]
        parts += [f"dtype={self.dtype}"] if self.dtype not in (float, int, bool) else []
        parts += [f"name={self.name!r}"] if self.name else []
        parts += [f"op={self.op.name}"] if self.op else []
        parts += ["requires_grad=True"] if self.needs_grad and not self.op else []
        return f"tensor({', '.join(parts)})"

    def __setstate__(self, saved: Any) -> None:
        for slot, value in {**saved[1], "time": next(clock)}.items():  # of this process
            setattr(self, slot, value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.needs_grad:
            raise TypeError(
                f"array: {self.describe()} would lose its history as a NumPy array; call .numpy()"
                " to say that this is meant, or mg.stack() to join Tensors"
            )
        return np.array(self.value, dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return dispatch.apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return dispatch.apply(function, function.__name__, args, options)

    def _only_leaf(self, what: str) -> None:
        if self.op is not None:
            raise RuntimeError(
                f"{what}: {self.describe()} came from {self.op.name}, and only a leaf can be"
                " changed; change what it was computed from, or take .detach()"
            )

    def _fitting(self, what: str, numbers: Any) -> Array:
        """A copy of `numbers` in the dtype of this tensor; ValueError for another shape."""
        new = _numbers(what, numbers, self.value.dtype)
        if new.shape != self.value.shape:
            raise ValueError(f"{what}: shape {new.shape} does not fit {self.describe()}")
        return new


tensor = Tensor


@contextmanager
def no_grad() -> Iterator[None]:
    """Record no history inside, in this thread: as a context or as a decorator.

    >>> w = Tensor(1.0, requires_grad=True)
    >>> with no_grad():
    ...     (2 * w).requires_grad
    False
    """
    outer, state.recording = state.recording, False
    try:
        yield
    finally:
        state.recording = outer


def _leaf(value: Array) -> Tensor:
    """A Tensor that holds this very array."""
    Node.__init__(new := Tensor.__new__(Tensor), value)
    return new


def _nodes(operands: tuple[Any, ...]) -> tuple[Tensor, ...]:
    """The operands of an operation, the constants among them as leaves."""
    return tuple([x if isinstance(x, Tensor) else _leaf(x) for x in operands])


def _constant(op: Op, x: Any, inputs: tuple[Any, ...]) -> Array:
    """An input of an operation that is no Tensor as an array, without copying one.

    A Python number takes the dtype that NumPy gives it among `inputs`: float32 stays float32.
    """
    if type(x) in (float, int, bool):
        dtypes = [other.dtype for other in inputs if hasattr(other, "dtype")]
        floats = [dtype for dtype in dtypes if dtype.kind == "f"] or [*dtypes, x]
        return np.array(x, floats[0] if len(floats) == 1 else np.result_type(*floats))
    return x if type(x) is ndarray and x.dtype.kind in REAL else _numbers(op.name, x)


def _numbers(what: str, data: Any, dtype: Any = None) -> Array:
    """A copy of `data` as an array of real numbers. Raises TypeError for anything else."""
    try:
        array = np.array(data.value if isinstance(data, Tensor) else data, dtype, order="C")
    except (ValueError, TypeError) as error:
        raise TypeError(f"{what}: {error}") from error
    if array.dtype.kind not in REAL:
        raise TypeError(f"{what}: got {array.dtype} from {data!r:.80}; give real numbers")
    return array
