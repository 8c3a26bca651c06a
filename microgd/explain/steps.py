"""Steps: the backward pass and the forward pass as sequences of which every number can be seen.

They are copied from the sweep that trains, as it runs; nothing is computed a second way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np

from microgd.backprop import sweep
from microgd.explain import formulas, text
from microgd.explain.ids import number
from microgd.explain.labels import labels
from microgd.explain.show import drawing
from microgd.graph import Array, Node, history
from microgd.op import Local
from microgd.tensor import Tensor


class Book:
    """What the steps of one recording share: the ids and labels of its nodes, found when asked."""

    def __init__(self, loss: Node) -> None:
        self.loss = loss
        self.values: dict[Node, Array] = {}

    @cached_property
    def ids(self) -> dict[Node, str]:
        """``n0`` is the oldest node."""
        return number(self.loss)

    @cached_property
    def labels(self) -> dict[Node, str]:
        """What the nodes are called, no two alike."""
        return labels(self.ids)

    def value(self, node: Node) -> Array:
        """The value of a node as it was when first asked for: later changes do not reach it."""
        found = self.values.get(node)
        if found is None:
            found = node.value
            if node.op is None or found.base is not None:  # training writes into leaves
                found = found.copy()
            self.values[node] = found
        return found


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
    _out: Array = field(default_factory=lambda: np.empty(0))
    _values: tuple[Array, ...] = ()
    _book: Book | None = None
    _local: Array | None = None

    @property
    def input(self) -> Node:
        """The tensor that receives the contribution."""
        return self.node.inputs[self.index]

    @property
    def label(self) -> str:
        """What the input is called."""
        return self._labels[self.input]

    @property
    def formula(self) -> str:
        """The derivative for this input as the table of calculus has it: ``1 - out**2``."""
        return str(self._derivative.formula)

    @property
    def written(self) -> str:
        """The formula in the names of this expression: ``1 - a**2``."""
        assert self.node.op is not None
        called = (self._labels[x] for x in self.node.inputs)
        names = dict(zip(self.node.op.arguments, called, strict=False))
        return formulas.renamed(self.formula, names | {"out": self._labels[self.node]})

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
        return self.contribution if self.before is None else self.before + self.contribution

    @property
    def _derivative(self) -> Any:
        assert self.node.op is not None
        return self.node.op.derivatives_of(self.node.inputs)[self.index]

    @property
    def _labels(self) -> dict[Node, str]:
        assert self._book is not None
        return self._book.labels

    def __repr__(self) -> str:
        return f"<edge {self.index}: {self.written}, to {self.label}>"


@dataclass(slots=True, eq=False, repr=False)
class Step:
    """One operation, taken forward or backward.

    number    place in the sequence, from 0
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
    def expression(self) -> str:
        """The operation as it was called: ``w * x``."""
        return formulas.expression(self.node, [self._book.labels[x] for x in self.node.inputs])

    @property
    def substituted(self) -> str | None:
        """The expression with numbers put in for names: ``0.8 * 1.5``; None for arrays."""
        return formulas.in_numbers(self.node, self._values)

    @property
    def accumulates(self) -> bool:
        """Whether a contribution is added to one that is there already."""
        return any(edge.accumulates for edge in self.edges)

    def __str__(self) -> str:
        return text.step(self)

    def __repr__(self) -> str:
        return f"<step {self.number}: {self.name} = {self.expression}>"


