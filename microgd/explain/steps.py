"""Steps: the backward pass and the forward pass as sequences of which every number can be seen.

They are copied from the sweep that trains, as it runs; nothing is computed a second way.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np

from microgd.backprop import sweep
from microgd.explain.book import Book
from microgd.explain.show import drawing
from microgd.explain.step import Step, StepEdge
from microgd.graph import Array, Node, history
from microgd.tensor import Tensor

__all__ = ["Backprop", "Forward", "Recording", "Step", "StepEdge", "backprop", "forward"]


class Recording(Sequence[Step]):
    """The steps of one pass, in order, and the nodes that they are about."""

    kind = ""

    def __init__(self, steps: Sequence[Step], book: Book) -> None:
        self._steps = tuple(steps)
        self.book = book

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def title(self) -> str:
        """Which pass this is: ``backward pass from loss``."""
        return f"{self.kind} {self.label(self.loss)}"

    @property
    def loss(self) -> Node:
        """The result that the pass ends with, or starts from."""
        return self.book.loss

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes that the loss depends on, leaves and constants included, oldest first."""
        return tuple(self.book.ids)

    def id(self, node: Node) -> str:
        """The id of a node, the same in every record, picture and page: ``n0`` is the oldest."""
        return self.book.ids[node]

    def label(self, node: Node) -> str:
        """What a node is called, no two alike."""
        return self.book.labels[node]

    def value(self, node: Node) -> Array:
        """The value of a node when it was recorded."""
        return self.book.value(node)

    def save(self, path: str | Path) -> Path:
        """Write the steps as one page that works offline; returns the path."""
        path = Path(path)
        path.write_text(drawing("stepper", "page")(self), encoding="utf-8")
        return path

    def play(self) -> None:
        """Step through in the terminal, with the arrow keys or n, p and q; plain in a pipe."""
        drawing("play", "play")(self)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return drawing("notebook", "bundle")(self)

    def _mime_(self) -> tuple[str, str]:
        """For marimo, which asks for one type."""
        return "text/html", drawing("notebook", "bundle")(self)["text/html"]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self)} steps>"


class Backprop(Recording):
    """A recorded backward pass: one `Step` for each operation, from the loss to the leaves."""

    kind = "backward pass from"

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


class Forward(Recording):
    """A forward pass: one `Step` for each operation, from the inputs to the loss."""

    kind = "forward pass to"


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
    return _swept(loss, start(loss, who), book)


def _swept(loss: Tensor, seed: Array, book: Book) -> Iterator[Step]:
    totals: dict[Node, Any] = {}
    edges: list[StepEdge] = []
    values: tuple[Array, ...] = ()
    count = 1
    for node, index, upstream, part in sweep(loss, seed, totals):
        if not edges:
            values = tuple([book.value(x) for x in node.inputs])
            arrived = np.asarray(upstream)
            last = max(i for i, x in enumerate(node.inputs) if x.needs_grad)
        x = node.inputs[index]
        before = totals.get(x)
        if before is not None:
            before = np.array(before)  # the sweep may add in place
            part = np.asarray(part)
        else:
            part = np.asarray(part) if x.op else np.array(part)
        edges.append(StepEdge(node, index, arrived, part, before, book.value(node), values, book))
        if index == last:
            yield Step(count, node, book.value(node), arrived, tuple(edges), values, book)
            count += 1
            edges = []


def walk_forward(loss: Tensor, book: Book, who: str) -> Iterator[Step]:
    """The operations that led to `loss`, oldest first. Raises as `forward`, in `who`'s name."""
    if loss.op is None:
        raise ValueError(
            f"{who}: {loss.describe()} came from no recorded operation; compute it from tensors"
            " with requires_grad=True, outside of no_grad()"
        )
    return (
        Step(count, node, book.value(node), None, (), tuple(map(book.value, node.inputs)), book)
        for count, node in enumerate(reversed(history(loss)), 1)
    )


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
