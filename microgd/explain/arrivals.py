"""Arrivals: the flow in one number a layer, how much of the gradient gets there."""

from collections.abc import Iterable
from dataclasses import dataclass

from microgd.explain.flow import Row


@dataclass(frozen=True, slots=True)
class Arrival:
    """The gradient at one layer with parameters. Norms are Euclidean, over the whole batch.

    layer       path of the module, as ``layers.2``
    at_output   norm of d loss / d output of the layer
    factor      at_output / at_output of the next layer: what is left of the gradient after one
                more layer on its way back; None for the last layer, and where nothing arrives
    share       at_output / at_output of the last layer: the product of the factors on the way
    of_weights  norm of d loss / d parameters of the layer; None if none of them requires it
    """

    layer: str
    at_output: float
    factor: float | None
    share: float | None
    of_weights: float | None


def arrivals(flow: Iterable[Row]) -> list[Arrival]:
    """The rows of a flow that have parameters, each beside the next.

    >>> from microgd import nn
    >>> from microgd.explain.flow import flow
    >>> model = nn.MLP([2, 4, 4, 1], activation="sigmoid", rng=0)
    >>> rows = arrivals(flow(model, model([[1.0, -1.0]]).sum()))
    >>> [row.layer for row in rows]
    ['layers.0', 'layers.2', 'layers.4']
    """
    rows = [row for row in flow if row.weights is not None]
    found: list[Arrival] = []
    for row in reversed(rows):
        next_one, last = (found[-1], found[0]) if found else (None, row)
        found.append(
            Arrival(
                layer=row.module,
                at_output=row.at_output,
                factor=None if next_one is None else _ratio(row.at_output, next_one.at_output),
                share=_ratio(row.at_output, last.at_output),
                of_weights=row.of_weights,
            )
        )
    return found[::-1]


def mean_factor(rows: list[Arrival]) -> float | None:
    """What one layer leaves of the gradient on average, ``share ** (1 / steps)`` (geometric mean).

    None where there is one layer only, or no gradient.

    >>> rows = [Arrival("a", 0.09, 0.3, 0.09, 1.0), Arrival("b", 0.3, 0.3, 0.3, 1.0),
    ...         Arrival("c", 1.0, None, 1.0, 1.0)]
    >>> round(mean_factor(rows), 6)
    0.3
    """
    share, steps = rows[0].share, len(rows) - 1
    return None if share is None or not steps else share ** (1 / steps)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
