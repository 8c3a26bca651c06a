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
RUNS, SWEEPS = 100, 8000
RATE, MOMENTUM, START = 0.25, 0.9, 0.3


def run(seed: int) -> Iterator[Row | Plot]:
    """Train crowds of 2-H-1 networks from random weights."""
    rng = np.random.default_rng(seed)
    x, y = data.xor()
    target = y[:, None].astype(float)
    sweeps, halves = {}, []
    for hidden in HIDDEN:
        net = Crowd(RUNS, [2, hidden, 1], Sigmoid(), Sigmoid(),
                    draw=lambda shape: rng.uniform(-START, START, shape))  # fmt: skip
        rule = SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
        found = sweeps[hidden] = learn(net, x, target, rule, SWEEPS)
        undecided = np.abs(net(x).numpy()[np.isinf(found), :, 0] - 0.5) < 0.1
        halves += undecided.sum(axis=1).tolist()
    stuck = {hidden: int(np.isinf(found).sum()) for hidden, found in sweeps.items()}
    total, runs = sum(stuck.values()), RUNS * len(HIDDEN)
    yield Row("share of runs that get stuck", (0.0, wilson(2, 200)[1]), total / runs,
              note=f"{total} of {runs} after {SWEEPS:,} sweeps; in the chapter two in hundreds,"
              " so up to the end of the 95 % interval of 2 in 200")  # fmt: skip
    yield Row("share of these that have two hidden units", 1.0,
              stuck[2] / total if total else 1.0, Absolute(0.0),
              f"both in the chapter; two outputs at 1/2, as there, in {halves.count(2)} of {total};"
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
