"""Elastic averaging, in turn: for which learning rates and springs it is stable."""

from collections.abc import Iterator

import numpy as np

from microgd.experiments.bowl import descend, limit
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.parallel import EASGD

ROUNDS = 300
ETAS = np.linspace(0.01, 2.5, 500)  # of rate and curvature, one in each coordinate


def run(_: int) -> Iterator[Row | Plot]:
    """Find the border: for each alpha, the largest stable eta."""
    for workers in (1, 3):
        alphas = [0.0, 0.2, 0.4, 2 / 3, 0.8]
        found = [border(workers, alpha) for alpha in alphas]
        for alpha, eta in zip(alphas, found, strict=True):
            what = f"largest stable eta, alpha = {alpha:.3g}, workers = {workers}"
            yield Row(what, (4 - 4 * alpha) / (2 - alpha), eta, Relative(0.01))
    etas = np.linspace(0, 2, 101)
    theory = ((4 - 2 * etas) / (4 - etas)).tolist()
    curves = {
        "measured, 3 workers": (found, alphas),
        "(4 - 2 eta) / (4 - eta)": (etas.tolist(), theory),
    }
    yield Plot("Where elastic averaging is stable", "eta", "alpha", curves)
    note = (
        "by the composed map's eigenvalues: each worker's map is symmetric, so the bound holds for"
        " any number of workers, but an even number does not reach it"
    )
    what = "largest stable eta, alpha = 0.667, workers = 2"
    yield Row(what, _two(2 / 3), border(2, 2 / 3), Relative(0.01), note)


def border(workers: int, alpha: float) -> float:
    """The largest eta at which neither a worker nor the centre goes ever further."""
    rule = EASGD(lr=1.0, rho=alpha, order="round-robin")
    pushes = descend(rule, ETAS, workers, ROUNDS).of("push")
    places, centres = (np.array([getattr(p, name) for p in pushes]) for name in ("place", "centre"))
    return limit(ETAS, np.abs(places) + np.abs(centres))


def _two(alpha: float) -> float:
    """The eta at which the composed map of two workers has an eigenvalue of size 1."""

    def size(eta: float) -> float:
        one, two = np.eye(3), np.eye(3)
        for k, step in enumerate((one, two)):
            step[np.ix_([k, 2], [k, 2])] = [[1 - eta - alpha, alpha], [alpha, 1 - alpha]]
        return float(np.abs(np.linalg.eigvals(two @ one)).max())

    low, high = 0.01, 2.5
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if size(middle) <= 1 else (low, middle)
    return low


CLAIM = Claim(
    name="elastic-stability",
    title="Elastic averaging in turn is stable for 0 <= alpha <= (4 - 2 eta) / (4 - eta)",
    source=Source("Zhang, Choromanska and LeCun", 2015, "https://arxiv.org/abs/1412.6651"),
    teaches="A strong spring asks for a small rate: both pull a worker over the minimum.",
    kind="within",
    run=run,
)
