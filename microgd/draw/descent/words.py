"""Races in words: what the numbers of an optimizer are called, and what is known beforehand."""

import math
from typing import NamedTuple

from microgd.descent.race import Race
from microgd.descent.surface import Point
from microgd.explain.sharpness import stable_rate
from microgd.explain.text import number


class Slot(NamedTuple):
    """A name in words, and the drawing: "arrow", "ellipse" of rates, or none."""

    words: str
    drawn: str


SLOTS = {
    "momentum_buffer": Slot("velocity", "arrow"),
    "exp_avg": Slot("first moment", "arrow"),
    "exp_avg_sq": Slot("second moment", "ellipse"),
    "max_exp_avg_sq": Slot("largest second moment", ""),
    "sum": Slot("sum of squares", "ellipse"),
    "square_avg": Slot("mean square", "ellipse"),
    "acc_delta": Slot("mean square of steps", ""),
    "grad_avg": Slot("mean gradient", "arrow"),
}


def slot(name: str) -> Slot:
    """The words for a slot; one that is not known keeps its name and is only written.

    >>> slot("exp_avg").words, slot("mine").words
    ('first moment', 'mine')
    """
    return SLOTS.get(name, Slot(name, ""))


def at(place: Point) -> str:
    """A place, in brackets.

    >>> at((3.0, -0.123456))
    '(3, -0.1235)'
    """
    return f"({', '.join(map(number, place))})"


def notes(race: Race) -> list[str]:
    """What is to be known before the first step, a line each: which rates are stable, and where.

    >>> from microgd.descent import race
    >>> notes(race("ravine", "sgd", steps=1))
    ['Largest curvature L = 50 everywhere: descent is stable up to 2/L = 0.04.']
    """
    surface = race.surface
    nearest = min(surface.minima, key=lambda m: math.dist(m, race.start), default=None)
    if surface.quadratic:
        said = [f"Largest curvature {_limit(race.curvature, ' everywhere')}."]
    else:
        said = [f"Largest curvature at the start {_limit(race.curvature, there='there, ')}."]
        if nearest is not None:
            said.append(f"At the nearest minimum {_limit(surface.curvature(nearest))}.")
    if race.about:
        said.append(f"{race.about[:1].upper()}{race.about[1:]}.")
    return said


def _limit(curvature: float, where: str = "", there: str = "") -> str:
    """L, and the rate up to which gradient descent is stable."""
    if math.isnan(curvature):
        return "is not finite"
    if curvature <= 0:
        return f"L = {number(curvature)}{where}: curved downwards, no rate is unstable"
    bound = stable_rate({}, curvature)
    return f"L = {number(curvature)}{where}: {there}descent is stable up to 2/L = {number(bound)}"
