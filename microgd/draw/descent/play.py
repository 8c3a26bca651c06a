"""Stepping through a race in a terminal: a map of characters with the balls, and their numbers."""

from typing import TYPE_CHECKING

import numpy as np

from microgd.descent.race import Race
from microgd.draw import keys
from microgd.draw.descent.table import fitted, outcome
from microgd.draw.descent.words import slot
from microgd.draw.terminal import console, paragraph
from microgd.explain.text import clean, number

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

SHADES = " .:-=+*#"  # from the lowest ground to the highest
ROWS, LOWEST = 18, 5  # lines of the map, at the most and at the least
MARKS = "123456789"
HELP = "n next   p back   f, b ten steps   g start   G end   q quit"
SHORT = "n next  p back  q quit"
_JUMPS = {
    **dict.fromkeys(["right", "n", " ", "\n", "\r", "j", "l"], 1),
    **dict.fromkeys(["left", "p", "k", "h"], -1),
    "f": 10,
    "b": -10,
}


def play(race: Race) -> None:
    """Show a step at a time, as the keys say; where nobody can press any, print the outcome.

    n, space, right or down: next; p, left or up: back; f and b: ten steps; g and G: the start and
    the end; q: quit. At the end the current step stays on the screen.
    """
    screen = console()
    if not keys.available():
        paragraph(screen, outcome(race, screen.width))
        return
    step = 0
    height = min(ROWS, max(screen.height - 5 - 3 * len(race.runs), LOWEST))

    def drawn() -> "Group":
        return shown(race, step, screen.width, height)

    def press(key: str) -> None:
        nonlocal step
        step = _moved(race, step, key)

    keys.browse(screen, drawn, press)
    screen.print(drawn())


def shown(race: Race, step: int, width: int, height: int = ROWS) -> "Group":
    """A step as lines of at most `width` columns: the map, a row for each rule, and its state."""
    from rich.console import Group
    from rich.text import Text

    places = [min(step, len(one)) for one in race.runs]
    runs = list(zip(_marks(race), race.runs, places, strict=True))
    columns = {
        "rule": [f"{mark} {clean(one.name)}" for mark, one, _ in runs],
        **{
            axis: [number(one.points[k][i]) for _, one, k in runs]
            for i, axis in enumerate(race.surface.axes)
        },
        "loss": [number(one.losses[k]) for _, one, k in runs],
        "rate": [number(one.rates[k]) for _, one, k in runs],
    }
    states = [
        f"{mark} {slot(name).words}: {number(values[k][0])}, {number(values[k][1])}"
        for mark, one, k in runs
        for name, values in one.state.items()
    ]
    head = Text(f"{race.surface.name}, step {step} of {race.steps}\n", style="bold")
    head.append(HELP if width > len(HELP) else SHORT, style="dim")
    rows = fitted(columns, width, spare=("rate",))
    return Group(head, field(race, step, width, height), rows, Text("\n".join(states), "dim"))


def field(race: Race, step: int, width: int, height: int = ROWS) -> "Text":
    """The surface from above in characters, darker where it is higher, and the balls on it.

    >>> from microgd.descent import race
    >>> drawn = field(race("bowl", "sgd", steps=1), 0, 40).plain
    >>> len(drawn.splitlines()), "1" in drawn
    (18, True)
    """
    from rich.text import Text

    columns = min(width, 64)
    _, _, values = race.surface.grid(121)
    finite = np.isfinite(values)
    levels = np.quantile(values[finite], np.linspace(0, 1, len(SHADES) + 1)[1:-1])
    across = np.linspace(0, 120, columns).round().astype(int)
    down = np.linspace(120, 0, height).round().astype(int)
    shades = np.digitize(values[np.ix_(down, across)], levels)
    lines = [Text("".join(SHADES[shade] for shade in row), style="dim") for row in shades]
    x0, x1, y0, y1 = race.surface.box
    for mark, one in zip(_marks(race), race.runs, strict=True):
        x, y = one.points[min(step, len(one))]
        if not (x0 <= x <= x1 and y0 <= y <= y1):
            continue
        column = round((x - x0) / (x1 - x0) * (columns - 1))
        row = round((y1 - y) / (y1 - y0) * (height - 1))
        text = lines[row].plain
        lines[row].plain = text[:column] + mark + text[column + 1 :]
        lines[row].stylize("bold not dim", column, column + 1)
    return Text("\n").join(lines)


def _marks(race: Race) -> str:
    return (MARKS + "*" * len(race.runs))[: len(race.runs)]


def _moved(race: Race, step: int, key: str) -> int:
    """Where a key leads; a key without a meaning leads nowhere."""
    ends = {"g": 0, "home": 0, "G": race.steps, "end": race.steps}
    if key in ends:
        return ends[key]
    return min(max(step + _JUMPS.get(key, 0), 0), race.steps)
