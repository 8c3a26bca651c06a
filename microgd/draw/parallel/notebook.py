"""A parallel run in a notebook: its page, and a table for where pages may not run."""

from microgd.draw.parallel.page import page
from microgd.draw.parallel.table import plain
from microgd.draw.plots.page import folded
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
    document = page(record) if 0 < updates <= MOST_UPDATES else ""
    return {"text/plain": repr(record), "text/html": folded(document, title, HEIGHT, plain(record))}
