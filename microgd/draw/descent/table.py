"""A race as a table: what became of every rule."""

import io
import math
from typing import TYPE_CHECKING

from microgd.descent.race import Race
from microgd.descent.run import Run
from microgd.draw.tables import TIGHT, table
from microgd.explain.text import clean, number

if TYPE_CHECKING:
    from rich.table import Table

ROOMY = 60  # columns from which on all is shown


def outcome(race: Race, width: int) -> "Table":
    """One row a rule: its rate and the stable one, when it reached the minimum, how it ended.

    Where it is narrow, the distance to the minimum goes first, then the rates.
    """
    far = width >= ROOMY and bool(race.surface.minima)
    rates = width >= TIGHT
    ends = any(fate(race, one) for one in race.runs)
    headers = ["rule", *(["rate", "stable to"] if rates else []), "reached", "final loss"]
    rows = table(*headers, *(["distance"] if far else []), *(["end"] if ends else []))
    if ends:
        rows.columns[-1].justify = "left"
    for one in race.runs:
        cells = [clean(one.name)]
        if rates:
            cells += [number(one.rates[0]), _known(race.limit(one.name))]
        cells += [_steps(one.reached(race.goal)), number(one.losses[-1])]
        if far:
            cells.append(number(race.surface.distance(tuple(one.points[-1]))))
        rows.add_row(*cells, *([fate(race, one)] if ends else []))
    return rows


def fate(race: Race, one: Run) -> str:
    """What else there is to say: that it left the view or the finite numbers, and when."""
    if one.diverged is not None:
        return f"diverged at {one.diverged}"
    left = one.left(race.surface)
    return f"left at {left}" if left is not None else ""


def plain(race: Race, width: int = 80) -> str:
    """The table as text.

    >>> from microgd.descent import race
    >>> print(plain(race("bowl", "sgd:0.5", start=(4, 0), steps=8)))
    rule     rate  stable to  reached  final loss  distance
    sgd:0.5   0.5          2        5   0.0001221   0.01562
    """
    from rich.console import Console

    screen = Console(file=io.StringIO(), width=width)
    screen.print(outcome(race, width))
    lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines)


def _known(limit: float) -> str:
    return number(limit) if math.isfinite(limit) else ""


def _steps(count: int | None) -> str:
    return "-" if count is None else str(count)
