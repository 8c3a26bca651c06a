"""Paths: a gradient as the sum over the paths that lead from the loss to a tensor."""

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np

from microgd.backprop import sweep
from microgd.explain.book import Book
from microgd.explain.formulas import renamed
from microgd.explain.show import drawing
from microgd.explain.steps import start
from microgd.graph import Array, Node, history
from microgd.norms import norm
from microgd.tensor import Tensor

WORK = 100_000  # partial paths of arrays that are followed, over all nodes; a second or so
MEMORY = 2**28  # bytes that they may take at one node


@dataclass(frozen=True, slots=True)
class Hop:
    """One edge of a path: from an operation's result back to one of its inputs.

    edge       its id in records and pictures: ``n1-n3-0`` is input 0 of node n3, which is n1
    output     name of the operation's result
    input      name of the input
    operation  name of the operation in the table of `microgd.ops`
    formula    its derivative for this input as the table has it: ``1 - out**2``
    written    the same in the names of this expression: ``1 - a**2``
    factor     value of the derivative, where output and input are one number each; else None
    gain       norm of the gradient that leaves over norm of that which arrives; NaN for 0 / 0
    """

    edge: str
    output: str
    input: str
    operation: str
    formula: str
    written: str
    factor: float | None
    gain: float


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """One way from the loss back to the tensor, and what it contributes to the gradient.

    hops          the edges, from the loss on
    contribution  the product of their derivatives, of the tensor's shape
    norm          its Euclidean norm, which is the product of the hops' gains
    share         <contribution, gradient> / norm(gradient)**2: over all paths, shares add up to 1;
                  None where the gradient is 0
    nodes         ids of the nodes that it visits: one more than there are hops
    """

    hops: tuple[Hop, ...]
    contribution: Array
    norm: float
    share: float | None
    nodes: tuple[str, ...]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of its nodes and edges, to mark in a picture."""
        return frozenset({*self.nodes, *(hop.edge for hop in self.hops)})


class Paths(Sequence[Path]):
    """The largest paths from a loss to a tensor, largest contribution first, and what is left.

    loss, tensor  their names
    gradient      d loss / d tensor by the backward pass: the sum over all paths
    n_paths       how many paths there are, exactly
    rest          gradient - the sum of those listed: what all others contribute together
    exact         whether no other path is larger than those listed; True for scalars, and where
                  every path was followed to its end. If False, these are the largest found.
    """

    def __init__(
        self,
        found: Sequence[Path],
        loss: str,
        tensor: str,
        gradient: Array,
        n_paths: int,
        exact: bool,
    ) -> None:
        self._paths = tuple(found)
        self.loss, self.tensor = loss, tensor
        self.gradient, self.n_paths, self.exact = gradient, n_paths, exact
        self.rest: Array = np.asarray(gradient - sum(path.contribution for path in found))

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all nodes and edges on the paths listed, to mark in a picture.

        >>> import microgd as mg
        >>> w = Tensor(3.0, requires_grad=True, name="w")
        >>> loss = mg.square(w * 2.0)
        >>> mg.draw.graph(loss, marked=paths(loss, w).ids)
        <graph: 4 nodes>
        """
        return frozenset().union(*(path.ids for path in self))

    @overload
    def __getitem__(self, index: int) -> Path: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Path, ...]: ...

    def __getitem__(self, index: int | slice) -> Path | tuple[Path, ...]:
        return self._paths[index]

    def __len__(self) -> int:
        """The number of paths listed, which may be less than `n_paths`."""
        return len(self._paths)

    def __repr__(self) -> str:
        return str(drawing("paths", "text")(self))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return dict(drawing("paths", "bundle")(self))


