"""A race as one animated page: the surface from above and in space, the balls, their numbers."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from microgd.descent.race import Race
from microgd.descent.run import Run
from microgd.descent.surface import Surface
from microgd.draw import offline
from microgd.draw.descent.words import notes, slot
from microgd.explain.text import clean
from microgd.graph import Array

SCRIPTS = ("ground", "balls", "chart")
GRID = 121  # points of the surface along each side
MOST_ROWS = 20_000  # steps of all runs together: more would be a page that no browser opens gladly
NARROW = "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"  # a formula stays on its line
STEEPEST = 0.08  # the least exponent of a scale: a flatter one would be all noise


def page(
    race: Race,
    heading: str = "",
    said: Sequence[str] | None = None,
    springs: Sequence[tuple[int, int]] = (),
    tail: int = 0,
) -> str:
    """One self-contained page of HTML that plays `race`; it makes no request.

    heading  the first line; the surface's name if none is given
    said     what is to be known beforehand, a line each; the stable rates if none is given
    springs  pairs of runs, by number, to be joined by a line
    tail     for how many steps a trail is seen; 0: from the start

    Raises ValueError for a race of too many steps.

    >>> from microgd.descent import race
    >>> page(race("bowl", "sgd", steps=3)).startswith("<!doctype html>")
    True
    """
    rows = sum(map(len, race.runs))
    if rows > MOST_ROWS:
        raise ValueError(
            f"page: {rows:,} steps in all, of which a page holds {MOST_ROWS:,}; race with fewer"
            " steps or fewer optimizers"
        )
    data = {
        "surface": _ground(race.surface),
        "notes": [note.replace(" = ", NARROW) for note in (said or notes(race))],
        "springs": springs,
        "tail": tail,
        "steps": race.steps,
        "runs": [_run(race, one) for one in race.runs],
    }
    heading = escape(clean(heading or f"Descent on {race.surface.name}"))
    return offline.page("descent", data, SCRIPTS, title=heading, heading=heading)


def _ground(surface: Surface) -> dict[str, Any]:
    """The surface as heights from 0 to 1 on a scale that shows its valleys as well as its peaks.

    height = ((f - low) / (high - low))**power, with half of the view below 1/2.
    """
    _, _, values = surface.grid(GRID)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if surface.lowest is not None:
        low = min(low, surface.lowest)
    span = (high - low) or 1.0
    share = np.nan_to_num((values - low) / span, nan=1.0, posinf=1.0, neginf=0.0)
    middle = float(np.median(share))
    power = math.log(0.5) / math.log(middle) if 0 < middle < 1 else 1.0
    power = min(max(power, STEEPEST), 1.0)
    return {
        "name": clean(surface.name),
        "formula": surface.formula,
        "about": surface.about,
        "source": surface.source,
        "box": surface.box,
        "axes": surface.axes,
        "minima": surface.minima,
        "low": low,
        "span": span,
        "power": power,
        "size": GRID,
        "heights": [round(float(h), 5) for h in (share**power).ravel()],
    }


def _run(race: Race, one: Run) -> dict[str, Any]:
    reached = one.reached(race.goal)
    left = one.left(race.surface)
    limit = race.limit(one.name)
    changed = not np.array_equal(one.seen, one.gradients)
    end = (
        f"not finite after step {one.diverged}"
        if one.diverged is not None
        else f"out of the view from step {left}"
        if left is not None
        else f"at the minimum from step {reached}"
        if reached is not None
        else "not at the minimum by the end"
    )
    return {
        "name": clean(one.name),
        "end": end,
        "limit": limit if race.surface.quadratic and math.isfinite(limit) else None,
        "points": _pairs(one.points),
        "losses": _short(one.losses),
        "gradients": _pairs(one.gradients),
        "seen": _pairs(one.seen) if changed else None,
        "rates": _short(one.rates),
        "state": [
            {"name": name, **slot(name)._asdict(), "values": _pairs(values)}
            for name, values in one.state.items()
        ],
    }


def _pairs(values: Array) -> list[list[float | None]]:
    return [_short(pair) for pair in values]


def _short(values: Array | Sequence[float]) -> list[float | None]:
    """Numbers in seven digits, which is more than the page shows; JSON has no infinity."""
    return [float(f"{value:.7g}") if math.isfinite(value) else None for value in values]
