"""A recording in a notebook: the page that steps, and text for where pages may not run."""

from html import escape

from microgd.draw.stepper import page
from microgd.explain import text
from microgd.explain.steps import Recording

MOST_STEPS = 1_000  # that a page within a notebook holds; saved, it holds more
MOST = 200  # steps that the text shows
WIDTH = 80  # columns of the text
HEIGHT = 840  # pixels of the frame: the whole of a step where something is added up


def bundle(record: Recording) -> dict[str, str]:
    """A recording as text/plain and text/html.

    The page stands in a frame of its own, sandboxed, so that its scripts see nothing of the
    notebook. A notebook that is not trusted drops the frame; the text below it remains.
    """
    frame = _frame(record) if len(record) <= MOST_STEPS else ""
    steps = "\n\n".join(text.filled(text.step(step), WIDTH) for step in record[:MOST])
    if len(record) > MOST:
        steps += f"\n\n... and {len(record) - MOST} more steps"
    fallback = (
        f"<details><summary>{escape(record.title)}: {len(record)} steps, as text</summary>"
        f"<pre>{escape(steps)}</pre></details>"
    )
    return {"text/plain": repr(record), "text/html": frame + fallback}


def _frame(record: Recording) -> str:
    """The page in a frame; in single quotes, since double ones abound in it."""
    source = escape(page(record, "LR"), quote=False).replace("'", "&#39;")
    return (
        f"<iframe srcdoc='{source}' sandbox='allow-scripts' title=\"{escape(record.title)}\""
        f" loading='lazy' style='width:100%;height:{HEIGHT}px;border:1px solid #8888'></iframe>"
    )
