"""Asynchrony begets momentum: K workers with exponential delays show a momentum of 1 - 1 / K."""

from collections.abc import Iterator

import numpy as np

from microgd.experiments.bowl import centres, descend
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.graph import Array
from microgd.parallel import Downpour, Record

UPDATES = 16
RUNS = {2: 200, 4: 120, 8: 80}  # runs to average over, for so many workers


def run(seed: int) -> Iterator[Row | Plot]:
    """Average many descents without any momentum, and see which momentum their mean shows.

    In the mean over the delays, ``d[t + 1] = momentum * d[t] - rate * curvature * w[t]`` for steps
    ``d[t] = w[t] - w[t - 1]``; both factors are fitted by least squares.
    """
    paths = {}
    for workers, runs in RUNS.items():
        product = np.array([1 / workers])  # of rate and curvature: neither slow nor unstable
        found = [_path(product, workers, seed * 1000 + number) for number in range(runs)]
        mean = np.mean(found, axis=0)
        steps = np.diff(mean)
        terms = np.stack([steps[:-1], mean[1:-1]], axis=1)
        momentum = float(np.linalg.lstsq(terms, steps[1:])[0][0])
        what = f"momentum that {workers} workers show"
        yield Row(what, 1 - 1 / workers, momentum, Relative(0.03))
        paths[f"{workers} workers"] = (range(UPDATES + 1), mean.tolist())
    yield Plot("Mean distance to the minimum", "updates", "w", paths)

    workers = 4
    stale = _descent(np.array([0.1]), workers, 500, seed).staleness[100:1600]
    yield Row("mean staleness of 4 workers", workers - 1, float(stale.mean()), Relative(0.05))
    ages = range(20)
    shares = [float((stale == age).mean()) for age in ages]
    theory = [(1 - 1 / workers) ** age / workers for age in ages]
    curves = {"measured": (ages, shares), "(1 - 1/K)**s / K": (ages, theory)}
    yield Plot("How old the gradients of 4 workers are", "staleness s", "share", curves)


def _path(product: Array, workers: int, seed: int) -> Array:
    """w after each update, from 1; in more steps than are looked at, so that nobody is done."""
    record = _descent(product, workers, 2 * UPDATES // workers + 6, seed)
    return np.concatenate([[1.0], centres(record)[:UPDATES, 0]])


def _descent(product: Array, workers: int, steps: int, seed: int) -> Record:
    return descend(Downpour(lr=1.0), product, workers, steps, seed, delay="exponential")


CLAIM = Claim(
    name="asynchrony-momentum",
    title="Asynchrony begets momentum: 1 - 1/K for K workers with exponential delays",
    source=Source("Mitliagkas, Zhang, Hadjis and Ré", 2016, "https://arxiv.org/abs/1605.09774"),
    teaches=(
        "Stale gradients still push where the weights came from: with many workers, set less"
        " momentum."
    ),
    kind="within",
    run=run,
)
