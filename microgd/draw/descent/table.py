"""A race as a table: what became of every rule."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from microgd.descent.race import Race
from microgd.descent.run import Run
from microgd.draw.tables import table
from microgd.explain.text import clean, number

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2  # columns of space between two of a table
NARROWEST = 12  # what is left of the first column, which may go on in the next line


def outcome(race: Race, width: int) -> "Table":
    """One row a rule: its rate and the stable one, when it reached the minimum, how it ended."""
    runs = race.runs
    columns = {
        "rule": [clean(one.name) for one in runs],
        "rate": [number(one.rates[0]) for one in runs],
        "stable to": [_known(race.limit(one.name)) for one in runs],
        "reached": [_steps(one.reached(race.goal)) for one in runs],
        "final loss": [number(one.losses[-1]) for one in runs],
        "distance": [_known(race.surface.distance(tuple(one.points[-1]))) for one in runs],
        "end": [fate(race, one) for one in runs],
    }
    rows = fitted(columns, width, spare=("distance", "stable to", "rate", "reached"))
    if rows.columns[-1].header == "end":
        rows.columns[-1].justify = "left"
    return rows


def fitted(columns: Mapping[str, Sequence[str]], width: int, spare: Sequence[str]) -> "Table":
    """A table of these columns without the empty ones, at most so wide.

    Those named in `spare` go, one after another, until the others have room.

    >>> columns = {"rule": ["sgd"], "rate": ["0.1"], "loss": ["0.5"]}
    >>> [column.header for column in fitted(columns, 14, spare=("rate",)).columns]
    ['rule', 'loss']
    """
    shown = {name: cells for name, cells in columns.items() if any(cells)}
    for name in spare:
        first, *others = (max(map(len, [head, *cells])) for head, cells in shown.items())
        if min(first, NARROWEST) + sum(others) + GAP * len(others) <= width:
            break
        shown.pop(name, None)
    rows = table(*shown, gap=GAP)
    rows.columns[0].no_wrap, rows.columns[0].overflow = False, "fold"
    for row in zip(*shown.values(), strict=True):
        rows.add_row(*row)
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


def _known(value: float) -> str:
    return number(value) if math.isfinite(value) else ""


def _steps(count: int | None) -> str:
    return "-" if count is None else str(count)
