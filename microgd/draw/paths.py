"""Paths from a loss to a weight, as text for a terminal and as a table for a notebook."""

import io
import math
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from microgd.draw.tables import table
from microgd.draw.terminal import TIMES, WIDEST, console
from microgd.explain.paths import Hop, Path, Paths
from microgd.explain.text import clean, number
from microgd.norms import norm

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

ENDS = 4  # of a long path, so many hops from either end are shown
LONGEST = 24  # characters of a formula; for a longer one the operation's name stands
INDENT = 4
_HOP = "display:inline-block;text-align:center;vertical-align:middle;padding:0 .3em"


def text(paths: Paths, width: int | None = None) -> str:
    """The paths as plain lines: what each hop multiplies by, the products, and what is left.

    >>> import microgd as mg
    >>> w = mg.tensor(3.0, requires_grad=True, name="w")
    >>> from microgd.explain.paths import paths
    >>> print(text(paths(w * w + w, w, top=2)).replace(TIMES, "x"))
    d v2 / d w = 7: 3 paths
    The 2 largest:
    <BLANKLINE>
     1           3    42.9 %
            1  x     w
            1  x     3
        to v1     to w
    <BLANKLINE>
     2           3    42.9 %
            1  x     w
            1  x     3
        to v1     to w
    <BLANKLINE>
                            sum
    the 2 listed, together    6
    the other 1, together     1
    all: the gradient         7
    """
    from rich.console import Console

    out = io.StringIO()
    screen = Console(
        file=out, width=min(width or console().width, WIDEST), force_terminal=False,
        highlight=False, emoji=False, markup=False,
    )  # fmt: skip
    show(paths, screen)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def show(paths: Paths, screen: "Console") -> None:
    """Print the paths on a terminal."""
    screen.print(_headline(paths), style="bold")
    for rank, path in enumerate(paths, 1):
        screen.print()
        screen.print(f"{rank:>2}  {number(_size(path)):>10}  {_percent(path.share):>8}")
        for chunk in _chunks(path, screen.width - INDENT):
            screen.print(_columns(chunk))
    if paths.n_paths > len(paths):
        screen.print()
        screen.print(_sums(paths))


def bundle(paths: Paths) -> dict[str, str]:
    """The paths as a notebook wants them: plain text, and a table that needs no script."""
    return {"text/plain": text(paths), "text/html": html(paths)}


def html(paths: Paths) -> str:
    """The paths as an HTML table; names are text there, whatever they hold."""
    rows = []
    for rank, path in enumerate(paths, 1):
        hops = f" {TIMES} ".join(
            f"<span style='{_HOP}'>{escape(what)}<br><b>{escape(value)}</b>"
            f"<br><small>{escape(where)}</small></span>"
            for what, value, where in map(_cells, _ends(path))
        )
        rows.append(
            f"<tr>{_cell(str(rank))}{_cell(number(_size(path)))}{_cell(_percent(path.share))}"
            f"<td style='text-align:left;white-space:nowrap;padding:.3em .6em'>{hops}</td></tr>"
        )
    if paths.n_paths > len(paths):
        rows += [
            f"<tr><td></td>{_cell(value)}<td></td>"
            f"<td style='text-align:left;padding:.3em .6em'>{escape(what)}</td></tr>"
            for what, value in _balance(paths)
        ]
    heads = (
        f"<tr><th></th>{_cell('contribution', 'th')}{_cell('share', 'th')}"
        "<th style='text-align:left;padding:.3em .6em'>factors, from the loss</th></tr>"
    )
    return (
        f"<table><caption>{escape(_headline(paths))}</caption>"
        f"<thead>{heads}</thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(text: str, tag: str = "td") -> str:
    """A cell with room around it, which not every notebook gives to a table."""
    return f"<{tag} style='text-align:right;padding:.3em .6em'>{text}</{tag}>"


def _headline(paths: Paths) -> str:
    what = f"d {paths.loss} / d {paths.tensor}"
    if paths.gradient.size > 1:
        what = f"norm of {what}"
    many = "1 path" if paths.n_paths == 1 else f"{_count(paths.n_paths)} paths"
    said = f"{what} = {number(_number(paths.gradient))}: {many}"
    if paths.n_paths > len(paths):
        kind = "largest" if paths.exact else "largest found"
        said += f"\nThe {len(paths)} {kind}:"
    if paths.gradient.size > 1:
        said += "\nUnder each derivative its gain; their product is the norm of the contribution."
    return said


def _balance(paths: Paths) -> list[tuple[str, str]]:
    """What those listed, the others and all add up to."""
    listed = paths.gradient - paths.rest
    others = paths.n_paths - len(paths)
    return [
        (f"the {len(paths)} listed, together", number(_number(listed))),
        (f"the other {_count(others)}, together", number(_number(paths.rest))),
        ("all: the gradient", number(_number(paths.gradient))),
    ]


def _sums(paths: Paths) -> "RenderableType":
    rows = table("", "norm of the sum" if paths.gradient.size > 1 else "sum")
    for row in _balance(paths):
        rows.add_row(*row)
    return rows


def _ends(path: Path) -> list[Hop | str]:
    """All hops of a short path; of a long one the first and the last, and what is between."""
    hops = path.hops
    if len(hops) <= 2 * ENDS + 1:
        return list(hops)
    between = f"{len(hops) - 2 * ENDS} more"
    return [*hops[:ENDS], between, *hops[-ENDS:]]


def _cells(hop: Hop | str) -> tuple[str, str, str]:
    if isinstance(hop, str):
        return "...", hop, ""
    written = clean(hop.written) if len(hop.written) <= LONGEST else hop.operation
    return written, _value(hop), f"to {hop.input}"


def _chunks(path: Path, width: int) -> Iterator[list[tuple[str, str, str]]]:
    """The hops in as many rows as the width asks for."""
    chunk: list[tuple[str, str, str]] = []
    used = 0
    for cell in map(_cells, _ends(path)):
        room = max(map(len, cell)) + 5
        if chunk and used + room > width:
            yield chunk
            chunk, used = [], 0
        chunk.append(cell)
        used += room
    if chunk:
        yield chunk


def _columns(chunk: list[tuple[str, str, str]]) -> "RenderableType":
    """Formula over value over where it leads, hop beside hop."""
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2 * len(chunk)):
        grid.add_column(justify="right", no_wrap=True)
    for line, style in enumerate((None, None, "dim")):
        row: list[Any] = []
        for place, cell in enumerate(chunk):
            row += [TIMES if place and line < 2 else "", cell[line]]
        grid.add_row(*row, style=style)
    return Padding(grid, (0, 0, 0, INDENT - 2))


def _count(many: int) -> str:
    """A whole number, of one too long to read its power of ten.

    >>> _count(2**60), _count(2**200)
    ('1,152,921,504,606,846,976', 'about 10**60')
    """
    return f"{many:,}" if many < 10**24 else f"about 10**{round(math.log10(many))}"


def _value(hop: Hop) -> str:
    return number(hop.gain if hop.factor is None else hop.factor)


def _number(array: Any) -> float:
    """The number itself, or the norm of an array."""
    return float(array.item()) if array.size == 1 else norm(array)


def _size(path: Path) -> float:
    return _number(path.contribution)


def _percent(share: float | None) -> str:
    """A share of the gradient; of one that nearly cancels, how many times that gradient."""
    if share is None:
        return ""
    return f"{100 * share:.1f} %" if abs(share) < 10 else f"{share:.1e} {TIMES}"