class Recording(Sequence[Step]):
    """The steps of one pass, in order, and the nodes that they are about."""

    def __init__(self, steps: Sequence[Step], book: Book) -> None:
        self._steps = tuple(steps)
        self._book = book

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def loss(self) -> Node:
        """The result that the pass ends with, or starts from."""
        return self._book.loss

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes that the loss depends on, leaves and constants included, oldest first."""
        return tuple(self._book.ids)

    def id(self, node: Node) -> str:
        """The id of a node, the same in every record, picture and page: ``n0`` is the oldest."""
        return self._book.ids[node]

    def label(self, node: Node) -> str:
        """What a node is called, no two alike."""
        return self._book.labels[node]

    def value(self, node: Node) -> Array:
        """The value of a node when it was recorded."""
        return self._book.value(node)

    def save(self, path: str | Path) -> Path:
        """Write the steps as one page that works offline; returns the path."""
        path = Path(path)
        path.write_text(drawing("stepper", "page")(self), encoding="utf-8")
        return path

    def play(self) -> None:
        """Step through in the terminal, with the arrow keys or n, p and q."""
        drawing("play", "play")(self)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return drawing("notebook", "bundle")(self)

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))


class Backprop(Recording):
    """A recorded backward pass: one `Step` for each operation, from the loss to the leaves."""

    def gradient(self, node: Node) -> Array | None:
        """d loss / d node, to the bit what a first `backward()` puts into `.grad`.

        None where no gradient was computed.
        """
        return self._gradients.get(node)

    @cached_property
    def _gradients(self) -> dict[Node, Array]:
        found = {edge.input: edge for step in self for edge in step.edges}
        return {
            self.loss: np.ones_like(self.value(self.loss)),
            **{node: np.asarray(last.after) for node, last in found.items()},
        }

    def __repr__(self) -> str:
        return f"<backward pass from {self.label(self.loss)}: {len(self)} steps>"


class Forward(Recording):
    """A forward pass: one `Step` for each operation, from the inputs to the loss."""

    def __repr__(self) -> str:
        return f"<forward pass to {self.label(self.loss)}: {len(self)} steps>"


def backprop(loss: Tensor) -> Backprop:
    """Record one backward pass from `loss`, step by step; no `.grad` changes.

    The sum of the contributions to a tensor is, to the bit, what ``loss.backward()`` adds to its
    `.grad`. Recording disturbs nothing: before, after or instead of `backward()`, training goes
    on as if nobody had looked. The record keeps its numbers when training goes on.

    Raises RuntimeError if nothing requires a gradient or a value was replaced since, ValueError
    if `loss` is not one number.

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> record = backprop(w * w)
    >>> for edge in record[0].edges:
    ...     print(edge.label, edge.upstream, edge.local, edge.before, edge.after)
    w 1.0 3.0 None 3.0
    w 1.0 3.0 3.0 6.0
    """
    book = Book(loss)
    return Backprop(list(walk(loss, book, "backprop")), book)


def forward(loss: Tensor) -> Forward:
    """The forward pass that led to `loss`, step by step.

    Raises ValueError if no operation was recorded.

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> [f"{step.name} = {step.expression} = {step.value}" for step in forward(2 * w + 1)]
    ['v1 = 2 * w = 6.0', 'v2 = v1 + 1 = 7.0']
    """
    book = Book(loss)
    return Forward(list(walk_forward(loss, book, "forward")), book)


def walk(loss: Tensor, book: Book, who: str) -> Iterator[Step]:
    """The steps of one sweep, each when its last contribution is known: the sweep then waits."""
    totals: dict[Node, Any] = {}
    edges: list[StepEdge] = []
    values: tuple[Array, ...] = ()
    count = 0
    for node, index, upstream, part in sweep(loss, start(loss, who), totals):
        if not edges:
            values = tuple([book.value(x) for x in node.inputs])
            last = max(i for i, x in enumerate(node.inputs) if x.needs_grad)
        x = node.inputs[index]
        before = totals.get(x)
        if before is not None:
            before = np.array(before)  # the sweep may add in place
        elif x.op is None:
            part = np.array(part)
        edges.append(StepEdge(node, index, upstream, part, before, book.value(node), values, book))
        if index == last:
            yield Step(count, node, book.value(node), upstream, tuple(edges), values, book)
            count += 1
            edges = []


def walk_forward(loss: Tensor, book: Book, who: str) -> Iterator[Step]:
    """The operations that led to `loss`, oldest first."""
    if loss.op is None:
        raise ValueError(f"{who}: {loss.describe()} came from no recorded operation")
    for count, node in enumerate(reversed(history(loss))):
        values = tuple([book.value(x) for x in node.inputs])
        yield Step(count, node, book.value(node), None, (), values, book)


def start(loss: Tensor, who: str) -> Array:
    """d loss / d loss = 1, where a sweep begins. Raises as `backprop`, in the name of `who`."""
    if not loss.requires_grad:
        raise RuntimeError(
            f"{who}: the loss {loss.describe()} requires no gradient; compute it from tensors with"
            " requires_grad=True, outside of no_grad()"
        )
    if loss.size != 1:
        raise ValueError(f"{who}: the loss {loss.describe()} is not one number; call .mean()")
    return np.ones_like(loss.data)
