"""Rumelhart, Hinton and Williams (1986): XOR is learned, and a network seldom gets stuck."""

from collections.abc import Iterator

import numpy as np

from microgd import data
from microgd.experiments.claim import Absolute, Claim, Plot, Relative, Row, Source
from microgd.experiments.crowd import Crowd, learn, learned_by
from microgd.experiments.statistics import share, wilson
from microgd.nn import Sigmoid
from microgd.optim import SGD

HIDDEN = (2, 4, 8, 16, 32)
RUNS, SWEEPS = 100, 4000
RATE, MOMENTUM, START = 0.25, 0.9, 0.3


def run(seed: int) -> Iterator[Row | Plot]:
    """Train crowds of 2-H-1 networks from random weights."""
    rng = np.random.default_rng(seed)
    x, y = data.xor()
    target = y[:, None].astype(float)
    sweeps = {}
    for hidden in HIDDEN:
        net = Crowd(RUNS, [2, hidden, 1], Sigmoid(), Sigmoid(),
                    draw=lambda shape: rng.uniform(-START, START, shape))  # fmt: skip
        rule = SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
        sweeps[hidden] = learn(net, x, target, rule, SWEEPS)
    stuck = {hidden: int(np.isinf(found).sum()) for hidden, found in sweeps.items()}
    total = sum(stuck.values())
    yield Row(f"share of all runs that have not learned after {SWEEPS:,} sweeps",
              (0.0, wilson(2, 200)[1]),
              total / (RUNS * len(HIDDEN)), note="two in hundreds in the chapter: up to the end of"
              f" the 95 % interval of 2 in 200; here {total} of {RUNS * len(HIDDEN)}")  # fmt: skip
    yield Row("share of these that have two hidden units", 1.0,
              stuck[2] / total if total else 1.0, Absolute(0.0), "both in the chapter;"
              f" 2-2-1 learns in {share(RUNS - stuck[2], RUNS)}")  # fmt: skip
    few, many = (float(np.median(sweeps[hidden])) for hidden in (2, 32))
    yield Row("sweeps with 32 hidden units / with 2", chauvin(32) / chauvin(2), many / few,
              Relative(0.2), f"medians {many:.0f} and {few:.0f}; the chapter fits 280 - 33"
              " log2(units), and does not say from what weights")  # fmt: skip
    yield Plot("XOR", "sweeps", "share of networks that have learned",
               {f"2-{hidden}-1": learned_by(found) for hidden, found in sweeps.items()},
               log="x")  # fmt: skip


def chauvin(hidden: int) -> float:
    """Presentations until XOR is learned, as fitted by Yves Chauvin (in the chapter, p. 333)."""
    return float(280 - 33 * np.log2(hidden))


CLAIM = Claim(
    name="xor",
    title="XOR by back-propagation: learned nearly always, sooner with more hidden units",
    source=Source(
        "Rumelhart, Hinton and Williams, PDP chapter 8", 1986, "https://doi.org/10.21236/ADA164453"
    ),
    teaches=(
        "Just enough hidden units solve a problem, but descent may not find the way to it; spare"
        " ones give it other ways round, and it gets there sooner."
    ),
    kind="distribution",
    run=run,
)
