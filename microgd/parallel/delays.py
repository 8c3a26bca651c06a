"""Delays: how long a simulated worker takes for a gradient, in units of the mean time.

Each is a function of (rng, worker) that draws a time; the means are 1, but the straggler's.
"""

from collections.abc import Callable

import numpy as np

Delay = Callable[[np.random.Generator, int], float]


def constant(_rng: np.random.Generator, _worker: int) -> float:
    """1, always: all workers in step."""
    return 1.0


def exponential(rng: np.random.Generator, _worker: int) -> float:
    """P(delay > t) = exp(-t): without memory, as Mitliagkas et al. (2016) take it."""
    return float(rng.exponential())


def pareto(rng: np.random.Generator, _worker: int) -> float:
    """P(delay > t) = (3 t)**-1.5 from 1/3 on: heavy-tailed, its variance is infinite."""
    return float((1 + rng.pareto(1.5)) / 3)


def straggler(rng: np.random.Generator, worker: int) -> float:
    """Exponential, and worker 0 takes ten times as long."""
    return exponential(rng, worker) * (10.0 if worker == 0 else 1.0)


DELAYS: dict[str, Delay] = {
    "constant": constant,
    "exponential": exponential,
    "pareto": pareto,
    "straggler": straggler,
}
