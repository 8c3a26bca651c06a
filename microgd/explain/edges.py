"""Edges: the backward pass as a list, *upstream x local derivative = contribution*, one edge each.

They are copied from the sweep that trains, as it runs; nothing is computed a second way.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.backprop import sweep
from microgd.graph import Array, Node
from microgd.op import Local
from microgd.tensor import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """What one operation handed to one of its inputs.

    output        name of the operation's result
    input         name of the input that receives the contribution
    operation     name of the operation in the table of `microgd.ops`
    expression    the operation as it was called: ``w * x``, ``tanh(z)``
    formula       its derivative for this input as the table has it: ``1 - out**2``
    written       the same in the names of this expression: ``1 - a**2``
    upstream      d loss / d output, of the output's shape
    local         d output / d input, elementwise; None for an operation that mixes elements
    contribution  what is added to d loss / d input, of the input's shape
    """

    output: str
    input: str
    operation: str
    expression: str
    formula: str
    written: str
    upstream: Array
    local: Array | None
    contribution: Array


def edges(loss: Tensor) -> list[Edge]:
    """The edges of the backward pass from `loss`, in the order of the sweep; no `.grad` changes.

    The contributions to a tensor add up to its gradient. Raises RuntimeError if nothing requires
    a gradient or a value was replaced since, ValueError if `loss` is not one number.

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> for edge in edges(w * w):
    ...     print(f"{edge.expression}: {edge.upstream:g} * {edge.local:g} = {edge.contribution:g}")
    w * w: 1 * 3 = 3
    w * w: 1 * 3 = 3
    """
    return [
        _edge(node, number, upstream, part)
        for node, number, upstream, part in sweep(loss, start(loss, "edges"), {})
    ]


def start(loss: Tensor, who: str) -> Array:
    """d loss / d loss = 1, from where a sweep begins. Raises as `edges`, in the name of `who`."""
    if not loss.requires_grad:
        raise RuntimeError(
            f"{who}: the loss {loss.describe()} requires no gradient; compute it from tensors with"
            " requires_grad=True, outside of no_grad()"
        )
    if loss.size != 1:
        raise ValueError(f"{who}: the loss {loss.describe()} is not one number; call .mean()")
    return np.ones_like(loss.data)


def called(node: Node) -> str:
    """What a tensor is called: its name, else the operation that made it, else its value."""
    if node.name or node.op:
        return node.name or node.op.name  # type: ignore[union-attr]
    return f"{node.value.item():g}" if node.value.size == 1 else f"constant {node.value.shape}"


def expression(node: Node) -> str:
    """How a tensor was computed, in the names of its inputs: ``w * x``, ``tanh(z)``."""
    if node.op is None:
        return called(node)
    names = [called(x) for x in node.inputs]
    if node.op.symbol and len(names) == 2:
        return f"{names[0]} {node.op.symbol} {names[1]}"
    return f"{node.op.name}({', '.join(names)})"


def written(node: Node, formula: str) -> str:
    """A derivative of the table in the names of this expression: ``1 - a**2``."""
    arguments = node.op.arguments if node.op else ()
    names = dict(zip(arguments, map(called, node.inputs), strict=False))
    return _renamed(formula, names | {"out": called(node)})


def _edge(node: Node, number: int, upstream: Any, part: Any) -> Edge:
    assert node.op is not None
    derivative = node.op.derivatives_of(node.inputs)[number]
    local = None
    if isinstance(derivative, Local):
        local = np.array(
            derivative.rule(node.value, *(x.value for x in node.inputs), **node.params)
        )
    return Edge(
        output=called(node),
        input=called(node.inputs[number]),
        operation=node.op.name,
        expression=expression(node),
        formula=derivative.formula,
        written=written(node, derivative.formula),
        upstream=np.array(upstream),
        local=local,
        contribution=np.array(part),
    )


def _renamed(formula: str, names: dict[str, str]) -> str:
    """`formula` with each argument's name replaced, all at once."""
    return re.sub(r"[A-Za-z_]\w*", lambda word: names.get(word[0], word[0]), formula)
