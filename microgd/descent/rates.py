"""The learning rate too small, right, oscillating and divergent, foretold from the curvature."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microgd.descent.race import Race, race
from microgd.descent.surface import Function, Point, Surface, point
from microgd.descent.surfaces import surface_of
from microgd.explain.sharpness import stable_rate
from microgd.explain.show import drawing

SHARES = {"too small": 0.05, "right": 0.5, "oscillating": 0.95, "divergent": 1.05}


@dataclass(frozen=True)
class Rate:
    """One rate: what the curvature says will come of it, and what came.

    name      "too small", "right", "oscillating" or "divergent"
    lr        the rate, a share of the limit 2/L
    factor    1 - lr * L: foretold before the run, what a step makes of the distance to the minimum
              along the steepest direction
    measured  the same, as it was on the way (the median over the steps); NaN if there was no way
    """

    name: str
    lr: float
    factor: float
    measured: float


@dataclass(frozen=True)
class Rates:
    """Gradient descent at four rates, and the limit that was known before.

    curvature  L, the largest eigenvalue of the Hessian at `place`
    limit      2/L: up to there descent is stable
    rates      the four, see `Rate`
    race       the runs, under the names of the rates
    """

    surface: Surface
    place: Point
    curvature: float
    limit: float
    rates: tuple[Rate, ...]
    race: Race

    def save(self, path: str | Path) -> Path:
        """Write the plots as one page that works offline; returns the path."""
        drawing("plots.descent", "save_rates")(self, path)
        return Path(path)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return drawing("plots.descent", "rates")(self)._repr_mimebundle_(**options)


def rates(
    surface: str | Surface | Function = "bowl", start: Point | None = None, steps: int = 60
) -> Rates:
    """Run gradient descent at 0.05, 0.5, 0.95 and 1.05 of the limit 2/L.

        distance after a step = (1 - lr * L) * distance     along the eigenvector of L

    so it shrinks for 0 < lr < 2/L, changes its side from lr > 1/L on, and is gone in one step at
    1/L. (Where the other direction is much flatter, as in the ravine, that one is what takes long,
    and a rate nearer to the limit is the faster one.) On a quadratic this holds exactly and
    everywhere; elsewhere near the minimum, which is why L is taken at the nearest known one (at
    the start, if none is known). LeCun et al. (1998, Efficient BackProp, figure 6,
    https://doi.org/10.1007/3-540-49430-8_2).

    Raises ValueError where the surface does not curve upwards, for then there is no limit.

    >>> found = rates("ravine")
    >>> found.limit, [round(rate.factor, 6) for rate in found.rates]
    (0.04, [0.9, 0.0, -0.9, -1.1])
    >>> [round(rate.measured, 6) + 0.0 for rate in found.rates]
    [0.9, 0.0, -0.9, -1.1]
    """
    ground = surface_of(surface)
    begin = ground.start if start is None else point("rates", start)
    place = min(ground.minima, key=lambda m: math.dist(m, begin), default=begin)
    values, vectors = np.linalg.eigh(ground.hessian(place))
    curvature, steepest = float(values[-1]), vectors[:, -1]
    limit = stable_rate({}, curvature)
    if not math.isfinite(limit):
        raise ValueError(
            f"rates: {ground.name} does not curve upwards at {place}: its largest curvature is"
            f" {curvature:g}, so no rate is too large there; take another start"
        )
    foretold = {name: share * limit for name, share in SHARES.items()}
    run = race(ground, {name: f"sgd:{lr!r}" for name, lr in foretold.items()}, begin, steps)
    found = []
    for name, lr in foretold.items():
        away = (run[name].points - place) @ steepest
        before, after = away[:-1], away[1:]
        moved = np.abs(before) > 1e-9 * np.abs(away[0])
        measured = float(np.median(after[moved] / before[moved])) if moved.any() else math.nan
        found.append(Rate(name, lr, 1 - lr * curvature, measured))
    return Rates(ground, place, curvature, limit, tuple(found), run)
