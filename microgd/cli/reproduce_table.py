"""The table of `microgd reproduce`: claim after claim, each number expected and measured."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from microgd.draw.tables import ROOMY
from microgd.experiments.claim import Claim, Range, Result, Row, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

HEADERS = ("number", "expected", "measured", "tolerance", "verdict")
COLOURS = {Verdict.REPRODUCED: "green", Verdict.DIFFERS: "yellow", Verdict.FAILED: "red"}
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
    parts: list[RenderableType] = []
    if roomy:
        parts += [Padding(_grid([HEADERS], widths, "bold"), (0, 0, 0, 2)), ""]
    for result in results:
        parts += _heading(result)
        if lessons:
            parts += [result.claim.teaches, result.claim.source.link]
        rows = [(row.what, *cells[id(row)], str(row.verdict)) for row in result.rows]
        parts.append(Padding(_grid(rows, widths) if roomy else _stacked(rows), (0, 0, 0, 2)))
        parts += [
            Padding(f"{row.what}: {row.note}.", (0, 0, 0, 2)) for row in result.rows if row.note
        ]
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
    ('0.97 to 1', '0.969999', 'range')
    """
    digits = _digits(row)
    measured = f"{row.measured:.{digits}g}"
    while digits < MOST and replace(row, measured=float(measured)).verdict is not row.verdict:
        digits += 1
        measured = f"{row.measured:.{digits}g}"
    if isinstance(row.expected, tuple):
        return span(row.expected), measured, "range"
    return f"{row.expected:.{digits}g}", measured, str(row.tolerance)


def span(ends: Range) -> str:
    """A range in words.

    >>> span((0.5, 1.0)), span((2.0, math.inf)), span((-math.inf, 0.0))
    ('0.5 to 1', 'at least 2', 'at most 0')
    """
    low, high = ends
    if math.isinf(high):
        return f"at least {low:g}"
    return f"at most {high:g}" if math.isinf(low) else f"{low:g} to {high:g}"


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


def _grid(
    rows: Sequence[Sequence[str]], widths: Sequence[int], style: str = ""
) -> "RenderableType":
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(ratio=1)
    for room in widths:
        grid.add_column(justify="right", width=room, no_wrap=True)
    grid.add_column(width=max(len(part) for verdict in Verdict for part in verdict.split()))
    for row in rows:
        grid.add_row(*row, style=style)
    return grid


def _stacked(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(
        f"{what}\n  {expected} expected, {tolerance}\n  {measured} measured: {verdict}"
        for what, expected, measured, tolerance, verdict in rows
    )


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
