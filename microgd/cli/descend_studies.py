"""What `microgd descend` can do with a surface: each study runs, prints, and documents itself."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.descent import (
    Directions,
    Race,
    Rates,
    Sampled,
    Surface,
    clipping,
    directions,
    race,
    rates,
    sampled,
)
from microgd.descent.run import Schedule
from microgd.descent.surface import Point
from microgd.draw.descent.table import fitted, outcome
from microgd.draw.descent.words import at, notes
from microgd.draw.tables import table
from microgd.draw.terminal import TIMES, paragraph
from microgd.explain.text import number
from microgd.graph import Array

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Asked:
    """What the command was told; None for what the surface or the study decides."""

    surface: Surface
    optimizers: str | None
    lr: float | None
    start: Point | None
    steps: int | None
    schedule: Schedule | None
    noise: float | None
    clip: float | None
    seed: int


@dataclass(frozen=True)
class Study:
    """How to run it, print it and put it into JSON; its usual surface, and the options it takes."""

    run: Callable[[Asked], Any]
    show: Callable[["Console", Any], None]
    document: Callable[[Any], dict[str, Any]]
    surface: str
    options: tuple[str, ...]


# --- a race --------------------------------------------------------------------------------------


def _race(asked: Asked) -> Race:
    return race(
        asked.surface, asked.optimizers, asked.start, asked.steps, asked.schedule, asked.noise,
        lr=asked.lr, clip=asked.clip, rng=asked.seed,
    )  # fmt: skip


def _show_race(screen: "Console", found: Race) -> None:
    surface = found.surface
    screen.print(
        f"\nDescent on {_place(surface, found.start)}, {found.steps} steps\n", style="bold"
    )
    about = [f"f({', '.join(surface.axes)}) = {surface.formula}", surface.about, *notes(found)]
    paragraph(screen, "\n".join(filter(None, about)))
    paragraph(screen, outcome(found, screen.width))


def _race_document(found: Race) -> dict[str, Any]:
    return {
        **_where(found.surface, found.start),
        "steps": found.steps,
        "curvature": _finite(found.curvature),
        "goal": found.goal,
        "runs": {
            one.name: {
                "options": dict(one.options),
                "stable_to": _finite(found.limit(one.name)),
                "reached": one.reached(found.goal),
                "left": one.left(found.surface),
                "diverged": one.diverged,
                "distance": _finite(found.surface.distance(tuple(one.points[-1]))),
                "points": _plain(one.points),
                "losses": _plain(one.losses),
                "gradients": _plain(one.gradients),
                "seen": _plain(one.seen),
                "rates": _plain(one.rates),
                "state": {slot: _plain(values) for slot, values in one.state.items()},
            }
            for one in found.runs
        },
    }


def _clip(asked: Asked) -> Race:
    clip = {} if asked.clip is None else {"clip": asked.clip}
    rules = asked.optimizers or "sgd"
    return clipping(asked.surface, rules, asked.start, asked.steps, lr=asked.lr, **clip)


# --- the slope in every direction ----------------------------------------------------------------


def _show_directions(screen: "Console", found: Directions) -> None:
    screen.print(f"\nSlopes of {_place(found.surface, found.place)}\n", style="bold")
    x, y = map(number, found.gradient)
    paragraph(
        screen,
        f"gradient ({x}, {y}): {number(found.heading)} degrees from the first axis, and"
        f" {number(found.length)} long. Along a unit vector the slope is |gradient| {TIMES}"
        " cos(angle to the gradient), so that the gradient is the steepest way up.",
    )
    rows = table("angle", "slope", f"|gradient| {TIMES} cos", left=0)
    every = max(len(found.angles) // 12, 1)
    for angle, slope in zip(found.angles[::every], found.slopes[::every], strict=True):
        expected = found.length * math.cos(math.radians(angle))
        rows.add_row(
            f"{angle:.0f}", *(_rounded(value, found.length) for value in (slope, expected))
        )
    paragraph(screen, rows)


def _rounded(value: float, scale: float) -> str:
    """Six digits of `scale`: what is 0 but for rounding is 0."""
    return f"{round(value / scale, 6) * scale + 0.0:.6g}"


def _directions_document(found: Directions) -> dict[str, Any]:
    return {
        **_where(found.surface, found.place),
        "gradient": found.gradient.tolist(),
        "length": found.length,
        "angles": found.angles.tolist(),
        "slopes": found.slopes.tolist(),
    }


# --- four rates ----------------------------------------------------------------------------------


def _show_rates(screen: "Console", found: Rates) -> None:
    surface = found.surface
    screen.print(f"\nRates on {_place(surface, found.place)}\n", style="bold")
    local = f" All this holds near {at(found.place)}; farther off, {surface.name} curves otherwise."
    paragraph(
        screen,
        f"Known before the run: L = {number(found.curvature)}, so gradient descent is stable up to"
        f" 2/L = {number(found.limit)}. A step makes of the distance along the steepest direction"
        f" 1 - rate {TIMES} L of it.{'' if surface.quadratic else local}",
    )
    columns = {
        "rate": [rate.name for rate in found.rates],
        "": [number(rate.lr) for rate in found.rates],
        "foretold": [f"{rate.factor:.4f}" for rate in found.rates],
        "measured": [
            "" if math.isnan(rate.measured) else f"{rate.measured:.4f}" for rate in found.rates
        ],
        "final loss": [number(found.race[rate.name].losses[-1]) for rate in found.rates],
    }
    paragraph(screen, fitted(columns, screen.width, spare=("final loss", "")))


def _rates_document(found: Rates) -> dict[str, Any]:
    return {
        **_where(found.surface, found.race.start),
        "place": list(found.place),
        "curvature": found.curvature,
        "limit": found.limit,
        "rates": {
            rate.name: {
                "lr": rate.lr,
                "factor": rate.factor,
                "measured": _finite(rate.measured),
                "losses": _plain(found.race[rate.name].losses),
            }
            for rate in found.rates
        },
    }


# --- sizes of batches ----------------------------------------------------------------------------


def _sampled(asked: Asked) -> Sampled:
    if asked.surface.name != "line":
        raise ValueError("batches are of data: write microgd descend line --study batches")
    return sampled(steps=asked.steps or 100, lr=asked.lr, rng=asked.seed)


def _show_sampled(screen: "Console", found: Sampled) -> None:
    course = found.race
    screen.print(f"\nBatches: a straight line is fitted in {course.steps} steps\n", style="bold")
    slope, intercept = map(number, course.surface.minima[0])
    paragraph(
        screen,
        f"{course.surface.formula} is lowest at slope {slope}, intercept {intercept}: the solution"
        " of least squares. Each run takes as many steps, and looks at more or fewer points.",
    )
    ends = {name: course[name] for name in found.sizes}
    columns = {
        "batches": list(ends),
        "points seen": [f"{int(found.examples(name)[-1]):,}" for name in ends],
        "final error": [number(run.losses[-1]) for run in ends.values()],
        "distance": [
            number(course.surface.distance(tuple(run.points[-1]))) for run in ends.values()
        ],
    }
    paragraph(screen, fitted(columns, screen.width, spare=("distance", "points seen")))


def _sampled_document(found: Sampled) -> dict[str, Any]:
    return {"sizes": dict(found.sizes), **_race_document(found.race)}


# --- common --------------------------------------------------------------------------------------


def _place(surface: Surface, place: Point) -> str:
    return f"{surface.name} at {at(place)}"


def _where(surface: Surface, start: Point) -> dict[str, Any]:
    return {
        "surface": surface.name,
        "formula": surface.formula,
        "minima": [list(minimum) for minimum in surface.minima],
        "start": list(start),
    }


def _finite(value: float) -> float | None:
    """A number for JSON, which has no NaN and no infinity."""
    return float(value) if math.isfinite(value) else None


def _plain(values: Array) -> list[Any]:
    """An array for JSON."""
    return [_plain(part) if part.ndim else _finite(part.item()) for part in map(np.asarray, values)]


_RACE = ("--optimizers", "--lr", "--start", "--steps", "--schedule", "--noise", "--clip", "--seed")

STUDIES: Mapping[str, Study] = {
    "race": Study(_race, _show_race, _race_document, "ravine", _RACE),
    "angle": Study(
        lambda asked: directions(asked.surface, asked.start),
        _show_directions, _directions_document, "ravine", ("--start",),
    ),
    "rates": Study(
        lambda asked: rates(asked.surface, asked.start, asked.steps or 60),
        _show_rates, _rates_document, "bowl", ("--start", "--steps"),
    ),
    "clip": Study(
        _clip, _show_race, _race_document, "cliff",
        ("--optimizers", "--lr", "--start", "--steps", "--clip"),
    ),
    "batches": Study(
        _sampled, _show_sampled, _sampled_document, "line", ("--lr", "--steps", "--seed")
    ),
}  # fmt: skip
