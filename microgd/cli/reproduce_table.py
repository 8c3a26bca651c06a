"""The table of `microgd reproduce`: claim after claim, each number expected and measured."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from microgd.draw.tables import ROOMY
from microgd.experiments.claim import Claim, Range, Result, Row, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

    Lines = list[RenderableType]

HEADERS = ("number", "expected", "measured", "tolerance", "verdict")
COLOURS = {Verdict.REPRODUCED: "green", Verdict.DIFFERS: "yellow", Verdict.FAILED: "red"}
INDENT, GAP = 2, 2
FEWEST, MOST = 4, 17  # digits; 17 tell any two numbers apart


def table(
    results: Sequence[Result], left_out: Sequence[str], width: int, *, lessons: bool = False
) -> "RenderableType":
    """All numbers of all claims, and how many hold; where it is narrow, a number takes lines.

    `lessons` says also what each claim teaches, and where to read it.
    """
    from rich.console import Group
    from rich.padding import Padding

    cells = {id(row): written(row) for result in results for row in result.rows}
    roomy = width >= ROOMY
    widths = [max(map(len, column)) for column in zip(HEADERS[1:4], *cells.values(), strict=True)]
    lines = partial(_aligned, widths, width - INDENT) if roomy else _stacked
    parts: list[RenderableType] = []
    if roomy:
        parts += [*_set_in(lines(*HEADERS)), ""]
    for result in results:
        parts += _heading(result)
        if lessons:
            parts += [result.claim.teaches, result.claim.source.link]
        for row in result.rows:
            parts += _set_in(lines(row.what, *cells[id(row)], str(row.verdict)))
            if row.note:
                parts.append(Padding(f"{row.note}.", (0, 0, 0, 2 * INDENT), style="dim"))
        parts.append("")
    return Group(*parts, summary(results, left_out))


def listing(claims: Sequence[Claim], width: int) -> "RenderableType":
    """What can be reproduced, claim by claim."""
    from rich.console import Group
    from rich.table import Table

    if width < ROOMY:
        return "\n".join(f"{claim.name} ({_kind(claim)})\n  {_told(claim)}" for claim in claims)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for claim in claims:
        grid.add_row(claim.name, _kind(claim), _told(claim))
    return Group(grid)


def written(row: Row) -> tuple[str, str, str]:
    """Expected, measured and tolerance of a row, in as many digits as its verdict needs.

    >>> from microgd.experiments.claim import Absolute
    >>> written(Row("x", 0.125, 0.12504, Absolute(1e-4)))
    ('0.125', '0.12504', '± 0.0001')
    >>> written(Row("x", (0.97, 1.0), 0.969999))
    ('0.97 to 1', '0.969999', '')
    """
    digits = _digits(row)
    measured = f"{row.measured:.{digits}g}"
    while digits < MOST and replace(row, measured=float(measured)).verdict is not row.verdict:
        digits += 1
        measured = f"{row.measured:.{digits}g}"
    if isinstance(row.expected, tuple):
        return span(row.expected), measured, ""
    return f"{row.expected:.{digits}g}", measured, str(row.tolerance)


def span(ends: Range) -> str:
    """A range in words.

    >>> span((0.5, 1.0)), span((2.0, math.inf)), span((-math.inf, 0.0))
    ('0.5 to 1', 'at least 2', 'at most 0')
    """
    low, high = (f"{end:.{FEWEST}g}" for end in ends)
    if math.isinf(ends[1]):
        return f"at least {low}"
    return f"at most {high}" if math.isinf(ends[0]) else f"{low} to {high}"


def summary(results: Sequence[Result], left_out: Sequence[str] = ()) -> str:
    """How many claims hold, and which were not run."""
    count = Counter(result.verdict for result in results)
    told = ", ".join(f"{count[verdict]} {verdict}" for verdict in Verdict if count[verdict])
    seconds = sum(result.seconds for result in results)
    claims = f"{len(results)} claim{'' if len(results) == 1 else 's'}"
    rest = f"\nLeft out, for they take longer: {', '.join(left_out)}. Run them by --full."
    return f"{claims}: {told}. {seconds:.0f} s.{rest if left_out else ''}"


def _digits(row: Row) -> int:
    """One more than what the tolerance leaves open."""
    if isinstance(row.expected, tuple) or not row.expected:
        return FEWEST
    assert row.tolerance is not None
    low, high = row.tolerance.around(row.expected)
    share = (high - low) / 2 / abs(row.expected)
    return min(max(math.ceil(-math.log10(share)) + 1, FEWEST), MOST - 1) if share else MOST


def _aligned(widths: Sequence[int], width: int, what: str, *cells: str) -> "Lines":
    """A number in columns; its name stands over them where it does not fit beside them."""
    from rich.table import Table

    columns = [*widths, max(len(part) for verdict in Verdict for part in verdict.split())]
    room = width - sum(GAP + column for column in columns)
    grid = Table.grid(padding=(0, GAP, 0, 0), expand=True)
    grid.add_column(ratio=1)
    for column in columns[:-1]:
        grid.add_column(justify="right", width=column, no_wrap=True)
    grid.add_column(width=columns[-1])
    if len(what) <= room:
        grid.add_row(what, *cells)
        return [grid]
    grid.add_row("", *cells)
    return [what, grid]


def _stacked(what: str, expected: str, measured: str, tolerance: str, verdict: str) -> "Lines":
    """A number in lines, one under another."""
    known = ", ".join(filter(None, [f"{expected} expected", tolerance]))
    return [what, f"  {known}", f"  {measured} measured: {verdict}"]


def _set_in(lines: "Lines") -> "Lines":
    from rich.padding import Padding

    return [Padding(line, (0, 0, 0, INDENT)) for line in lines]


def _heading(result: Result) -> list["RenderableType"]:
    from rich.text import Text

    claim = result.claim
    name = Text.assemble((claim.name, "bold"), ": ", (str(result.verdict), COLOURS[result.verdict]))
    lines: list[RenderableType] = [name, _told(claim)]
    if result.error:
        lines.append(Text(f"stopped: {result.error}", style="red"))
    return lines


def _told(claim: Claim) -> str:
    return f"{claim.title}. {claim.source}"


def _kind(claim: Claim) -> str:
    return f"{claim.kind}, --full" if claim.full else claim.kind
