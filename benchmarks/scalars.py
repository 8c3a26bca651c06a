"""micrograd's own scalar network, in micrograd and in microgd: the same sums and products.

2-16-16-1 with ReLU on 100 points of two moons, one epoch as in micrograd's demo notebook: a graph
of scalars for every point, hinge loss and an L2 penalty, backward, one step of gradient descent.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from .report import Section, Table, Verdict
from .timing import Call, interleave

SIZES = (2, 16, 16, 1)
RATE, PENALTY = 0.1, 1e-4
TARGET = "micrograd's scalar network: at least twice as fast as micrograd"

Scalar = Any
"""micrograd's Value or a 0-d microgd Tensor."""


def two_moons(n: int = 100, noise: float = 0.1) -> tuple[list[list[float]], list[float]]:
    """Points as plain lists of floats (the quickest for micrograd) and labels -1.0 and 1.0."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, np.pi, n // 2)
    outer = np.stack([np.cos(t), np.sin(t)], axis=1)
    inner = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    points = np.concatenate([outer, inner]) + noise * rng.standard_normal((n, 2))
    return points.tolist(), [-1.0] * (n // 2) + [1.0] * (n // 2)


def initial_weights() -> list[float]:
    """Neuron by neuron its weights, uniform in [-1, 1] as in micrograd, and its bias 0."""
    rng = random.Random(0)
    weights: list[float] = []
    for n, m in pairwise(SIZES):
        for _ in range(m):
            weights += [rng.uniform(-1, 1) for _ in range(n)] + [0.0]
    return weights


def loss_of(
    params: Sequence[Scalar],
    score: Callable[[list[Scalar]], Scalar],
    make: Callable[[float], Scalar],
    points: list[list[float]],
    labels: list[float],
) -> Scalar:
    """The demo notebook's loss; micrograd's and microgd's scalars both pass through here."""
    scores = [score([make(value) for value in point]) for point in points]
    losses = [(1 + -y * s).relu() for y, s in zip(labels, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + PENALTY * sum(p * p for p in params)


class Micrograd:
    """micrograd's MLP as it is."""

    def __init__(self) -> None:
        from micrograd.engine import Value
        from micrograd.nn import MLP

        self.make = Value
        self.model = MLP(SIZES[0], list(SIZES[1:]))
        self.points, self.labels = two_moons()
        for p, value in zip(self.model.parameters(), initial_weights(), strict=True):
            p.data = value

    def epoch(self) -> None:
        params = self.model.parameters()
        loss = loss_of(params, self.model, self.make, self.points, self.labels)
        self.model.zero_grad()
        loss.backward()
        for p in params:
            p.data -= RATE * p.grad

    def values(self) -> list[float]:
        return [p.data for p in self.model.parameters()]


class Microgd:
    """The same neurons in microgd's 0-d Tensors."""

    def __init__(self) -> None:
        import microgd as mg

        self.make = mg.tensor
        self.params: list[Scalar] = [
            mg.tensor(value, requires_grad=True) for value in initial_weights()
        ]
        self.points, self.labels = two_moons()
        unused = iter(self.params)
        self.layers = [
            [([next(unused) for _ in range(n)], next(unused)) for _ in range(m)]
            for n, m in pairwise(SIZES)
        ]

    def score(self, x: list[Scalar]) -> Scalar:
        for layer in self.layers:
            x = [sum((w * v for w, v in zip(ws, x, strict=True)), b) for ws, b in layer]
            if layer is not self.layers[-1]:
                x = [v.relu() for v in x]
        return x[0]

    def epoch(self) -> None:
        loss = loss_of(self.params, self.score, self.make, self.points, self.labels)
        for p in self.params:
            p.zero_grad()
        loss.backward()
        for p in self.params:
            p.data = p.data - RATE * p.grad

    def values(self) -> list[float]:
        return [float(p.data) for p in self.params]


CONTENDERS: dict[str, type[Micrograd] | type[Microgd]] = {
    "micrograd": Micrograd,
    "microgd": Microgd,
}


def prepare(name: str) -> Call:
    return CONTENDERS[name]().epoch


def run(quick: bool) -> Section:
    """Check that both learn the same weights, then time an epoch with the collector on and off."""
    section = Section("micrograd's scalar network")
    learned = {}
    for name, make in CONTENDERS.items():
        try:
            contender = make()
            for _ in range(3):
                contender.epoch()
            learned[name] = contender.values()
        except Exception as error:  # a peer may fail in any way; the other still runs
            section.notices.append(f"{name} is skipped: {type(error).__name__}: {error}")
    for name, values in learned.items():
        np.testing.assert_allclose(
            values, next(iter(learned.values())), rtol=1e-9, atol=1e-12, err_msg=name
        )

    timings = {
        collector: interleave(
            {name: partial(prepare, name) for name in learned},
            rounds=3 if quick else 15,
            warm=1,
            collector=collector,
        )
        for collector in (True, False)
    }
    rows = [
        [name, *(f"{timings[on][name].best * 1e3:.0f} ms" for on in (True, False))]
        for name in learned
    ]
    title = "One epoch, 2-16-16-1 on 100 points, scalar graph (best)"
    section.tables.append(Table(title, ["", "collector on", "collector off"], rows))
    section.figures = {
        f"{name}, collector {'on' if on else 'off'}": timings[on][name].rounds
        for on in timings
        for name in learned
    }
    if len(learned) == 2:
        for on, label in ((True, "on, as users run it"), (False, "off")):
            faster = timings[on]["micrograd"].over(timings[on]["microgd"])
            target = f"{TARGET}, collector {label}"
            section.verdicts.append(Verdict(target, f"{faster:.2f}x as fast", faster >= 2))
    return section
