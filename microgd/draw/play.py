"""Stepping through in a terminal: the current step, and where in the graph it is."""

from typing import TYPE_CHECKING

from microgd.draw import keys
from microgd.draw.terminal import console
from microgd.explain import text
from microgd.explain.debugger import Debugger, debug
from microgd.explain.step import Step
from microgd.explain.steps import Recording

if TYPE_CHECKING:
    from rich.text import Text

_MOVES = {
    **dict.fromkeys(["right", "n", " ", "\n", "\r", "j", "l"], Debugger.step),
    **dict.fromkeys(["left", "p", "b", "k", "h"], Debugger.back),
    "c": Debugger.run,
}
_HELP = "n next   p back   c run   g start   G end   q quit"
_SHORT = "n next  p back  q quit"


def play(what: Debugger | Recording) -> None:
    """Show a step at a time, as the keys say; where nobody can press any, print the steps to come.

    n, space, right or down: next; p, left or up: back; c: run on to a condition of
    `Debugger.break_when`; g and G: first and last step; q: quit. At the end the current step stays
    on the screen.
    """
    player = what if isinstance(what, Debugger) else debug(what)
    screen = console()
    if not keys.available():
        while step := player.step():
            screen.print(shown(step, screen.width), end="\n\n")
        return
    if player.current is None:
        player.step()
    keys.browse(screen, lambda: _page(player, screen.width), lambda key: _move(player, key))
    if player.current:
        screen.print(shown(player.current, screen.width))


def shown(step: Step, width: int) -> "Text":
    """A step as styled lines of at most `width` columns."""
    from rich.text import Text

    lines = Text()
    for line in text.filled(text.step(step), width).splitlines(keepends=True):
        heading = not line.startswith(" ")
        added = line.lstrip().startswith("total ")
        lines.append(line, style="bold" if heading else "bold yellow" if added else "")
    return lines


def _move(player: Debugger, key: str) -> None:
    """What a key does; a key without a meaning does nothing."""
    if key in _MOVES:
        _MOVES[key](player)
    elif key in {"g", "home"}:
        while player.back():
            pass
    elif key in {"G", "end"}:
        while player.step():
            pass
    if player.current is None:
        player.step()


def _page(player: Debugger, width: int) -> "Text":
    from rich.text import Text

    page = Text(overflow="ellipsis", no_wrap=True)
    page.append(f"{player.title}\n", style="bold")
    page.append(f"{_HELP if width > len(_HELP) else _SHORT}\n\n", style="dim")
    for line in player.where().splitlines():
        page.append(f"{line}\n", style="bold cyan" if line.startswith("->") else "dim")
    page.append("\n")
    if player.current:
        page.append(shown(player.current, width))
    return page
