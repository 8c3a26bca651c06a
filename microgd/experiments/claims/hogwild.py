"""Hogwild!: without a lock little is lost while the data are sparse, and nothing in the end."""

from collections.abc import Iterator

import numpy as np

from microgd import parallel
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.graph import Array
from microgd.nn import Linear, binary_cross_entropy_with_logits
from microgd.parallel import Hogwild, Record
from microgd.train import evaluate

FEATURES, EXAMPLES = 200, 1000
WRITE = 0.1  # of the time that a gradient takes on average


def run(seed: int) -> Iterator[Row | Plot]:
    """Fit logistic regressions of which each example has few features, or many, or all.

    Two workers compute for Exp(1) and write for s = `WRITE`. The other one's writes begin at the
    rate 1 / (1 + s), and the share s / (1 + s) of the time it is writing: a write meets
    s / (1 + s) others on average, and one of two that meet is lost where both have a feature,
    of which the density is the probability.
    """
    densities, shares = (0.1, 0.3, 1.0), []
    for density in densities:
        data = problem(density, np.random.default_rng(seed))
        _, record = fit(data, density, 2, WRITE / density, seed, epochs=6)  # each write takes s
        shares.append(record.lost / record.written)
        expected = density * WRITE / (1 + WRITE)
        what = f"share of lost writes at density {density:g}"
        yield Row(what, expected, shares[-1], Relative(0.15), "to first order in s")
    theory = [density * WRITE / (1 + WRITE) for density in densities]
    curves = {"measured": (densities, shares), "density x s / (1 + s)": (densities, theory)}
    yield Plot("Writes that two workers lose", "density", "share lost", curves, log="xy")

    sparse, ratios = densities[0], []
    for number in range(3):
        data = problem(sparse, np.random.default_rng([seed, number]))
        losses = [fit(data, sparse, workers, WRITE, number, epochs=2)[0] for workers in (1, 4)]
        ratios.append(losses[1] / losses[0])
    what = f"final loss of 4 workers over that of 1, density {sparse:g}"
    yield Row(
        what,
        1.0,
        float(np.mean(ratios)),
        Relative(0.01),
        "mean of 3 problems; a write of few numbers takes less time",
    )


def problem(density: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Examples with that share of the features, at random, and labels of a logistic model."""
    count = round(density * FEATURES)
    x = np.zeros((EXAMPLES, FEATURES))
    for row in x:
        row[rng.choice(FEATURES, count, replace=False)] = rng.standard_normal(count)
    score = x @ rng.standard_normal(FEATURES) * 3 / np.sqrt(count)
    labels = rng.random(EXAMPLES) < 1 / (1 + np.exp(-score))
    return x, labels.astype(float)[:, None]


def fit(
    data: tuple[Array, Array], density: float, workers: int, write: float, seed: int, epochs: int
) -> tuple[float, Record]:
    """The final loss on the data, and the record; `write` is what a write of all would take."""
    model = Linear(FEATURES, 1, bias=False, init="zeros", rng=0)
    record = parallel.train(
        model,
        data,
        Hogwild(lr=0.02 / density**0.5),
        workers,
        "simulated",
        epochs=epochs,
        batch_size=1,
        loss=binary_cross_entropy_with_logits,
        rng=seed,
        write=write,
    )
    return evaluate(model, data, binary_cross_entropy_with_logits)["loss"], record


CLAIM = Claim(
    name="hogwild",
    title="Hogwild!: lost writes grow with density, and sparse data lose nothing in the end",
    source=Source("Niu, Recht, Ré and Wright", 2011, "https://arxiv.org/abs/1106.5730"),
    teaches="Workers that seldom touch the same weights need no lock.",
    kind="within",
    run=run,
)
