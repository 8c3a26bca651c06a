"""Rumelhart, Hinton and Williams (1986): two hidden units discover what symmetry is."""

import itertools
from collections.abc import Iterator

import numpy as np

from microgd.experiments.claim import Absolute, Claim, Plot, Relative, Row, Source
from microgd.experiments.crowd import Crowd, learn, learned_by
from microgd.experiments.statistics import share
from microgd.nn import Sigmoid
from microgd.optim import SGD

RUNS, SWEEPS = 60, 5000
RATE, MOMENTUM, START = 0.1, 0.9, 0.3  # as in the caption of figure 1
PUBLISHED = 1425  # sweeps


def run(seed: int) -> Iterator[Row | Plot]:
    """Train 6-2-1 networks on all 64 patterns of six bits."""
    rng = np.random.default_rng(seed)
    x = np.array(list(itertools.product([0.0, 1.0], repeat=6)))
    target = (x == x[:, ::-1]).all(axis=1, keepdims=True).astype(float)
    net = Crowd(RUNS, [6, 2, 1], Sigmoid(), Sigmoid(),
                draw=lambda shape: rng.uniform(-START, START, shape))  # fmt: skip
    rule = SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    sweeps = learn(net, x, target, rule, SWEEPS)
    done = np.isfinite(sweeps)
    found = share(int(done.sum()), RUNS)
    yield Row("share of learned runs that took fewer sweeps than the 1,425 published",
              (0.025, 0.975), float((sweeps[done] < PUBLISHED).mean()), note=f"{found}; the paper:"
              " stuck only where a network has just enough connections, as here")  # fmt: skip
    weights = net.weights[0].numpy()[done]
    left, right = weights[:, :3], weights[:, :2:-1]
    uneven = np.abs(left + right).max(axis=(1, 2)) / np.abs(weights).max(axis=(1, 2))
    yield Row("left weight + its mirror image, beside the largest weight", 0.0,
              float(np.median(uneven)), Absolute(0.02), "equal, of opposite sign")  # fmt: skip
    sizes = np.sort(np.abs(left - right) / 2, axis=1)
    for place, ratio in ((1, 2.0), (2, 4.0)):
        ratios = sizes[:, place] / sizes[:, 0]
        near = np.abs(ratios / ratio - 1).max(axis=1) < 0.1
        yield Row(f"sizes of the weights, {('middle', 'largest')[place - 1]} / smallest", ratio,
                  float(np.median(ratios)), Relative(0.05), f"median; within 10 % in"
                  f" {near.sum()} of {len(near)} networks")  # fmt: skip
    yield Plot("Symmetry", "sweeps", "share of networks that have learned",
               {"6-2-1": learned_by(sweeps)}, log="x")  # fmt: skip


CLAIM = Claim(
    name="symmetry",
    title="A network that detects symmetry has weights in the ratio 1 : 2 : 4",
    source=Source("Rumelhart, Hinton and Williams", 1986, "https://doi.org/10.1038/323533a0"),
    teaches=(
        "Nobody asked for it: mirror places get opposite weights, which cancel if the bits agree,"
        " and powers of two, so that no two disagreements cancel each other."
    ),
    kind="distribution",
    run=run,
)
