"""The task that every contender solves: its sizes, initial weights and one batch."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8
"""Adam's settings, the defaults of its paper and of every library here."""

Layer = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Problem:
    """An MLP with ReLU between its layers, and the one batch that it is trained on."""

    sizes: tuple[int, ...]
    batch: int
    dtype: str
    layers: tuple[Layer, ...]
    """Initial (weight, bias) a layer; the weight is (in, out)."""
    x: np.ndarray
    y: np.ndarray
    """Class indices, int64."""

    @classmethod
    def make(cls, sizes: tuple[int, ...], batch: int, dtype: str, seed: int = 0) -> "Problem":
        """He-normal weights, small biases, standard-normal inputs, uniform labels."""
        rng = np.random.default_rng(seed)
        layers = tuple(
            (
                (rng.standard_normal((n, m)) * np.sqrt(2 / n)).astype(dtype),
                (rng.standard_normal(m) * 0.1).astype(dtype),
            )
            for n, m in pairwise(sizes)
        )
        x = rng.standard_normal((batch, sizes[0])).astype(dtype)
        return cls(sizes, batch, dtype, layers, x, rng.integers(0, sizes[-1], batch))

    def parameters(self) -> list[np.ndarray]:
        """Fresh copies of the initial weights and biases: weight, bias, weight, bias, ..."""
        return [array.copy() for layer in self.layers for array in layer]

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch}, {self.dtype}"


class Contender(Protocol):
    """One way to write the step; made from a problem, with the problem's initial weights."""

    def step(self) -> object:
        """Do one training step, to its end, and return the loss in the library's own form."""

    def parameters(self) -> list[np.ndarray]:
        """The weights, (in, out), and biases as they are now: weight, bias, weight, bias, ..."""


PROBLEMS: tuple[tuple[tuple[int, ...], int], ...] = (
    ((2, 16, 16, 2), 32),
    ((64, 64, 64, 10), 64),
    ((784, 128, 64, 10), 128),
)
DTYPES = ("float64", "float32")
