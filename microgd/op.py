"""What an operation is: a forward function and, for every input, a derivative with its formula."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MethodType
from typing import Any

import numpy as np


class Recorder:
    """What an operation asks of a Tensor: to record a call. (An Op knows nothing else of it.)"""

    __slots__ = ()

    def record(self, op: "Op", inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Compute `op` on `inputs` and remember how."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Local:
    """An elementwise derivative: d out / d input, one number an element.

    `rule(out, *inputs, **params)` gives the local derivative, `formula` says it in the same
    names; the gradient that flows back is ``g * rule(...)`` with ``g`` the upstream gradient.
    """

    formula: str
    rule: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Pullback:
    """A derivative that mixes elements: `rule(g, out, *inputs, **params)` maps the upstream
    gradient ``g`` to the input's gradient; `formula` says it in the same names.
    """

    formula: str
    rule: Callable[..., Any]


Derivative = Local | Pullback


class Op:
    """A differentiable operation: `forward` on arrays, and one derivative for each input.

    Called on Tensors it records itself in their graph; called on plain arrays it computes, like
    any NumPy function. The rules are written with NumPy functions, operators and other Ops only,
    so that the same rule runs on arrays (training) and on Tensors (higher derivatives).

    name         as in NumPy or PyTorch
    forward      ``forward(*inputs, **params)``; what follows the inputs are the parameters
    derivatives  one for each input; a single one with `variadic=True` serves all inputs of an
                 operation of any number of inputs and is given the input's place as `index`
    doc          one sentence with the formula
    example      a value that everybody can check, as ``"exp(0) -> 1.0"``; goes into the docstring
    symbol       how the operation is written in an error or a picture: ``@``
    keeps        `forward` returns ``(out, kept)`` and the rules receive ``kept=``, which spares
                 them work; when a derivative is itself differentiated, ``kept`` is None and the
                 rule computes it from the inputs
    explain      says in one sentence why `forward` failed on these inputs, and the way out; an
                 empty answer leaves NumPy's words

    >>> import numpy as np, microgd as mg
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
        self.forward = forward
        self.derivatives = derivatives
        self.symbol = symbol
        self.variadic = variadic
        self.keeps = keeps
        self.explain = explain
        names, self.defaults = _signature(forward)
        arity = 1 if variadic else len(derivatives)
        self.arguments, self.parameters = names[:arity], names[arity:]
        self.__doc__ = _document(self, doc, example)

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Record the operation if an input is a Tensor, else compute it on arrays."""
        if not self.variadic and len(args) != len(self.derivatives):
            args, params = self._split(args, params)
        if self.defaults:
            params = {**self.defaults, **params}
        for x in args:
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

    def _split(
        self, args: tuple[Any, ...], params: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Tell inputs from parameters given by position (``sum(x, 0)``) or inputs by name."""
        names = self.arguments + self.parameters
        if len(args) > len(names):
            raise TypeError(
                f"{self.name}: takes at most {len(names)} arguments"
                f" ({', '.join(names)}), got {len(args)}"
            )
        given = {**dict(zip(names, args, strict=False)), **params}
        missing = [name for name in self.arguments if name not in given]
        if missing:
            raise TypeError(f"{self.name}: missing {', '.join(missing)}")
        return tuple(given.pop(name) for name in self.arguments), given


def _signature(forward: Callable[..., Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names that `forward` takes, and the defaults of those that have one."""
    if hasattr(forward, "nin"):  # a NumPy ufunc has no signature to read
        return ("x", "y")[: forward.nin], {}
    arguments = inspect.signature(forward).parameters.values()
    defaults = {p.name: p.default for p in arguments if p.default is not p.empty}
    return tuple(p.name for p in arguments), defaults


def _document(op: Op, doc: str, example: str) -> str:
    """The docstring: the sentence, the derivatives as formulas, the example as a doctest."""
    parts = [doc, "Gradients, from the upstream gradient g:"]
    for name, derivative in zip(op.arguments, op.derivatives, strict=False):
        factor = "g * " if isinstance(derivative, Local) else ""
        parts.append(f"    {name}.grad += {factor}({derivative.formula})")
    if example:
        call, value = example.split(" -> ")
        parts.append(f">>> import microgd as mg\n>>> mg.{call}.tolist()\n{value}")
    return "\n\n".join(parts)


def as_array(x: Any) -> Any:
    """`x` itself if it is a Tensor, else a NumPy array."""
    return x if isinstance(x, Recorder) else np.asarray(x)
