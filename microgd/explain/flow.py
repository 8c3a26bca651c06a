"""Flow: what every module makes of the signal, on its way forward, and of the gradient, back.

Measured in the one sweep that trains, as the gradient crosses from module to module.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from microgd.backprop import sweep
from microgd.explain.activity import dead, saturated, units
from microgd.explain.calls import Piece, pieces
from microgd.explain.layers import Layer, layers
from microgd.explain.show import drawing
from microgd.explain.steps import start
from microgd.explain.untouched import untouched
from microgd.graph import Array, Node
from microgd.nn import Module, cross_entropy
from microgd.norms import norm, total
from microgd.optim import Optimizer
from microgd.tensor import Tensor
from microgd.train.evaluate import Pair, loss_value, pair


@dataclass(frozen=True, slots=True)
class Row:
    """One call of a module. Norms are Euclidean, over all elements of the batch.

    module      path of the module, as ``layers.2``; ``cell[3]`` is its fourth call
    units       how many numbers it gives for each row
    mean, std   of its output
    saturated   share of the output's elements at which the slope is small, 0 to 1, see
                `microgd.explain.activity`; None for what does not saturate
    dead        share of rectifiers that are 0 for the whole batch, 0 to 1; None for others
    at_output   norm of d loss / d output
    at_input    norm of d loss / d input, as far as it comes through this call; None where the
                input is data that requires no gradient
    gain        at_input / at_output; None where either is not there, or nothing arrives
    share       at_output / at_output of the last row: what is left of the gradient
    skip        where the input is also added to the output: the part of the gain that takes the
                short way, and in `branch` the part that takes the long one; else None
    weights     norm of the parameters; None without any
    of_weights  norm of d loss / d parameters, as far as this call uses them; None where none
                requires it
    update      norm of what the optimizer's step would change in the parameters / their norm;
                None where there is no such step
    """

    module: str
    units: int
    mean: float
    std: float
    saturated: float | None
    dead: float | None
    at_output: float
    at_input: float | None
    gain: float | None
    share: float | None
    skip: float | None
    branch: float | None
    weights: float | None
    of_weights: float | None
    update: float | None


@dataclass(frozen=True, slots=True, repr=False)
class Flow(Sequence[Row]):
    """The rows of a model, in order; along a chain the input of each is the output of the last.

    rows    one for each call of a module
    layers  each dense layer with its activation: its gain split in two, beside the theory
    loss    the number from which the gradient comes
    """

    rows: tuple[Row, ...]
    layers: tuple[Layer, ...]
    loss: float

    @property
    def factor(self) -> float | None:
        """End to end: the norm of the gradient at the first input / at the last output.

        Of the first output, where the data require no gradient. Along a chain it is the product
        of the gains.
        """
        if not self.rows:
            return None
        first, last = self.rows[0], self.rows[-1]
        arrived = first.at_output if first.at_input is None else first.at_input
        return _ratio(arrived, last.at_output)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return str(drawing("flows", "text")(self))


def flow(
    model: Module,
    loss_or_batch: Tensor | Pair,
    loss: Callable[[Any, Any], Any] = cross_entropy,
    *,
    optimizer: Optimizer | None = None,
    split: bool = True,
) -> Flow:
    """What becomes of the signal and of the gradient in every module; changes nothing.

    loss_or_batch  the loss, one number computed with `model`; or a Dataset or a pair (x, y), on
                   which `model` and `loss` are then run, and x gets a gradient, too
    optimizer      whose next step is to be foreseen, for the column `update`
    split          whether to split the gain of dense layers; singular values take their time

    Raises RuntimeError if the loss requires no gradient, ValueError if it is not one number, or no
    module of the model is on the way to it.

    >>> from microgd import nn
    >>> model = nn.MLP([2, 4, 4, 2], activation="sigmoid", rng=0)
    >>> found = flow(model, ([[1.0, -1.0], [0.5, 2.0]], [0, 1]))
    >>> [row.module for row in found]
    ['layers.0', 'layers.1', 'layers.2', 'layers.3', 'layers.4']
    >>> import math
    >>> math.isclose(math.prod(row.gain for row in found), found.factor)
    True
    """
    if isinstance(loss_or_batch, Tensor):
        return _measure(model, loss_or_batch, None, optimizer, split)
    x, y = pair("flow", loss_or_batch)
    with untouched(model):
        outputs = model(Tensor(x, requires_grad=x.dtype.kind == "f"))
        value = loss(outputs, y)
        loss_value("flow", value)
        return _measure(model, value, outputs.time, optimizer, split)


def _measure(
    model: Module, loss: Tensor, until: int | None, optimizer: Optimizer | None, split: bool
) -> Flow:
    seed = start(loss, "flow")
    found = pieces(model, loss, until)
    if not found:
        raise ValueError(
            "flow: no module of the model is on the way to the loss; compute the loss with this"
            " model, outside of no_grad(). The operations of the model itself cannot be told from"
            " those of the loss: give a batch instead, or wrap the model in nn.Sequential(model)"
        )
    measured = _Measured(model, found)
    measured.back(loss, seed)
    updates = _foreseen(model, optimizer, measured.totals) if optimizer is not None else {}
    rows = tuple(measured.row(i, updates) for i in range(len(found)))
    dense = tuple(layers(model, found, rows, measured.upstream)) if split else ()
    return Flow(rows, dense, float(loss.value.item()))


class _Measured:
    """One sweep over the pieces of a model: what crosses from piece to piece.

    upstream  norm of the gradient at every operation
    totals    the gradient of every leaf
    """

    def __init__(self, model: Module, found: list[Piece]) -> None:
        self.model, self.pieces = model, found
        self.place = {node: i for i, piece in enumerate(found) for node in piece.nodes}
        self.parameters: set[Node] = set(model.parameters())
        self.upstream: dict[Node, float] = {}
        self.totals: dict[Node, Any] = {}
        self.outputs: list[dict[Node, Array]] = [{} for _ in found]
        self.inputs: list[dict[tuple[Node, bool], Array]] = [{} for _ in found]  # bool: a short cut

    def back(self, loss: Tensor, seed: Array) -> None:
        """Carry the gradient back, and keep what crosses."""
        place, last = self.place, None
        if loss in place:
            self.outputs[place[loss]][loss] = seed
        for node, i, upstream, part in sweep(loss, seed, self.totals):
            here, x = place.get(node), node.inputs[i]
            if here is not None and node is not last:
                self.upstream[node] = norm(upstream)
                last = node
            there = place.get(x)
            if here == there:
                continue
            if there is not None:
                _add(self.outputs[there], x, part)
            if here is not None:
                direct = node.op is not None and node.op.name == "add"
                _add(self.inputs[here], (x, direct), part)

    def row(self, i: int, updates: dict[Node, Array]) -> Row:
        """What was measured at piece `i`."""
        newest = max(self.outputs[i], key=lambda node: node.time)
        value = newest.value
        used = {x: part for (x, _), part in self.inputs[i].items() if x in self.parameters}
        crossing = {key: part for key, part in self.inputs[i].items() if key[0] not in used}
        learned = {key: part for key, part in crossing.items() if key[0] in self.place}
        crossing = learned or crossing  # what comes from the data counts where nothing else comes
        at_output, at_input = total(self.outputs[i].values()), self._joined(crossing)
        skip, branch = self._skip(crossing)
        inputs = {x for node in self.pieces[i].nodes for x in node.inputs}
        parameters = [p.value for p in inputs & self.parameters]
        steps = [(updates[x], x.value) for x in used if x in updates]
        return Row(
            module=self.pieces[i].name,
            units=units(value).shape[1],
            mean=float(value.mean()),
            std=float(value.std()),
            saturated=saturated(newest),
            dead=dead(newest),
            at_output=at_output,
            at_input=at_input,
            gain=None if at_input is None else _ratio(at_input, at_output),
            share=_ratio(at_output, total(self.outputs[-1].values())),
            skip=None if skip is None else _ratio(skip, at_output),
            branch=None if branch is None else _ratio(branch, at_output),
            weights=total(parameters) if parameters else None,
            of_weights=total(used.values()) if used else None,
            update=_ratio(*map(total, zip(*steps, strict=True))) if steps else None,
        )

    @staticmethod
    def _joined(crossing: dict[tuple[Node, bool], Array]) -> float | None:
        """The norm of the gradient at all inputs together."""
        totals: dict[Node, Array] = {}
        for (x, _), part in crossing.items():
            totals[x] = totals[x] + part if x in totals else part
        return total(totals.values()) if totals else None

    @staticmethod
    def _skip(crossing: dict[tuple[Node, bool], Array]) -> tuple[float | None, float | None]:
        """The norms of what came straight from an addition, and of what did not, to one input."""
        for x, direct in crossing:
            if direct and (x, False) in crossing:
                return norm(crossing[x, True]), norm(crossing[x, False])
        return None, None


def _foreseen(model: Module, optimizer: Optimizer, gradients: dict[Node, Any]) -> dict[Node, Array]:
    """What the optimizer's next step would change in each parameter."""
    parameters = model.parameters()
    before = {p: p.numpy() for p in parameters}
    with untouched(model, optimizer):
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.gradient = gradients.get(p)
        optimizer.step()
        return {p: p.value - before[p] for p in parameters}


def _add(totals: dict[Any, Array], key: Any, part: Array) -> None:
    """Sum; a copy, since the sweep goes on to add to what it showed."""
    totals[key] = totals[key] + part if key in totals else np.array(part)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
