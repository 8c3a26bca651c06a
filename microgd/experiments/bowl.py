"""A bowl, descended by many workers: one run tries a whole range of curvatures."""

from typing import Any

import numpy as np

from microgd import parallel
from microgd.graph import Array
from microgd.nn import Module
from microgd.parallel import Algorithm, Record
from microgd.parallel.delays import Delay
from microgd.tensor import Tensor

_NOTHING = 1e-300  # what has shrunk to 0 has a logarithm, too


class Bowl(Module):
    """``f(w) = (c[0] * w[0]**2 + c[1] * w[1]**2 + ...) / 2``, from w = (1, 1, ...).

    Its coordinates do not know of one another: each is an experiment of its own, with learning
    rate times curvature ``lr * c[i]``.
    """

    def __init__(self, curvatures: Array) -> None:
        self.w = Tensor(np.ones(len(curvatures)), requires_grad=True)
        self.halves = curvatures / 2

    def forward(self, x: Any) -> Any:  # noqa: ARG002
        """The value at w, whatever the data."""
        return (self.w * self.w * self.halves).sum()


def descend(
    algorithm: Algorithm,
    curvatures: Array,
    workers: int,
    steps: int,
    seed: int = 0,
    delay: str | Delay = "constant",
) -> Record:
    """The traced record of a bowl's descent, in so many steps of each worker."""
    rows = np.zeros((workers, 1))
    return parallel.train(
        Bowl(curvatures),
        (rows, rows),
        algorithm,
        workers,
        "simulated",
        epochs=steps,
        batch_size=1,
        loss=lambda height, _: height,
        rng=seed,
        trace=True,
        delay=delay,
    )


def centres(record: Record) -> Array:
    """The server's parameters after each update."""
    return np.array([event.centre for event in record.of("push")])


def limit(products: Array, path: Array) -> float:
    """From which rate x curvature on the path does not shrink any more.

    It shrinks where its largest step out of the last third is smaller than that of the second.
    Between the two products where that ends, the growth is taken to be linear.
    """
    third = len(path) // 3
    early, late = (np.abs(path[third * k : third * (k + 1)]).max(axis=0) for k in (1, 2))
    growth = np.log(late + _NOTHING) - np.log(early + _NOTHING)
    i = int(np.argmax(growth > 0))
    a, b = growth[i - 1], growth[i]
    return float(products[i - 1] + (products[i] - products[i - 1]) * a / (a - b))
