"""The terminal table of the gradient through time: the last time step first, as it meets them."""

from typing import TYPE_CHECKING

from microgd.draw.flows import written
from microgd.draw.tables import BAR, TIGHT, bar, factor, scientific, table
from microgd.draw.terminal import console
from microgd.explain.through_time import ThroughTime, TimeStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table


def text(found: ThroughTime, width: int | None = None) -> str:
    """The record as plain text, for `print` and a prompt; as wide as the terminal, unless told."""
    room = width or console().width
    parts: list[RenderableType] = []
    for cell, steps in found.items():
        parts += ["", cell, steps_table(steps, room)]
    return written(parts[1:], room)


def steps_table(steps: "Sequence[TimeStep]", width: int) -> "Table":
    """A row for every time step: the gradient there, and what one step back leaves of it.

    `factor` times the gradient of the row above is what it hands back to the row. A full bar is the
    largest gradient, and one block less is ten times less.
    """
    tight = width < TIGHT
    names = list(dict.fromkeys(name for step in steps for name in step.parts))
    names = names if len(names) > 1 and not tight else []
    rows = table("step", "gradient", *(f"of {name}" for name in names), "factor", "", gap=2)
    if not tight:
        rows.columns[-1].justify, rows.columns[-1].min_width = "left", BAR
    largest = max(step.at_output for step in steps)
    for step in reversed(steps):
        cells = [str(step.step), scientific(step.at_output)]
        cells += [scientific(step.parts.get(name, 0.0)) for name in names]
        share = step.at_output / largest if largest else None
        rows.add_row(*cells, factor(step.factor), "" if tight else bar(share))
    return rows
