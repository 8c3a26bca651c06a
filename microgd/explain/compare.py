"""Compare: the flow of several networks side by side, and where they part."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from microgd.explain.flow import Flow, Row, flow
from microgd.explain.show import drawing
from microgd.nn import Module, cross_entropy
from microgd.train.evaluate import Pair


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Flows by the name of the network, and the first row at which their signals differ.

    parting  the place of this row, counted from 0; None where they are all alike
    """

    flows: dict[str, Flow]
    parting: int | None

    def __repr__(self) -> str:
        return str(drawing("flows", "text")(self))


def compare(
    models: Mapping[str, Module],
    batch: Pair,
    loss: Callable[[Any, Any], Any] = cross_entropy,
    *,
    tolerance: float = 1e-6,
) -> Comparison:
    """The flow of several networks on the same batch, row beside row; changes nothing.

    Networks that start from the same seed have the same weights, and what differs is what you made
    different. `parting` is the first row whose output has another mean or spread (by more than
    `tolerance`, relative to the spread). Raises ValueError for fewer than two models, and what
    `flow` raises.

    >>> from microgd import nn
    >>> make = lambda name: nn.MLP([2, 4, 4, 2], name, init="kaiming_normal", rng=0)
    >>> batch = ([[1.0, -1.0], [0.5, 2.0]], [0, 1])
    >>> found = compare({name: make(name) for name in ("sigmoid", "relu")}, batch)
    >>> found.flows["relu"][found.parting].module  # the first dense layers are alike
    'layers.1'
    """
    if len(models) < 2:
        raise ValueError(f"compare: {len(models)} models; give at least two, by name")
    flows = {name: flow(model, batch, loss) for name, model in models.items()}
    return Comparison(flows, _parting(list(flows.values()), tolerance))


def _parting(flows: list[Flow], tolerance: float) -> int | None:
    """The first place at which two differ; the end of the shorter one, if nothing else does."""
    first, *others = flows
    shortest, longest = min(map(len, flows)), max(map(len, flows))
    for i in range(shortest):
        if not all(_alike(first[i], other[i], tolerance) for other in others):
            return i
    return None if shortest == longest else shortest


def _alike(one: Row, other: Row, tolerance: float) -> bool:
    room = tolerance * max(one.std, other.std)
    return math.isclose(one.mean, other.mean, rel_tol=tolerance, abs_tol=room) and math.isclose(
        one.std, other.std, rel_tol=tolerance
    )
