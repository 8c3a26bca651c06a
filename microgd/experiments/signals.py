"""Signals: the size of the signal and of the gradient at every dense layer of a random network."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.explain.flow import flow
from microgd.graph import Array
from microgd.nn import Module


@dataclass(frozen=True, slots=True)
class Signals:
    """Mean squares, over neurons and inputs, one for each dense layer, the first one first.

    forward   of z = W a + b, before the activation
    backward  of d loss / d z
    """

    forward: Array
    backward: Array


def signals(model: Module, x: Array, rng: np.random.Generator) -> Signals:
    """Send `x` forward, and a random gradient back from the output.

    The gradient at the output is drawn anew for each input, so that it knows nothing of the
    weights, as mean-field theory asks.
    """
    outputs = model(x).shape
    rows = flow(model, (x, rng.standard_normal(outputs)), _pull, split=False)
    dense = [row for row in rows if row.weights is not None]
    return Signals(
        np.array([row.mean**2 + row.std**2 for row in dense]),
        np.array([row.at_output**2 / (row.units * len(x)) for row in dense]),
    )


def _pull(outputs: Any, gradient: Any) -> Any:
    """A loss whose gradient at the outputs is the one given."""
    return (outputs * gradient).sum()
