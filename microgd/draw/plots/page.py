"""Figures to a page that works offline: Bokeh's script is in it, and it follows light and dark."""

from collections.abc import Sequence
from functools import cache
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

POLICY = (  # Bokeh's and our own script run; nothing is asked for, and nothing is sent
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
    " img-src data: blob:; form-action 'none'; base-uri 'none'"
)

STYLE = """
:root { color-scheme: light dark; --paper: light-dark(#f6f5f2, #14171b);
  --sheet: light-dark(#ffffff, #1d2126); --ink: light-dark(#1b2026, #e9ebee);
  --faint: light-dark(#59626d, #a3adb8); --line: light-dark(#d9d7d1, #363d46); }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--sheet);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.plot { padding: 12px; max-width: 984px; margin: 0 auto; }
"""

FOLLOW = """
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const [ink, line] = dark.matches ? ["#d5d9de", "#4d5661"] : ["#4a525c", "#b5b9be"];
    for (const doc of Bokeh.documents) for (const model of doc._all_models.values()) {
      const put = {};
      for (const name of ["text_color", "axis_label_text_color", "major_label_text_color",
        "label_text_color", "title_text_color"]) if (name in model.properties) put[name] = ink;
      for (const name of ["axis_line_color", "major_tick_line_color", "grid_line_color"])
        if (name in model.properties && model[name] !== null) put[name] = line;
      if (Object.keys(put).length) model.setv(put);
    }
  };
  dark.addEventListener("change", paint);
  const wait = () => Bokeh.documents.length ? paint() : setTimeout(wait, 20);
  wait();
})();
"""


def page(figures: Sequence[Any], title: str) -> str:
    """One page of HTML with the figures one under another."""
    from bokeh.embed import components

    script, places = components(tuple(figures), wrap_script=False)
    plots = "".join(
        f'<div class="plot" role="figure" aria-label="{escape(figure.title.text)}">{place}</div>'
        for figure, place in zip(figures, places, strict=True)
    )
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style>{library()}</head>"
        f"<body>{plots}<script>{script}</script><script>{FOLLOW}</script></body></html>\n"
    )


@cache
def library() -> str:
    """Bokeh's script, as an element of a page; it speaks up for errors only."""
    from bokeh.resources import Resources

    parts = Resources(mode="inline", components=["bokeh"]).js_raw
    script = next(part for part in parts if "bokeh" in part[:40])  # the rest sets how much it says
    return f'<script>{script}\nBokeh.logger.set_level("error");</script>'


def frame(document: str, title: str, height: int) -> str:
    """A page in a frame of its own, in which it can do nothing to what is around it."""
    return (
        f'<iframe title="{escape(title, quote=True)}" sandbox="allow-scripts allow-downloads"'
        f' style="width: 100%; height: {height}px; border: 0"'
        f' srcdoc="{escape(document, quote=True)}"></iframe>'
    )


def folded(document: str, title: str, height: int, text: str) -> str:
    """A page in a frame, if there is one, and the same as text, which a click unfolds.

    A notebook that is not trusted drops the frame; the text below it remains.
    """
    inside = frame(document, title, height) if document else ""
    return (
        f"{inside}<details><summary>{escape(title)}, as text</summary>"
        f"<pre>{escape(text)}</pre></details>"
    )


def write(path: str | PathLike[str], document: str) -> None:
    """Write a page. Raises OSError where no file can be written."""
    Path(path).write_text(document, encoding="utf-8")
