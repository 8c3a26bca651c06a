"""Bengio et al. (2009): a perceptron that meets the easy examples first, against any order."""

import math
from collections.abc import Iterator

import numpy as np

import microgd as mg
from microgd.experiments.claim import Claim, Plot, Row, Source
from microgd.experiments.statistics import paired_t
from microgd.graph import Array
from microgd.nn import Parameter
from microgd.optim import SGD

RUNS, EXAMPLES, TEST = 500, 200, 500
RELEVANT, IRRELEVANT = 50, 50  # the paper does not say how many
CRITICAL = 1.96


def run(seed: int) -> Iterator[Row | Plot]:
    """Train perceptrons, one update an example, in three orders of the same examples."""
    rng = np.random.default_rng(seed)
    teacher = rng.standard_normal((RUNS, RELEVANT))
    x, y, margin, noisy = task(teacher, EXAMPLES, rng)
    unseen, answers, _, _ = task(teacher, TEST, rng)
    start = rng.standard_normal((RUNS, RELEVANT + IRRELEVANT))
    orders = {
        "any": np.zeros_like(margin),
        "fewest irrelevant inputs first": noisy,
        "largest margin first": -margin,
    }
    errors = {}
    for name, difficulty in orders.items():
        order = np.argsort(difficulty, axis=1, kind="stable")
        w = learn(start, np.take_along_axis(x, order[:, :, None], 1),
                  np.take_along_axis(y, order, 1))  # fmt: skip
        guesses = np.sign(np.einsum("rnd,rd->rn", unseen, w))
        errors[name] = (guesses != answers).mean(axis=1)
    mean = {name: 100 * float(found.mean()) for name, found in errors.items()}
    first, second = (name for name in orders if name != "any")
    beside = f"against {mean['any']:.1f} % in any order; the paper leaves open how many inputs"
    yield Row(f"{first}: lower error than in any order, in standard errors", (CRITICAL, math.inf),
              paired_t((errors["any"] - errors[first]).tolist()),
              note=f"{mean[first]:.1f} % {beside}, here {RELEVANT} and {IRRELEVANT}; Wu et al."
              " (2021, arXiv 2012.03107) find no order better than another",
              instead=(-CRITICAL, math.nextafter(CRITICAL, 0.0)))  # fmt: skip
    easiest = np.take_along_axis(y, np.argsort(-margin, axis=1)[:, : EXAMPLES // 2], 1)
    one_class = float(np.abs(easiest.mean(axis=1)).mean() + 1) / 2
    yield Row(f"{second}: lower error than in any order, in standard errors", (CRITICAL, math.inf),
              paired_t((errors["any"] - errors[second]).tolist()),
              note=f"{mean[second]:.1f} % {beside}; inputs from 0 to 1 share a sign, so that"
              f" {100 * one_class:.0f} % of the easier half are of one class: the other comes late"
              " and overwrites it (McCloskey and Cohen 1989)",
              instead=(-math.inf, math.nextafter(-CRITICAL, -math.inf)))  # fmt: skip
    levels = [number / RUNS for number in range(1, RUNS + 1)]
    yield Plot("Errors of perceptrons after 200 examples", "error", "share of runs with no more",
               {name: (sorted(found.tolist()), levels)
                for name, found in errors.items()})  # fmt: skip


def task(teacher: Array, count: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Inputs, labels, margins, and how many irrelevant inputs are not zero."""
    x = rng.uniform(size=(len(teacher), count, RELEVANT + IRRELEVANT))
    noisy = rng.integers(0, IRRELEVANT + 1, size=x.shape[:2])
    place = rng.random((*x.shape[:2], IRRELEVANT)).argsort(axis=2)
    x[:, :, RELEVANT:][place >= noisy[:, :, None]] = 0
    score = np.einsum("rnd,rd->rn", x[:, :, :RELEVANT], teacher)
    return x, np.sign(score), np.abs(score), noisy


def learn(start: Array, x: Array, y: Array) -> Array:
    """Rosenblatt's rule, w = w + y * x for an example on the wrong side, for all runs together."""
    w = Parameter(start)
    rule = SGD([w], lr=1.0)
    for step in range(x.shape[1]):
        rule.zero_grad()
        mg.relu(-y[:, step] * (w * x[:, step]).sum(axis=1)).sum().backward()
        rule.step()
    return w.data


CLAIM = Claim(
    name="curriculum-order",
    title="Easy examples first: a perceptron learns sooner",
    source=Source(
        "Bengio, Louradour, Collobert and Weston", 2009, "https://doi.org/10.1145/1553374.1553380"
    ),
    teaches=(
        "What makes an example easy decides: sorted by margin, the classes come one after the"
        " other, and a learner without a memory of the first is worse off than in any order."
    ),
    kind="distribution",
    run=run,
)
