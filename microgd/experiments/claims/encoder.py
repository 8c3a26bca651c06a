"""Rumelhart, Hinton and Williams (1986): eight patterns squeezed through three hidden units."""

from collections.abc import Iterator

import numpy as np

from microgd.experiments.claim import Claim, Plot, Row, Source
from microgd.experiments.crowd import Crowd, learn, learned_by
from microgd.experiments.statistics import share
from microgd.nn import Sigmoid
from microgd.optim import SGD

RUNS, SWEEPS = 100, 3000
RATE, MOMENTUM, START = 0.25, 0.9, 0.3


def run(seed: int) -> Iterator[Row | Plot]:
    """Train 8-3-8 networks to give back the one unit that is on."""
    rng = np.random.default_rng(seed)
    patterns = np.eye(8)
    net = Crowd(RUNS, [8, 3, 8], Sigmoid(), Sigmoid(),
                draw=lambda shape: rng.uniform(-START, START, shape))  # fmt: skip
    rule = SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    sweeps = learn(net, patterns, patterns, rule, SWEEPS, within=0.5)
    done = np.isfinite(sweeps)
    yield Row("share of runs that learn all eight patterns", (0.8, 1.0), float(done.mean()),
              note=f"{share(int(done.sum()), RUNS)}; the chapter tells of one run, and of a"
              " Boltzmann machine 16 in 20 did (Ackley et al. 1985)")  # fmt: skip
    codes = net.hidden(patterns)[0].numpy()[done]
    corners = np.array([len({tuple(code) for code in net_codes}) for net_codes in codes > 0.5])
    middling = ((codes > 0.25) & (codes < 0.75)).any(axis=(1, 2))
    yield Row("corners of the cube that the codes are nearest to, of 8", (7.0, 8.0),
              float(corners.mean()), note=f"mean; all 8 in {(corners == 8).sum()} of"
              f" {len(corners)}, values between 1/4 and 3/4, as in the chapter's table, in"
              f" {middling.sum()}")  # fmt: skip
    yield Plot("8-3-8 encoder", "sweeps", "share of networks that have learned",
               {"8-3-8": learned_by(sweeps)}, log="x")  # fmt: skip


CLAIM = Claim(
    name="encoder",
    title="The 8-3-8 encoder finds a binary code",
    source=Source(
        "Rumelhart, Hinton and Williams, PDP chapter 8", 1986, "https://doi.org/10.21236/ADA164453"
    ),
    teaches=(
        "A narrow layer has to tell eight things apart by three numbers, and descent invents"
        " something close to the binary numbers: a representation that nobody wrote down."
    ),
    kind="distribution",
    run=run,
)
