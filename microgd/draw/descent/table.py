"""A race as a table: what became of every rule."""

import io
from typing import TYPE_CHECKING

from microgd.descent.race import Race
from microgd.descent.run import Run
from microgd.draw.tables import TIGHT, table
from microgd.explain.text import clean, number

if TYPE_CHECKING:
    from rich.table import Table

ROOMY = 60  # columns from which on all is shown


def outcome(race: Race, width: int) -> "Table":
    """One row a rule: its rate, when it reached the minimum, the loss at the end and how far off.

    Where it is narrow, the distance goes first, then the rate.
    """
    far = width >= ROOMY and bool(race.surface.minima)
    rate = width >= TIGHT
    headers = ["rule", *(["rate"] if rate else []), "reached", "final loss"]
    rows = table(*headers, *(["distance"] if far else []), "", left=1)
    rows.columns[-1].justify = "left"
    for one in race.runs:
        cells = [clean(one.name), *([number(one.rates[0])] if rate else [])]
        cells += [_steps(one.reached(race.goal)), number(one.losses[-1])]
        if far:
            cells.append(number(race.surface.distance(tuple(one.points[-1]))))
        rows.add_row(*cells, fate(race, one))
    return rows


def fate(race: Race, one: Run) -> str:
    """What else there is to say: that it left the view or the finite numbers, and when."""
    if one.diverged is not None:
        return f"diverged, step {one.diverged}"
    left = one.left(race.surface)
    return f"left, step {left}" if left is not None else ""


def plain(race: Race, width: int = 80) -> str:
    """The table as text.

    >>> from microgd.descent import race
    >>> print(plain(race("bowl", "sgd:0.5", start=(4, 0), steps=8)))
    rule     rate  reached  final loss  distance
    sgd:0.5   0.5        5   0.0001221   0.01562
    """
    from rich.console import Console

    screen = Console(file=io.StringIO(), width=width)
    screen.print(outcome(race, width))
    lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines)


def _steps(count: int | None) -> str:
    return "-" if count is None else str(count)
