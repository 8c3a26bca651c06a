"""Descent by gradients that are tau updates old is stable up to 2 sin(pi / (4 tau + 2)) / L."""

import math
from collections.abc import Iterator

import numpy as np

from microgd.experiments.bowl import centres, descend, limit
from microgd.experiments.claim import Absolute, Claim, Plot, Relative, Row, Source
from microgd.parallel import Downpour

UPDATES = 600


class InTurn:
    """A delay of 1 for each gradient, and first of (k + 1) / K: worker k comes after k - 1."""

    def __init__(self, workers: int) -> None:
        self.first = {me: (me + 1) / workers for me in range(workers)}

    def __call__(self, _rng: np.random.Generator, me: int) -> float:
        """The next delay of a worker."""
        return self.first.pop(me, 1.0)


def run(_: int) -> Iterator[Row | Plot]:
    """Let tau + 1 workers take turns: each gradient is then tau updates old."""
    products = np.linspace(0.02, 2.5, 500)  # of rate and curvature, one in each coordinate
    taus, found = range(4), []
    for tau in taus:
        workers = tau + 1
        record = descend(
            Downpour(lr=1.0), products, workers, UPDATES // workers, delay=InTurn(workers)
        )
        stale = record.staleness[workers:]
        yield Row(f"staleness of {workers} workers in turn", tau, stale.mean(), Absolute(0.0))
        found.append(limit(products, centres(record)))
        expected = 2 * math.sin(math.pi / (4 * tau + 2))
        yield Row(
            f"largest stable rate x curvature, tau = {tau}", expected, found[-1], Relative(0.01)
        )
    theory = [2 * math.sin(math.pi / (4 * tau + 2)) for tau in taus]
    curves = {"measured": (taus, found), "2 sin(pi / (4 tau + 2))": (taus, theory)}
    yield Plot("How old a gradient may be", "updates in between", "stable rate x curvature", curves)


CLAIM = Claim(
    name="delayed-descent",
    title="A gradient that is tau updates old allows 2 sin(pi / (4 tau + 2)) in place of 2",
    source=Source("Levin and May", 1976, "https://doi.org/10.1016/0040-5809(76)90043-5"),
    teaches="Stale gradients ask for small rates: one update too late halves the stable rate.",
    kind="within",
    run=run,
)
