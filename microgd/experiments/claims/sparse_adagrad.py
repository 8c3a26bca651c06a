"""Sparse features favour Adagrad: a feature that is seldom seen keeps a large rate until it is."""

from collections.abc import Iterator

import numpy as np

from microgd.experiments.claim import Claim, Row, Source
from microgd.experiments.statistics import at_least, share
from microgd.graph import Array
from microgd.nn import binary_cross_entropy_with_logits
from microgd.optim import SGD, Adagrad
from microgd.tensor import Tensor

TASKS = {"sparse": 30, "dense": 8}  # Adagrad loses one sparse task in ten: eight would not tell
EXAMPLES, FEATURES, BATCH = 2000, 100, 10
RATES: dict[type[SGD | Adagrad], tuple[float, ...]] = {
    SGD: (1.0, 2.0, 4.0, 8.0, 16.0),
    Adagrad: (0.25, 0.5, 1.0, 2.0),
}


def run(seed: int) -> Iterator[Row]:
    """One pass over examples as they come, with the best rate of each rule on each task."""
    rng = np.random.default_rng(seed)
    ratios = {
        kind: np.array([_ratio(*task(rng)) for _ in range(TASKS[kind])])
        for kind, task in (("sparse", _sparse), ("dense", _dense))
    }
    wins = int((ratios["sparse"] > 1).sum())
    yield Row(
        "sparse: chance of so many wins by Adagrad, were it no better",
        (0.0, 0.01),
        at_least(wins, TASKS["sparse"]),
        note=f"one-sided sign test; Adagrad does better in {share(wins, TASKS['sparse'])}; feature"
        " k is there in one example of k, as words are",
    )
    means = {kind: found.mean() for kind, found in ratios.items()}
    yield Row(
        "loss of SGD / Adagrad, sparse less dense features",
        (0.0, np.inf),
        means["sparse"] - means["dense"],
        note=f"sparse {means['sparse']:.3f}, dense {means['dense']:.3f}; each at its best rate",
    )


def _ratio(x: Array, y: Array) -> float:
    """The loss of SGD by that of Adagrad, each the mean over the pass."""
    sgd, adagrad = (min(_loss(rule, rate, x, y) for rate in rates) for rule, rates in RATES.items())
    return sgd / adagrad


def _loss(rule: type[SGD | Adagrad], rate: float, x: Array, y: Array) -> float:
    """The mean loss on each batch before the step that learns from it."""
    w = Tensor(np.zeros(FEATURES), requires_grad=True, name="w")
    optimizer, losses = rule([w], lr=rate), []
    for i in range(0, EXAMPLES, BATCH):
        optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(x[i : i + BATCH] @ w, y[i : i + BATCH])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def _sparse(rng: np.random.Generator) -> tuple[Array, Array]:
    x = (rng.random((EXAMPLES, FEATURES)) < 1 / np.arange(1, FEATURES + 1)).astype(float)
    return x, _answers(x, 2.0, rng)


def _dense(rng: np.random.Generator) -> tuple[Array, Array]:
    x = rng.standard_normal((EXAMPLES, FEATURES)) / FEATURES**0.5
    return x, _answers(x, 3.0, rng)


def _answers(x: Array, size: float, rng: np.random.Generator) -> Array:
    """Yes or no, by a logistic model with normal weights."""
    odds = x @ (size * rng.standard_normal(FEATURES))
    return (rng.random(EXAMPLES) < 1 / (1 + np.exp(-odds))).astype(float)


CLAIM = Claim(
    name="sparse-adagrad",
    title="Sparse features favour Adagrad",
    source=Source("Duchi, Hazan and Singer", 2011, "https://jmlr.org/papers/v12/duchi11a.html"),
    teaches=(
        "Adagrad gives a feature that is seldom seen a large step when it is, where SGD has one"
        " rate for the rare and the frequent."
    ),
    kind="distribution",
    run=run,
)
