"""What an operation is: a forward function and, for every input, a derivative with its formula."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MethodType
from typing import Any

import numpy as np


class Recorder:
    """What an operation asks of a Tensor: to compute a call and remember it. No more."""

    __slots__ = ()

    def record(self, op: "Op", inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Compute `op` on `inputs`, and remember how."""


@dataclass(frozen=True, slots=True)
class Local:
    """An elementwise derivative, ``rule(out, *inputs, **params)``; the gradient is g * that."""

    formula: str
    rule: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Pullback:
    """The gradient from the upstream gradient ``g``: ``rule(g, out, *inputs, **params)``."""

    formula: str
    rule: Callable[..., Any]


Derivative = Local | Pullback


class Op:
    """A differentiable operation: `forward` on arrays, and one derivative for each input.

    Called on Tensors it records itself in their graph; on arrays it computes. The rules are made
    of NumPy functions, operators and Ops, so that they run on arrays (training) and on Tensors
    (higher derivatives) alike.

    forward      ``forward(*inputs, **params)``; what follows the inputs are the parameters
    derivatives  one for each input; with `variadic` one for all, given the input's place `index`
    example      a value that everybody can check, as ``"exp(0.0) -> 1.0"``
    symbol       how an error or a picture writes the operation, as ``@``
    keeps        `forward` returns ``(out, kept)`` and the rules receive ``kept=``, to save work;
                 it is None when the rule is itself to be differentiated
    explain      ``explain(*inputs, **params)`` says why `forward` failed, or nothing

    >>> import microgd as mg
    >>> cube = mg.Op("cube", lambda x: x**3, mg.Local("3 * x**2", lambda out, x: 3 * x**2))
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> float(x.grad)
    12.0
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *derivatives: Derivative,
        doc: str = "",
        example: str = "",
        symbol: str = "",
        variadic: bool = False,
        keeps: bool = False,
        explain: Callable[..., str] = lambda *inputs, **params: "",
    ) -> None:
        if not derivatives:
            raise TypeError(f"Op {name!r}: no derivatives; give a Local or a Pullback per input")
        self.name = self.__name__ = name
        self.forward, self.derivatives = forward, derivatives
        self.symbol, self.variadic, self.keeps, self.explain = symbol, variadic, keeps, explain
        names, self.defaults = _signature(forward)
        arity = 1 if variadic else len(derivatives)
        self.arguments, self.parameters = names[:arity], names[arity:]
        shown = [f"{n}={self.defaults[n]!r}" if n in self.defaults else n for n in names]
        self.__text_signature__ = f"({', '.join(shown)})"  # for help() and notebooks
        self.__doc__ = "\n".join([doc, *self._formulas(), *_doctest(example)])

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Record the operation if an input is a Tensor, else compute it on arrays."""
        if not self.variadic and len(args) != len(self.derivatives):
            args, params = self._split(args, params)
        if self.defaults:
            params = {**self.defaults, **params}
        elif params and isinstance(self.forward, np.ufunc):  # which would take dtype=, unlike us
            raise TypeError(f"{self.name}: no parameter {next(iter(params))!r}")
        for x in (*args, *params.values()) if params else args:
            if isinstance(x, Recorder):
                return x.record(self, args, params)
        out = self.forward(*map(np.asarray, args), **params)
        return out[0] if self.keeps else out

    def __get__(self, instance: Any, owner: type) -> Any:
        """An Op in a class body is a method, as a function is."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.arguments)})>"

    def derivatives_of(self, inputs: Sequence[Any]) -> Sequence[Derivative]:
        """One derivative for each of the inputs."""
        if not self.variadic:
            return self.derivatives
        shared = self.derivatives[0]
        return [replace(shared, rule=partial(shared.rule, index=i)) for i in range(len(inputs))]

    def _split(self, args: tuple[Any, ...], params: Any) -> tuple[tuple[Any, ...], Any]:
        """Tell inputs from parameters given by position (``sum(x, 0)``) and inputs by name."""
        names = self.arguments + self.parameters
        if len(args) > len(names):
            raise TypeError(f"{self.name}: takes {', '.join(names)}; got {len(args)} arguments")
        given = {**dict(zip(names, args, strict=False)), **params}
        missing = [name for name in self.arguments if name not in given]
        if missing:
            raise TypeError(f"{self.name}: missing {', '.join(missing)}")
        return tuple(given.pop(name) for name in self.arguments), given

    def _formulas(self) -> Iterator[str]:
        yield "\nFrom the upstream gradient g:\n"
        for name, derivative in zip(self.arguments, self.derivatives, strict=False):
            factor = "g * " if isinstance(derivative, Local) else ""
            yield f"    {name}.grad += {factor}({derivative.formula})"


def _signature(forward: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names that `forward` takes, and the defaults of those that have one."""
    if isinstance(forward, np.ufunc):
        return ("x", "y")[: forward.nin], {}
    found = inspect.signature(forward).parameters
    return tuple(found), {n: p.default for n, p in found.items() if p.default is not p.empty}


def _doctest(example: str) -> list[str]:
    """``"exp(0.0) -> 1.0"`` as the lines of a doctest."""
    call, _, value = example.partition(" -> ")
    return ["", ">>> import microgd as mg", f">>> mg.{call}.tolist()", value] if value else []


def example(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: a function made of operations gets an example as they have it."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__doc__ = "\n".join([function.__doc__ or "", *_doctest(text)])
        return function

    return add


def as_array(x: Any) -> Any:
    """`x` itself if it is a Tensor, else a NumPy array."""
    return x if isinstance(x, Recorder) else np.asarray(x)
