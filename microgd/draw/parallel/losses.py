"""The loss against updates, which is what they are worth, and against time, which they cost."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from microgd.draw.parallel.timeline import time
from microgd.draw.plots.curves import curves
from microgd.graph import Array
from microgd.names import choose
from microgd.parallel.events import Record

POINTS = 100  # of a curve; of more updates, each is a mean over some that follow one another


def losses(
    record: Record | Mapping[str, Record],
    against: Literal["updates", "time"] = "updates",
    **options: Any,
) -> Any:
    """The loss of the batches against the number of updates, or against the time that passed.

    record   a Record, or several by name, to compare
    options  of `draw.plots.curves`, as ``log="y"``, and of the Bokeh figure

    Returns a Bokeh figure, which a notebook shows and ``.save(path)`` writes. Raises ValueError
    for another word than these two.

    >>> from microgd import data, nn, parallel
    >>> model, moons = nn.MLP([2, 4, 2], rng=0), data.moons(100, rng=0)
    >>> record = parallel.train(model, moons, "downpour", 3, "simulated", epochs=2)
    >>> losses(record, "time").title.text
    'loss against time'
    """
    runs = {record.algorithm: record} if isinstance(record, Record) else dict(record)
    places = choose("losses: against", against, {"updates": _numbers, "time": _times})
    lines = {
        name: (_thinned(places(run)).tolist(), _thinned(run.losses).tolist())
        for name, run in runs.items()
    }
    label = "updates" if against == "updates" else time(next(iter(runs.values())))
    return curves(lines, f"loss against {against}", label, "loss", **options)


def _numbers(record: Record) -> Array:
    return np.arange(1, len(record.losses) + 1, dtype=float)


def _times(record: Record) -> Array:
    return record.times


def _thinned(values: Array) -> Array:
    """Means of so many parts, of equal length."""
    parts = np.array_split(values, min(len(values), POINTS) or 1)
    return np.array([part.mean() for part in parts if part.size])
