"""Calls: the recorded computation, cut into the calls of a model's modules.

Each call is a piece. A module that hands on from part to part is told by its parts, and what its
own `forward` does between them by its operations. Where parts stand beside one another (a skip
connection, a recurrent cell) the gradient flows past each of them: such a module is one piece.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, NamedTuple

from microgd.graph import Node, dotted, history
from microgd.nn.module import Module


class Piece(NamedTuple):
    """Operations that are looked at as one, oldest first."""

    name: str
    nodes: list[Node]


class _Part(NamedTuple):
    """What a module does at one place: a call of a module within it, or an operation."""

    name: str
    nodes: list[Node]
    is_call: bool


def pieces(model: Module, loss: Node, until: int | None = None) -> list[Piece]:
    """The calls of `model`'s modules on the way to `loss`, in order.

    Left out is what works on the data alone, and what the loss adds: all that is younger than
    `until`, or without it than the last call. Where a module is called more than once, each
    call is a piece of its own: ``cell[0]``, ``cell[1]``.
    """
    nodes = history(loss)[::-1]
    if until is None:
        until = max((node.time for node in nodes if node.scope), default=-1)
    parameters: set[Node] = set(model.parameters())
    learned, fixed = set(parameters), set(parameters)
    for node in nodes:
        if any(x in learned for x in node.inputs):
            learned.add(node)
        if all(x in fixed for x in node.inputs):  # from parameters alone, as weight.T
            fixed.add(node)
    nodes = [node for node in nodes if node.time <= until and node in learned]
    found = list(_told("", nodes, 0, set(nodes) - fixed))
    calls = Counter(piece.name for piece in found)
    number: Counter[str] = Counter()
    for i, (name, its) in enumerate(found):
        if calls[name] > 1:
            found[i] = Piece(f"{name}[{number[name]}]", its)
            number[name] += 1
    return found


def _told(name: str, nodes: list[Node], depth: int, signals: set[Node]) -> Iterator[Piece]:
    """The pieces of one call, whose modules within begin at `depth`."""
    parts = _parts(nodes, depth, signals)
    if depth and not any(part.is_call for part in parts):
        yield Piece(name, nodes)
        return
    bundles = [(b, len(b) > 1 and not _repeats(b)) for b in _bundles(parts, signals)]
    if depth and any(beside for _, beside in bundles):
        yield Piece(name, nodes)
        return
    for bundle, beside in bundles:
        if beside:
            together = [node for part in bundle for node in part.nodes]
            yield Piece(f"{bundle[0].name}..{bundle[-1].name}", together)
            continue
        for part in bundle:
            if part.is_call:
                yield from _told(part.name, part.nodes, depth + 1, signals)
            else:
                yield Piece(part.name, part.nodes)


def _parts(nodes: list[Node], depth: int, signals: set[Node]) -> list[_Part]:
    """The calls and the operations of one call, in order."""
    found: dict[int, _Part] = {}
    user: dict[Node, int] = {}
    for node in reversed(nodes):
        calls = calls_of(node)
        assert node.op is not None
        if depth < len(calls):
            key, part = id(calls[depth]), _Part(dotted(calls[depth]), [], True)
        else:
            scope = f"{node.scope}." if node.scope else ""
            key, part = id(node), _Part(f"{scope}{node.op.name}", [], False)
            if node not in signals:  # it goes with what uses it
                key = user.get(node, key)
        found.setdefault(key, part).nodes.append(node)
        user.update((x, key) for x in node.inputs)
    return [part._replace(nodes=part.nodes[::-1]) for part in reversed(found.values())]


def calls_of(node: Node) -> list[Any]:
    """The calls in which `node` was recorded, outermost first."""
    call, found = node.call, list[Any]()
    while call:
        found.append(call)
        call = call[0]
    return found[::-1]


def _bundles(parts: list[_Part], signals: set[Node]) -> list[list[_Part]]:
    """`parts` cut wherever all that comes later depends on the part before alone."""
    place = {node: i for i, part in enumerate(parts, 1) for node in part.nodes}
    passing = [0] * (len(parts) + 2)  # +1 where an edge begins to pass by, -1 where it ends
    for node, i in place.items():
        for x in node.inputs:
            j = place.get(x, 0)  # 0: what comes in from outside
            if x in signals and i - j > 1:
                passing[j + 1] += 1
                passing[i] -= 1
    bundles: list[list[_Part]] = [[]]
    for part, by in zip(parts, list(accumulate(passing))[1:], strict=False):
        bundles[-1].append(part)
        if not by:
            bundles.append([])
    return [bundle for bundle in bundles if bundle]


def _repeats(bundle: list[_Part]) -> bool:
    """Whether a module is called more than once: a recurrent network, told by its time steps."""
    names = [part.name for part in bundle if part.is_call]
    return len(set(names)) < len(names)
