"""`microgd reproduce`: published numbers, measured again; expected beside measured."""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from microgd.cli.reproduce_table import listing, table
from microgd.cli.tour_report import place
from microgd.cli.typed import typed
from microgd.draw.terminal import console, paragraph
from microgd.experiments.claim import Absolute, Claim, Range, Result, Row, check
from microgd.experiments.claims import NAMES, load

EXAMPLES = """\b
Examples:
  microgd reproduce                    every claim that takes seconds
  microgd reproduce mazur momentum     these two
  microgd reproduce --list             what there is
  microgd reproduce --full --html claims.html

\b
Exit code: 0 if every number came out as expected or differs as stated,
1 if one did not.

\b
The JSON document:
  options  seed, full
  holds    whether every claim holds, as for the exit code
  claims   each with name, title, source (authors, year, link), teaches, kind
           (exact, within, distribution), full, verdict (reproduced, differs
           as stated, not reproduced), error, rows; a row with what, expected
           (a number, or [low, high] with null for no end), measured (null if
           not finite), tolerance ({"absolute": ...}, {"relative": ...} or
           null), verdict, note, instead
With --list the same, without what was measured.
"""


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Which claims; without it, all the quick ones."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Also those that take minutes.")] = False,
    only_list: Annotated[bool, typer.Option("--list", help="Say what there is.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Where the random numbers start.")] = 0,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all as one offline page.", callback=place),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document only.")] = False,
) -> None:
    """Measure what was published about training: expected beside measured, and a verdict."""
    claims = _chosen(names or [])
    if only_list:
        if as_json:
            _write({"claims": [_plain(claim) for claim in claims]})
        else:
            screen = console()
            paragraph(screen, listing(claims, screen.width))
        return
    left_out = [] if full or names else [claim.name for claim in claims if claim.full]
    claims = [claim for claim in claims if claim.name not in left_out]
    results = _results(claims, seed)
    holds = all(result.holds for result in results)
    if as_json:
        options = {"seed": seed, "full": full}
        measured = [{**_plain(result.claim), **_measured(result)} for result in results]
        _write({"options": options, "holds": holds, "claims": measured})
    else:
        screen = console()
        paragraph(screen, table(results, left_out, screen.width, lessons=bool(names)))
    if html:
        from microgd.cli.reproduce_page import page
        from microgd.draw.plots.page import write

        write(html, page(results, typed()))
        if not as_json:
            paragraph(console(), f"Wrote {html}: open it in a browser.")
    if not holds:
        raise typer.Exit(1)


def _chosen(names: Sequence[str]) -> list[Claim]:
    try:
        return [load(name) for name in dict.fromkeys(names or NAMES)]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error


def _results(claims: Sequence[Claim], seed: int) -> list[Result]:
    """Run one after another, with a line on the error stream for each."""
    live, results = sys.stderr.isatty(), []
    for number, claim in enumerate(claims, 1):
        line = f"{number:>{len(str(len(claims)))}}/{len(claims)}  {claim.name}"
        if live:
            typer.echo(f"{line} ...", err=True, nl=False)
        results.append(check(claim, seed))
        said = f"{line}: {results[-1].verdict}, {results[-1].seconds:.1f} s"
        typer.echo(f"\r{said}" if live else said, err=True)
    return results


def _write(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, allow_nan=False))


def _plain(claim: Claim) -> dict[str, Any]:
    source = claim.source
    return {
        "name": claim.name,
        "title": claim.title,
        "source": {"authors": source.authors, "year": source.year, "link": source.link},
        "teaches": claim.teaches,
        "kind": claim.kind,
        "full": claim.full,
    }


def _measured(result: Result) -> dict[str, Any]:
    return {
        "verdict": result.verdict.value,
        "error": result.error,
        "rows": [_plain_row(row) for row in result.rows],
    }


def _plain_row(row: Row) -> dict[str, Any]:
    tolerance = row.tolerance
    kind = "absolute" if isinstance(tolerance, Absolute) else "relative"
    return {
        "what": row.what,
        "expected": _finite(row.expected),
        "measured": _finite(row.measured),
        "tolerance": None if tolerance is None else {kind: tolerance.size},
        "verdict": row.verdict.value,
        "note": row.note,
        "instead": None if row.instead is None else _finite(row.instead),
    }


def _finite(value: float | Range) -> float | list[float | None] | None:
    """A number, or both of a range, for JSON: it has no NaN and no infinity."""
    if isinstance(value, tuple):
        return [end if math.isfinite(end) else None for end in value]
    return float(value) if math.isfinite(value) else None
