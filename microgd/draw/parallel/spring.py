"""Workers and their centre on a surface, with the springs between them: the page of a race."""

import numpy as np

from microgd.descent.race import Race
from microgd.descent.run import Run
from microgd.descent.surface import Point, Surface
from microgd.draw.descent import page as descent
from microgd.draw.descent.notebook import HEIGHT, MOST_ROWS
from microgd.draw.parallel.table import plain
from microgd.draw.parallel.timeline import counted
from microgd.draw.plots.page import folded
from microgd.graph import Array
from microgd.parallel.events import Event, Record

CENTRE = "centre"
MOVES = 6  # of each worker that its trail shows, about


def race(record: Record, surface: Surface) -> Race:
    """A traced run as a race of the centre and the workers; a step is an update by one of them.

    A worker is where it was when it last pushed: for EASGD its own parameters, else those that its
    gradient was computed at. Raises ValueError for a run that was not traced on a surface.

    >>> from microgd.experiments.elastic import elastic
    >>> found = elastic("bowl", workers=2, steps=5)
    >>> race(found.record, found.surface).names
    ['centre', 'worker 0', 'worker 1']
    """
    pushes = record.of("push")
    if not pushes or any(e.place is None or e.place.shape != (2,) for e in pushes):
        raise ValueError(
            "spring: this run holds no places on a surface; train two parameters with trace=True,"
            " as microgd.experiments.elastic.elastic does"
        )
    start = pushes[0].place
    assert start is not None
    names = [CENTRE, *(f"worker {me}" for me in range(record.workers))]
    ways = _ways(pushes, start, record.workers)
    rate = float(record.settings.get("lr", float("nan")))
    runs = tuple(_run(name, way, surface, rate) for name, way in zip(names, ways, strict=True))
    place = (float(start[0]), float(start[1]))
    return Race(surface, runs, place, surface.curvature(place))


def page(record: Record, surface: Surface) -> str:
    """One self-contained page of HTML that plays the run; it makes no request.

    >>> from microgd.experiments.elastic import elastic
    >>> found = elastic("bowl", workers=2, steps=5)
    >>> page(found.record, found.surface).startswith("<!doctype html>")
    True
    """
    what = "each worker" if "rho" in record.settings else "the place of each worker's gradient"
    many = counted(record.workers)
    said = [
        f"A step is an update of the centre by one of {many}. A line joins {what} to the centre."
    ]
    if "rho" in record.settings:
        alpha = record.settings["lr"] * record.settings["rho"]
        said.append(f"In a meeting both move by {alpha:.3g} of the way between them.")
    springs = [(0, 1 + me) for me in range(record.workers)]
    return descent.page(
        race(record, surface), heading=f"{record.algorithm} on {surface.name}", said=said,
        springs=springs, tail=MOVES * record.workers,
    )  # fmt: skip


def bundle(record: Record, surface: Surface) -> dict[str, str]:
    """The same in a notebook: the page in a frame, and the table for where none may run."""
    title = f"{record.algorithm} on {surface.name}"
    rows = (1 + record.workers) * len(record.losses)
    document = page(record, surface) if rows <= MOST_ROWS else ""
    return {"text/plain": repr(record), "text/html": folded(document, title, HEIGHT, plain(record))}


def _ways(pushes: list[Event], start: Array, workers: int) -> Array:
    """Where the centre and each worker were before the first update, and after each."""
    ways = np.empty((1 + workers, 1 + len(pushes), 2))
    ways[:, 0] = start
    for k, event in enumerate(pushes, 1):
        ways[:, k] = ways[:, k - 1]
        ways[0, k], ways[1 + event.worker, k] = event.centre, event.place
    return ways


def _run(name: str, way: Array, surface: Surface, rate: float) -> Run:
    """A way down the surface, with the heights and slopes on it."""
    known: dict[Point, tuple[float, Array]] = {}
    for x, y in way.tolist():
        if (x, y) not in known:
            known[x, y] = surface(x, y), surface.gradient((x, y))
    heights, slopes = zip(*(known[x, y] for x, y in way.tolist()), strict=True)
    gradients = np.array(slopes)
    rates = np.full(len(way), rate)
    return Run(name, way, np.array(heights), gradients, gradients, rates, {}, {})
