"""Updates that know how late they are do better than naive ones when some come very late."""

from collections.abc import Iterator

import numpy as np

from microgd import parallel
from microgd.experiments.claim import Claim, Plot, Row, Source
from microgd.experiments.statistics import share, sign_test
from microgd.graph import Array
from microgd.nn import Linear, mse_loss
from microgd.parallel import AdaDelay
from microgd.train import evaluate

PROBLEMS, WORKERS, EXAMPLES, FEATURES = 10, 32, 600, 20
RATES = (0.2, 0.28, 0.4)


def run(seed: int) -> Iterator[Row | Plot]:
    """Fit linear regressions by workers with heavy-tailed delays, and compare pair by pair.

    Decided beforehand: problems, rates, and that a one-sided sign test below 5 % shows it, once
    with every rate the same for both, and once with the rate that serves each best.
    """
    losses = np.array(
        [
            [[final(naive, lr, seed * 1000 + number) for lr in RATES] for naive in (False, True)]
            for number in range(PROBLEMS)
        ]
    )  # by problem, whether naive, and rate
    aware, naive = losses[:, 0], losses[:, 1]
    for what, ours, theirs in (
        (f"each at rate {RATES[-1]}", aware[:, -1], naive[:, -1]),
        ("each at its best rate", aware.min(axis=1), naive.min(axis=1)),
    ):
        wins = share(int((ours < theirs).sum()), PROBLEMS)
        chance = sign_test(ours.tolist(), theirs.tolist())
        yield Row(f"chance of so many lower losses, {what}", (0.0, 0.05), chance, note=wins)
        ratio = float(np.exp(np.log(ours / theirs).mean()))
        yield Row(f"loss of the aware over the naive, {what}", (0.0, 1.0), ratio)
    curves = {
        "knows its delay": (RATES, np.median(aware, axis=0).tolist()),
        "naive": (RATES, np.median(naive, axis=0).tolist()),
    }
    yield Plot("Loss after training, median of the problems", "rate", "loss", curves)


def final(naive: bool, lr: float, seed: int) -> float:
    """The loss on the data after one pass, each row once."""
    model = Linear(FEATURES, 1, bias=False, init="zeros", rng=0)
    data = problem(np.random.default_rng(seed))
    rule = AdaDelay(lr=lr, naive=naive)
    parallel.train(
        model, data, rule, WORKERS, "simulated", epochs=1, batch_size=1, loss=mse_loss, rng=seed,
        delay="pareto",
    )  # fmt: skip
    return evaluate(model, data, mse_loss)["loss"]


def problem(rng: np.random.Generator) -> tuple[Array, Array]:
    """Inputs of which each feature is weaker than the one before, down to a tenth; noise of 0.1."""
    x = rng.standard_normal((EXAMPLES, FEATURES)) * np.logspace(0, -1, FEATURES)
    y = x @ rng.standard_normal(FEATURES) + 0.1 * rng.standard_normal(EXAMPLES)
    return x, y[:, None]


CLAIM = Claim(
    name="delay-aware",
    title="Under heavy-tailed delays, updates that know their delay reach a lower loss",
    source=Source("Sra, Yu, Li and Smola", 2016, "https://proceedings.mlr.press/v51/sra16.html"),
    teaches="A gradient from long ago should count for less: then a larger rate can be borne.",
    kind="distribution",
    run=run,
)
