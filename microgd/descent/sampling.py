"""Batch, mini-batch and stochastic descent on one surface: smooth and dear, or rough and cheap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.data import Dataset, line
from microgd.descent.race import Race, race
from microgd.descent.regression import on_batches, regression
from microgd.explain.show import drawing
from microgd.graph import Array


@dataclass(frozen=True)
class Sampled:
    """Paths of descent on batches of several sizes, from one start at one rate.

    race   the runs; the surface is the error on all points, whatever a step saw
    sizes  the points in a batch, by the name of the run
    """

    race: Race
    sizes: Mapping[str, int]

    def examples(self, name: str) -> Array:
        """How many points a run had looked at after each step, (steps + 1,)."""
        return np.arange(len(self.race[name]) + 1) * self.sizes[name]

    def save(self, path: str | Path) -> Path:
        """Write the animated page of the race; returns the path."""
        return self.race.save(path)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return drawing("plots.descent", "sampled")(self)._repr_mimebundle_(**options)


def sampled(
    data: Dataset | None = None,
    sizes: Sequence[int | None] = (None, 10, 1),
    steps: int = 100,
    *,
    lr: float | None = None,
    rng: int = 0,
) -> Sampled:
    """Fit a straight line by descent on all points (None), on some, and on one at a time.

    A batch's gradient is the whole one plus noise whose variance falls with the batch's size, so
    stochastic descent does not come to rest, and yet is near the minimum after a fraction of the
    points (Bottou et al. 2018, https://arxiv.org/abs/1606.04838). The data are
    ``line(noise=0.5)`` of `microgd.data` if None.

    Raises ValueError for a size that is no whole number of at least 1.

    >>> found = sampled(steps=50)
    >>> found.sizes
    {'batch (100)': 100, 'mini-batch (10)': 10, 'stochastic (1)': 1}
    """
    points = line(noise=0.5) if data is None else data
    surface, n = regression(points), len(points.x)
    found: dict[str, int] = {}
    races = []
    for size in sizes:
        count = n if size is None else whole("sampled", "size", size, 1, "give 1 or more, or None")
        count = min(count, n)
        kind = "batch" if count == n else "stochastic" if count == 1 else "mini-batch"
        name = f"{kind} ({count})"
        sample = None if count == n else on_batches(points, count, rng)
        if name not in found:
            races.append(race(surface, {name: "sgd"}, steps=steps, lr=lr, sample=sample))
        found[name] = count
    if not races:
        raise ValueError("sampled: no sizes; give some, as (None, 10, 1)")
    whole_race = races[0]
    for other in races[1:]:
        whole_race = whole_race.beside(other)
    return Sampled(whole_race, found)
