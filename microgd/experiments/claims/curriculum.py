"""Bengio et al. (2009): a learner that is shown the easy examples only finds the better line."""

import math
from collections.abc import Iterator

import numpy as np

from microgd import nn
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.experiments.statistics import paired_t
from microgd.graph import Array
from microgd.optim import SGD, InverseTimeLR
from microgd.train import Curriculum, Scheduled, fit

RUNS, EXAMPLES, EPOCHS = 50, 50, 150
TEACHER = np.array([1.0, 1.0]) / math.sqrt(2)  # the Bayes classifier, and the mean of class 1


def run(seed: int) -> Iterator[Row | Plot]:
    """Train pairs of linear support vector machines on two Gaussian clouds."""
    rng = np.random.default_rng(seed)
    errors: dict[str, list[float]] = {"all": [], "easy": []}
    for _ in range(RUNS):
        y = rng.choice([-1.0, 1.0], size=(EXAMPLES, 1))
        x = y * TEACHER + rng.standard_normal((EXAMPLES, 2))
        start = int(rng.integers(2**32))
        margin = (y * x) @ TEACHER
        easy = float((margin > 0).mean())
        errors["all"].append(train(x, y, margin, 1.0, start))
        errors["easy"].append(train(x, y, margin, easy, start))
    mean = {name: float(np.mean(found)) for name, found in errors.items()}
    yield Row("error after all examples", 0.171, mean["all"], Relative(0.03))
    yield Row("error after easy examples only", 0.163, mean["easy"], Relative(0.03),
              "those on the right side of the best line; no line has less than 0.159")  # fmt: skip
    t = paired_t(np.subtract(errors["all"], errors["easy"]).tolist())
    yield Row("difference, in standard errors", (1.96, math.inf), t,
              note=f"paired t-test at 5 %, {RUNS} runs")  # fmt: skip
    levels = [number / RUNS for number in range(1, RUNS + 1)]
    yield Plot("Errors of the lines learned", "error", "share of runs with no more",
               {f"{name} examples": (sorted(found), levels)
                for name, found in errors.items()})  # fmt: skip


def train(x: Array, y: Array, margin: Array, share: float, seed: int) -> float:
    """The error of a soft-margin machine, |w|**2 / 2 + sum of hinges, on the easiest share."""
    net = nn.Linear(2, 1, init="normal", rng=seed)
    assert net.bias is not None
    rule = SGD([{"params": [net.weight], "weight_decay": 1.0}, {"params": [net.bias]}], lr=0.5)
    curriculum = Curriculum(-margin, lambda _: share)
    decay = Scheduled(InverseTimeLR(rule, decay=0.5))  # in the end 1 / t, as Pegasos has it
    fit(net, (x, y), rule, hinges, epochs=EPOCHS, batch_size=None, metrics=[],
        callbacks=[curriculum, decay], progress=False)  # fmt: skip
    w, b = net.weight.data[0], float(net.bias.data[0])
    side, length = float(w @ TEACHER), float(np.linalg.norm(w))
    return 0.5 * (beyond((side + b) / length) + beyond((side - b) / length))


def hinges(scores: nn.Parameter, target: Array) -> nn.Parameter:
    """The sum, beside which the weights weigh as in the textbook with C = 1."""
    found: nn.Parameter = nn.hinge_loss(scores, target, "sum")
    return found


def beyond(z: float) -> float:
    """The probability that a standard normal number is larger."""
    return 0.5 * math.erfc(z / math.sqrt(2))


CLAIM = Claim(
    name="curriculum",
    title="Easy examples only: a better line than from all of them",
    source=Source(
        "Bengio, Louradour, Collobert and Weston", 2009, "https://doi.org/10.1145/1553374.1553380"
    ),
    teaches=(
        "Examples that the best classifier itself gets wrong only confuse a learner: what is"
        " left out matters as much as what is shown first."
    ),
    kind="distribution",
    run=run,
)
