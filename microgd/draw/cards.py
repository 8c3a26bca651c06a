"""Cards: what is written in each box of a picture, as short lines of plain text."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.draw.folding import Box, Folding, is_constant, is_parameter
from microgd.explain.labels import labels
from microgd.explain.text import clean, number, shape
from microgd.graph import Array, Node
from microgd.norms import norm

NOT_COMPUTED = "not computed"
NUMBERED = 10_000  # nodes up to which v7 is the seventh of all results, not of those shown
FEW = 3  # elements up to which a vector is written out
SPOKEN = 4  # operations that a folded box names


@dataclass(frozen=True, slots=True)
class Card:
    """The text of a box.

    kind  of its outline: a key of `microgd.draw.style.KINDS`
    head  what it is: an operation, a parameter's name, a module's path
    name  of an operation's result, beside the head
    rows  what is known of it: ``("value", "0.7163")``
    """

    kind: str
    head: str
    name: str = ""
    rows: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        rows = [f"{what} {text}" for what, text in self.rows]
        return ", ".join([" ".join(filter(None, (self.head, self.name))), *rows])


def cards(
    folding: Folding, gradients: Mapping[Node, str] | None, values: bool, root: Node
) -> dict[Box, Card]:
    """A card for each box; `gradients` is what to write for those that are known, None for none."""
    alone = [box.nodes[0] for box in folding.boxes if not box.folded]
    called = labels(folding.ids if len(folding.ids) <= NUMBERED else alone)
    return {
        box: _of_many(box, gradients, values)
        if box.folded
        else _of_one(box, called, gradients, values, root)
        for box in folding.boxes
    }


def written(value: Array) -> str:
    """A number, a short vector, or the range of an array.

    >>> written(np.array([0.5, -1.0])), written(np.arange(6.0))
    ('[0.5, -1]', '0 to 5')
    """
    if value.size == 1:
        return number(value.item())
    if value.ndim == 1 and 0 < value.size <= FEW:
        return f"[{', '.join(f'{float(x):.3g}' for x in value)}]"
    if not value.size:
        return "empty"
    low, high = float(value.min()), float(value.max())
    if not np.isfinite([low, high]).all():
        return f"{int((~np.isfinite(value)).sum()):,} not finite"
    return f"all {low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def written_gradient(gradient: Any) -> str:
    """A number, a short vector, or the Euclidean norm of an array.

    >>> written_gradient(np.full(4, 0.5))
    'norm 1'
    """
    gradient = np.asarray(gradient)
    if gradient.size == 1 or (gradient.ndim == 1 and gradient.size <= FEW):
        return written(gradient)
    return f"norm {norm(gradient):.3g}"


def _of_one(
    box: Box,
    called: Mapping[Node, str],
    gradients: Mapping[Node, str] | None,
    values: bool,
    root: Node,
) -> Card:
    node = box.nodes[0]
    if is_constant(node) and node is not root:
        return Card("constant", called[node])
    kind = "op" if node.op else "parameter" if is_parameter(node) else "data"
    kind = "result" if node is root else kind
    rows = _rows(node, gradients, values)
    if node.op is None:
        if node.name or node.needs_grad:
            return Card(kind, called[node].removeprefix(f"{box.path}."), rows=rows)
        return Card(kind, "data", called[node], rows)
    return Card(kind, clean(node.op.symbol or node.op.name), called[node], rows)


def _rows(
    node: Node, gradients: Mapping[Node, str] | None, values: bool
) -> tuple[tuple[str, str], ...]:
    rows = [("shape", shape(node.value))] if node.value.ndim else []
    if values:
        rows.append(("value", written(node.value)))
    if gradients is not None:
        rows.append(("grad", gradients.get(node, NOT_COMPUTED)))
    return tuple(rows)


def _of_many(box: Box, gradients: Mapping[Node, str] | None, values: bool) -> Card:
    ops = Counter(node.op.name for node in box.nodes if node.op)
    learned = [node for node in box.nodes if is_parameter(node)]
    rows = []
    if ops.total() == 1:
        rows.append(("does", clean(next(iter(ops)))))
    elif ops:
        said = [clean(name) for name, _ in ops.most_common(SPOKEN)]
        rows += [("does", f"{ops.total():,} operations")] if box.path else []
        rows.append(("", ", ".join(said) + (", ..." if len(ops) > SPOKEN else "")))
    if learned and ops:
        rows.append(("learns", f"{sum(node.value.size for node in learned):,} numbers"))
    if len(box.gives) == 1:
        rows += _rows(next(iter(box.gives)), gradients, values)
    kind = "module" if box.path else "group"
    return Card(kind, clean(box.path) or _group(box, ops.total()), rows=tuple(rows))


def _group(box: Box, acts: int) -> str:
    if acts:
        return f"{acts:,} operations"
    leaf, many = box.nodes[0], f"{len(box.nodes):,} "
    return many + (
        "parameters" if is_parameter(leaf) else "constants" if is_constant(leaf) else "inputs"
    )
