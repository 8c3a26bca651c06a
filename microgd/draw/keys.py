"""Keys as they are pressed, without Enter: from a terminal of Linux or macOS."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_TOKEN = re.compile(rb"\x1b(?:\[[0-9;]*|O)[A-Za-z~]|.", re.DOTALL)
_NAMES = {
    b"\x1b[C": "right", b"\x1bOC": "right", b"\x1b[B": "right", b"\x1bOB": "right",
    b"\x1b[D": "left", b"\x1bOD": "left", b"\x1b[A": "left", b"\x1bOA": "left",
    b"\x1b[H": "home", b"\x1bOH": "home", b"\x1b[1~": "home",
    b"\x1b[F": "end", b"\x1bOF": "end", b"\x1b[4~": "end",
    b"\x04": "q", b"\x03": "q",
}  # fmt: skip


def available() -> bool:
    """Whether somebody sits at a terminal whose keys can be read one by one."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        import termios  # noqa: F401 (is it there? Windows has none)
    except ImportError:
        return False
    return os.environ.get("TERM", "") != "dumb"


@contextmanager
def pressed() -> Iterator[Iterator[str]]:
    """The keys as they are pressed, arrows as right and left; ends with the input.

    Meanwhile the terminal neither shows nor collects what is typed; afterwards it is as before.
    """
    import termios
    import tty

    stream = sys.stdin.fileno()
    before = termios.tcgetattr(stream)
    tty.setcbreak(stream)
    try:
        yield _keys(stream)
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)


def browse(
    screen: "Console", drawn: Callable[[], "RenderableType"], press: Callable[[str], None]
) -> None:
    """Fill the screen with what `drawn` gives, anew after each key that `press` is told; q leaves.

    Afterwards the screen is as before.
    """
    with pressed() as typed, screen.screen(hide_cursor=True) as page:
        try:
            page.update(drawn())
            for key in typed:
                if key == "q":
                    break
                press(key)
                page.update(drawn())
        except KeyboardInterrupt:
            pass  # another way to say q


def _keys(stream: int) -> Iterator[str]:
    while typed := os.read(stream, 64):
        for token in _TOKEN.findall(typed):
            yield _NAMES.get(token, token.decode("latin-1"))
