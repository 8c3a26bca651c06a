"""Pacing: the share of the easiest examples in use, as a function of the time t.

t counts epochs or steps, from 0; the share rises from `start` at t = 0 to 1 at t = `end`, and
stays there. All raise ValueError for a `start` outside of (0, 1] or an `end` that is not positive.
"""

import math
from collections.abc import Callable

from microgd.arguments import real

Pacing = Callable[[float], float]


def linear(start: float = 0.2, end: float = 10) -> Pacing:
    """start + (1 - start) * t / end: equally many new examples at all times.

    Platanios et al. (2019, Competence-based curriculum learning for neural machine translation,
    https://arxiv.org/abs/1903.09848).

    >>> [round(linear(0.2, 10)(t), 6) for t in (0, 5, 10, 99)]
    [0.2, 0.6, 1.0, 1.0]
    """
    start, end = _checked("linear", start, end)
    return lambda t: min(1.0, start + (1 - start) * t / end)


def root(start: float = 0.2, end: float = 10, power: float = 2) -> Pacing:
    """(start**p + (1 - start**p) * t / end) ** (1 / p): new examples come more and more slowly.

    p = `power`; with p = 2 each example in use is seen equally often between two new ones
    (Platanios et al. 2019, https://arxiv.org/abs/1903.09848).

    >>> round(root(0.6, 10)(5), 3), root(0.6, 10)(10)
    (0.825, 1.0)
    """
    start, end = _checked("root", start, end)
    p = _positive("root", "power", power)
    return lambda t: min(1.0, (start**p + (1 - start**p) * t / end) ** (1 / p))


def step(start: float = 0.2, end: float = 10) -> Pacing:
    """`start` before `end`, then 1: all at once.

    The "single step" pacing of Hacohen and Weinshall (2019, On the power of curriculum learning
    in training deep networks, https://arxiv.org/abs/1904.03626).

    >>> [step(0.2, 10)(t) for t in (0, 9, 10)]
    [0.2, 0.2, 1.0]
    """
    start, end = _checked("step", start, end)
    return lambda t: start if t < end else 1.0


def exponential(start: float = 0.2, end: float = 10, stages: int = 5) -> Pacing:
    """start * (1 / start) ** (floor(stages * t / end) / stages): equal factors, equally far apart.

    The "fixed exponential" pacing of Hacohen and Weinshall (2019,
    https://arxiv.org/abs/1904.03626), with the factor that makes it 1 at `end`.

    >>> [round(exponential(0.25, 10, stages=2)(t), 6) for t in (0, 4, 5, 9, 10)]
    [0.25, 0.25, 0.5, 0.5, 1.0]
    """
    start, end = _checked("exponential", start, end)
    count = _positive("exponential", "stages", stages)
    return lambda t: 1.0 if t >= end else start ** (1 - math.floor(count * t / end) / count)


PACINGS = {"linear": linear, "root": root, "step": step, "exponential": exponential}


def _checked(op: str, start: float, end: float) -> tuple[float, float]:
    share = _positive(op, "start", start)
    if share > 1:
        raise ValueError(f"{op}: start is {start}; give a share above 0 and up to 1, as 0.2")
    return share, _positive(op, "end", end)


def _positive(op: str, name: str, value: float) -> float:
    number = real(op, name, value, "give a positive number")
    if number <= 0:
        raise ValueError(f"{op}: {name} is {value}; give a positive number")
    return number
