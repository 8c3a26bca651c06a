"""The page of `microgd reproduce --html`: claim after claim, with its source, numbers and plots."""

from collections.abc import Sequence
from html import escape

from microgd.cli.reproduce_table import HEADERS, span, summary, written
from microgd.draw.article import article
from microgd.draw.plots.curves import curves
from microgd.experiments.claim import Result, Row, Verdict

KINDS = {
    "exact": "To the digits that were published, or that follow from a closed form.",
    "within": "Within a few percent, over several seeds.",
    "distribution": "In distribution: how often, or on the whole, over several seeds.",
}


def page(results: Sequence[Result], command: str) -> str:
    """One self-contained page of HTML; it makes no request, and follows light and dark."""
    from bokeh.embed import components

    figures = [
        curves(plot.curves, plot.title, plot.x, plot.y, plot.log)
        for result in results
        for plot in result.plots
    ]
    script, places = components(figures, wrap_script=False) if figures else ("", ())
    drawn = iter(places)
    sections = [("All claims", _overview(results))]
    for result in results:
        plots = [next(drawn) for _ in result.plots]
        sections.append((result.claim.title, _section(result, plots)))
    return article(
        "microgd reproduce",
        "Published numbers, reproduced",
        "What was published about training, measured again: expected beside measured. An"
        " expectation is never adjusted to what came out.",
        sections,
        command,
        script,
        contents=False,  # the first section links to the others
    )


def _overview(results: Sequence[Result]) -> str:
    rows = "".join(
        f'<tr><td><a href="#part{number}">{escape(result.claim.name)}</a></td>'
        f"{_verdict(result.verdict)}<td>{result.claim.kind}</td><td>{len(result.rows)}</td>"
        f'<td>{result.seconds:.1f} s</td><td class="words">{escape(str(result.claim.source))}</td>'
        "</tr>"
        for number, result in enumerate(results, 2)  # the first section is this one
    )
    names = ("claim", "verdict", "kind", "numbers", "time")
    heads = "".join(f"<th>{name}</th>" for name in names)
    return (
        f"<p>{escape(summary(results))}</p>"
        f'<figure><div class="scroll"><table><thead><tr>{heads}<th class="words">source</th></tr>'
        "</thead>"
        f"<tbody>{rows}</tbody></table></div></figure>"
    )


def _section(result: Result, plots: Sequence[str]) -> str:
    claim = result.claim
    notes = "".join(
        f"<p><strong>{escape(row.what)}:</strong> {escape(row.note)}.{_instead(row)}</p>"
        for row in result.rows
        if row.note
    )
    error = f'<p class="low">Stopped: {escape(result.error)}</p>' if result.error else ""
    heads = "".join(f"<th>{head}</th>" for head in HEADERS)
    rows = "".join(
        f'<tr><td class="words">{escape(row.what)}</td>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in written(row))
        + f"{_verdict(row.verdict)}</tr>"
        for row in result.rows
    )
    return (
        f"<p>{escape(claim.teaches)}</p>"
        f'<p>Source: <a href="{escape(claim.source.link, quote=True)}">'
        f"{escape(str(claim.source))}</a>. {KINDS[claim.kind]}</p>{error}"
        f'<figure><div class="scroll"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{notes}{''.join(plots)}</figure>"
    )


def _verdict(verdict: Verdict) -> str:
    low = ' class="low"' if verdict is Verdict.FAILED else ""
    return f"<td{low}>{verdict}</td>"


def _instead(row: Row) -> str:
    if row.instead is None:
        return ""
    ends = row.instead
    return f" Expected instead: {span(ends) if isinstance(ends, tuple) else f'{ends:.12g}'}."