def paths(loss: Tensor, w: Tensor, top: int = 10) -> Paths:
    """The paths from `loss` back to `w` through the graph, largest contribution first.

    d loss / d w is a sum over paths; each contributes the product of the derivatives along it, and
    both edges of ``x * x`` are paths of their own. Listed are `top`; `n_paths` says how many
    there are, and `rest` what the others add up to. No `.grad` changes.

    Where all tensors between are one number each, the list is exact: each node hands on the `top`
    largest products that reach it, for all meet the same factors from there on. Arrays may shrink
    differently, so as many are handed on as time and memory allow (thousands in a small graph),
    and `exact` tells whether any was left behind.

    Raises RuntimeError if nothing requires a gradient or a value was replaced since; ValueError if
    `loss` is not one number, does not depend on `w`, or `top` is less than 1.

    Source: the sum over paths is Bauer, Computational graphs and rounding error, 1974,
    https://doi.org/10.1137/0711010

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> found = paths(w * w + 2.0 * w, w)
    >>> [float(path.contribution) for path in found], found.n_paths, float(found.gradient)
    ([3.0, 3.0, 2.0], 3, 8.0)
    """
    if top < 1:
        raise ValueError(f"paths: top={top}; give the number of paths to list, at least 1")
    seed = start(loss, "paths")
    region, counts = _region(loss, w)
    gradient = _gradient(loss, seed, w)
    scalar = all(node.value.size == 1 for node in counts)
    largest = max(1, *(node.value.nbytes for node in counts))
    keep = top if scalar else max(top, min(WORK // len(counts), MEMORY // largest))

    arrived = {node: _Best(keep) for node in counts}
    arrived[w] = _Best(top)
    arrived[loss].add(_Part(1.0, 1.0 if scalar else seed, math.nan))
    exact = True
    for node in region:
        best = arrived.pop(node)
        exact = exact and (scalar or not best.dropped)
        factors = _pull(node, np.ones_like(node.value)) if scalar else []
        for part in best.parts():
            for index, pulled in factors or _pull(node, part.value):
                if (target := arrived.get(node.inputs[index])) is not None:
                    factor = float(pulled.item()) if scalar else math.nan
                    value = part.value * factor if scalar else pulled
                    target.add(_Part(_size(value), value, factor, part, node, index))

    writer = _Writer(loss, scalar)
    listed = [writer.path(part, w, gradient) for part in arrived[w].parts()]
    return Paths(listed, writer.names[loss], writer.names[w], gradient, counts[loss], exact)


class _Part(NamedTuple):
    """The first hops of a path, up to input `index` of `node`, and what they carry."""

    norm: float
    value: Any
    factor: float  # of the last hop, among scalars
    before: "_Part | None" = None
    node: Node | None = None
    place: int = 0  # which input of `node`


class _Best:
    """The largest of the partial paths that reach a node; of equal ones, those that came first."""

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.dropped = False
        self._heap: list[tuple[float, int, _Part]] = []
        self._tick = itertools.count(0, -1)

    def add(self, part: _Part) -> None:
        """Take up a partial path; the smallest goes when there are too many."""
        entry = (part.norm, next(self._tick), part)
        if len(self._heap) < self.keep:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)
            self.dropped = True

    def parts(self) -> list[_Part]:
        """Largest first."""
        return [part for _, _, part in sorted(self._heap, reverse=True)]


def _region(loss: Tensor, w: Tensor) -> tuple[list[Node], dict[Node, int]]:
    """The nodes between, newest first, and for each of them and `w` the number of paths to `w`."""
    counts: dict[Node, int] = {w: 1}
    order = [node for node in history(loss) if node is not w]
    for node in reversed(order):
        ways = sum(counts.get(x, 0) for x in node.inputs if x.needs_grad)
        if ways:
            counts[node] = ways
    if loss not in counts or not w.needs_grad:
        raise ValueError(
            f"paths: no gradient flows from the loss {loss.describe()} to {w.describe()}; compute"
            " it from this very tensor, with requires_grad=True and outside of no_grad()"
        )
    return [node for node in order if node in counts], counts


def _gradient(loss: Tensor, seed: Array, w: Tensor) -> Array:
    """d loss / d w by the backward pass."""
    totals: dict[Node, Any] = {}
    for node, _, upstream, _ in sweep(loss, seed, totals):
        if node is w:
            return np.array(upstream)
    return np.array(totals[w])


def _pull(node: Node, upstream: Any) -> list[tuple[int, Array]]:
    """What `upstream` becomes on each edge out of `node`: one node of the one sweep."""
    steps = sweep(node, upstream, {}, since=node.time - 1)
    return [(index, np.array(part)) for _, index, _, part in steps]


def _size(value: Any) -> float:
    """The norm; what is not a number ranks first, to be seen."""
    size = abs(value) if isinstance(value, float) else norm(value)
    return math.inf if math.isnan(size) else size


class _Writer:
    """Writes paths down, in the names of one graph."""

    def __init__(self, loss: Tensor, scalar: bool) -> None:
        book = Book(loss)
        self.ids, self.names = book.ids, book.labels
        self.scalar = scalar
        self.hops: dict[tuple[Node, int], Hop] = {}

    def path(self, part: _Part, w: Tensor, gradient: Array) -> Path:
        """The whole path of which `part` is the last hop."""
        hops = []
        visited = [self.ids[w]]
        at = part
        while at.before is not None and at.node is not None:
            hops.append(self.hop(at, at.before, at.node))
            visited.append(self.ids[at.node])
            at = at.before
        contribution = np.full(w.shape, part.value, w.dtype) if self.scalar else part.value
        whole = norm(gradient)
        return Path(
            hops=tuple(reversed(hops)),
            contribution=contribution,
            norm=part.norm,
            share=float(np.vdot(gradient / whole, contribution / whole)) if whole else None,
            nodes=tuple(reversed(visited)),
        )

    def hop(self, part: _Part, before: _Part, node: Node) -> Hop:
        """The last hop of `part`, which went on from `before` at `node`."""
        if self.scalar and (node, part.place) in self.hops:  # the same on every path
            return self.hops[node, part.place]
        assert node.op is not None
        x = node.inputs[part.place]
        formula = node.op.derivatives_of(node.inputs)[part.place].formula
        inputs = map(self.names.__getitem__, node.inputs)
        names = dict(zip(node.op.arguments, inputs, strict=False)) | {"out": self.names[node]}
        gain = part.norm / before.norm if before.norm else math.nan
        self.hops[node, part.place] = new = Hop(
            edge=f"{self.ids[x]}-{self.ids[node]}-{part.place}",
            output=self.names[node],
            input=self.names[x],
            operation=node.op.name,
            formula=formula,
            written=renamed(formula, names),
            factor=part.factor if self.scalar else None,
            gain=abs(part.factor) if self.scalar else gain,
        )
        return new
