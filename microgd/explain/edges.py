"""Edges: the backward pass as a list, *upstream x local derivative = contribution*, one edge each.

The steps of `microgd.explain.steps`, flat, for tables and documents.
"""

from dataclasses import dataclass

from microgd.explain.steps import backprop
from microgd.graph import Array
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

    The contributions to a tensor add up to its gradient. Raises as `backprop`.

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> for edge in edges(w * w):
    ...     print(f"{edge.expression}: {edge.upstream:g} * {edge.local:g} = {edge.contribution:g}")
    w * w: 1 * 3 = 3
    w * w: 1 * 3 = 3
    """
    return [
        Edge(
            output=step.name,
            input=edge.label,
            operation=step.op,
            expression=step.expression,
            formula=edge.formula,
            written=edge.written,
            upstream=edge.upstream,
            local=edge.local,
            contribution=edge.contribution,
        )
        for step in backprop(loss)
        for edge in step.edges
    ]
