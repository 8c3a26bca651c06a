"""The terminal: one console for all commands, as wide and as colourful as where it prints."""

import codecs
import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDEST = 88  # columns; a line of text that is longer is hard to read

TIMES = "×"  # noqa: RUF001
BLOCK, HALF = "█", "▌"

_PLAINER = {TIMES: "x", BLOCK: "#", HALF: "-", "…": ".", "±": "+-"}


def console(silent: bool = False) -> "Console":
    """A console on standard output: plain text in a pipe, no colours under NO_COLOR.

    A silent one prints nothing.

    >>> console().width <= WIDEST
    True
    """
    from rich.console import Console

    screen = Console(highlight=False, emoji=False, markup=False, quiet=silent)
    screen.width = min(screen.width, WIDEST)
    return screen


def paragraph(screen: "Console", what: "RenderableType", indent: int = 0) -> None:
    """Print text or a table and a blank line, set in, and without spaces at the ends of lines."""
    from rich.segment import Segment, Segments

    out = []
    options = screen.options.update_width(screen.width - indent)
    for line in screen.render_lines(what, options, pad=False):
        while line and not line[-1].text.strip():
            line.pop()
        if line:
            last = line.pop()
            out += [Segment(" " * indent), *line, Segment(last.text.rstrip(), last.style)]
        out.append(Segment.line())
    screen.print(Segments([*out, Segment.line()]), end="")


def forgive_ascii() -> None:
    """Print what the terminal's encoding lacks as something plainer, not as an error."""
    codecs.register_error("microgd", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="microgd")


def _plainer(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(_PLAINER.get(character, "?") for character in lacking), error.end
