"""A step: one operation of a backward or a forward pass, with everything that can be said of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.explain import formulas, text
from microgd.explain.book import Book
from microgd.graph import Array, Node
from microgd.op import Local


@dataclass(slots=True, eq=False, repr=False)
class StepEdge:
    """What one operation hands to one of its inputs: *upstream x local = contribution*.

    index         number of the input, from 0
    upstream      d loss / d output, of the output's shape
    contribution  what is added to d loss / d input, of the input's shape
    before        the sum of the contributions so far; None where this is the first
    """

    node: Node
    index: int
    upstream: Array
    contribution: Array
    before: Array | None
    _out: Array
    _values: tuple[Array, ...]
    _book: Book
    _local: Array | None = None

    @property
    def input(self) -> Node:
        """The tensor that receives the contribution."""
        return self.node.inputs[self.index]

    @property
    def label(self) -> str:
        """What the input is called."""
        return self._book.labels[self.input]

    @property
    def formula(self) -> str:
        """The derivative for this input as the table of calculus has it: ``1 - out**2``."""
        return str(self._derivative.formula)

    @property
    def written(self) -> str:
        """The formula in the names of this expression: ``1 - a**2``."""
        assert self.node.op is not None
        called = (self._book.labels[x] for x in self.node.inputs)
        names = dict(zip(self.node.op.arguments, called, strict=False))
        return formulas.renamed(self.formula, names | {"out": self._book.labels[self.node]})

    @property
    def substituted(self) -> str | None:
        """The formula with numbers put in for names: ``1 - 0.72**2``; None for arrays."""
        return formulas.substituted(self.node, self.index, self._out, self._values)

    @property
    def local(self) -> Array | None:
        """d output / d input, elementwise; None for an operation that mixes elements.

        As the rule gives it: one number may stand for all elements.
        """
        derivative = self._derivative
        if self._local is None and type(derivative) is Local:
            local = np.array(derivative.rule(self._out, *self._values, **self.node.params))
            self._local = local.astype(self.upstream.dtype) if local.dtype == bool else local
        return self._local

    @property
    def accumulates(self) -> bool:
        """Whether something is there already, so that this is added to it."""
        return self.before is not None

    @property
    def after(self) -> Array:
        """The sum of the contributions so far, this one included."""
        if self.before is None:
            return self.contribution
        return np.asarray(self.before + self.contribution)

    @property
    def _labels(self) -> dict[Node, str]:
        return self._book.labels

    @property
    def _derivative(self) -> Any:
        assert self.node.op is not None
        return self.node.op.derivatives_of(self.node.inputs)[self.index]

    def __repr__(self) -> str:
        return f"<edge {self.index}: {self.written}, to {self.label}>"


@dataclass(slots=True, eq=False, repr=False)
class Step:
    """One operation, taken forward or backward.

    number    place in the sequence, from 1: `record[0].number` is 1
    node      the tensor that the operation made
    value     its value
    upstream  d loss / d node; None in a forward pass
    edges     what the node hands on, one for each input that needs a gradient; () in a forward pass
    """

    number: int
    node: Node
    value: Array
    upstream: Array | None
    edges: tuple[StepEdge, ...]
    _values: tuple[Array, ...]
    _book: Book

    @property
    def op(self) -> str:
        """The operation's name in the table of calculus."""
        assert self.node.op is not None
        return self.node.op.name

    @property
    def name(self) -> str:
        """What the node is called: its own name, or one given to it here (`v1`, `v2`, ...)."""
        return self._book.labels[self.node]

    @property
    def loss(self) -> str:
        """What the result is called that the pass ends with, or starts from."""
        return self._book.labels[self._book.loss]

    @property
    def scope(self) -> str:
        """The path of the module that recorded the operation; empty outside of modules."""
        return self.node.scope

    @property
    def id(self) -> str:
        """The node's id, the same in every picture and page."""
        return self._book.ids[self.node]

    @property
    def inputs(self) -> tuple[Array, ...]:
        """The values that went in."""
        return self._values

    @property
    def labels(self) -> tuple[str, ...]:
        """What the inputs are called."""
        return tuple(self._book.labels[x] for x in self.node.inputs)

    @property
    def expression(self) -> str:
        """The operation as it was called: ``w * x``."""
        return self._book.expression(self.node)

    @property
    def substituted(self) -> str | None:
        """The expression with numbers put in for names: ``0.8 * 1.5``; None for arrays."""
        return formulas.in_numbers(self.node, self._values)

    @property
    def accumulates(self) -> bool:
        """Whether a contribution is added to one that is there already."""
        return any(edge.accumulates for edge in self.edges)

    def __str__(self) -> str:
        return text.filled(text.step(self), text.room())

    def _repr_html_(self) -> str:
        return text.preformatted(str(self))

    def __repr__(self) -> str:
        return f"<step {self.number}: {self._book.line(self.node)}>"
