"""A parallel run in a notebook: its page, and a table for where pages may not run."""

from html import escape

from microgd.draw.parallel.page import page
from microgd.draw.parallel.table import plain
from microgd.draw.plots.page import frame
from microgd.parallel.events import Record

MOST_UPDATES = 2_000  # that a page within a notebook holds; saved, it holds more
HEIGHT = 720  # pixels of the frame


def bundle(record: Record) -> dict[str, str]:
    """A run as text/plain and text/html.

    The page stands in a frame of its own, sandboxed, so that its scripts see nothing of the
    notebook. A notebook that is not trusted drops the frame; the table below it remains.
    """
    title = f"{record.algorithm}, {record.workers} workers"
    updates = len(record.losses)
    inside = frame(page(record), title, HEIGHT) if 0 < updates <= MOST_UPDATES else ""
    fallback = (
        f"<details><summary>{escape(title)}, as text</summary>"
        f"<pre>{escape(plain(record))}</pre></details>"
    )
    return {"text/plain": repr(record), "text/html": inside + fallback}
