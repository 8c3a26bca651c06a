"""An article: one page of HTML with a heading, contents, numbered sections and plots, offline."""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from microgd.draw.plots.page import FOLLOW, POLICY, library


def article(
    name: str,
    heading: str,
    lead: str,
    sections: Sequence[tuple[str, str]],
    command: str,
    script: str = "",
    *,
    contents: bool = True,
) -> str:
    """One self-contained page; it makes no request, and follows light and dark.

    name      what the browser's tab says
    heading   the first line of the page, and `lead` what it says under it
    sections  title and HTML of each
    command   what wrote the page, for its foot
    script    of the plots in the sections, as `bokeh.embed.components` gives it
    contents  whether to list the sections; section i has the id ``part<i>``

    >>> page = article("a", "About a", "Few words.", [("one", "<p>1</p>")], "microgd a")
    >>> '<section id="part1"><h2><span>1</span>one</h2><p>1</p></section>' in page
    True
    """
    links = "".join(
        f'<li><a href="#part{i}">{i}. {escape(title)}</a></li>'
        for i, (title, _) in enumerate(sections, 1)
    )
    listed = f'<nav aria-label="Contents"><ol>{links}</ol></nav>' if contents else ""
    body = "".join(
        f'<section id="part{i}"><h2><span>{i}</span>{escape(title)}</h2>{text}</section>'
        for i, (title, text) in enumerate(sections, 1)
    )
    plots = f"<script>{script}</script><script>{FOLLOW}</script>" if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(name)}</title><style>{_style()}</style>{library() if script else ''}"
        f"</head><body><header><h1>{escape(heading)}</h1>"
        f'<p class="lead">{escape(lead)}</p>'
        f"{listed}</header><main>{body}</main>"
        f"<footer>Written by <code>{escape(command)}</code>. This page works offline and asks"
        f" nobody for anything.</footer>{plots}</body></html>\n"
    )


@cache
def _style() -> str:
    asset: Any = files("microgd.draw").joinpath("assets", "article.css")
    return str(asset.read_text(encoding="utf-8"))
