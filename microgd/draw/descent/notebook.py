"""A race in a notebook: the animated page, and a table for where pages may not run."""

from microgd.descent.race import Race
from microgd.draw.descent.page import page
from microgd.draw.descent.table import plain
from microgd.draw.plots.page import folded

MOST_ROWS = 4_000  # steps of all runs that a page within a notebook holds; saved, it holds more
HEIGHT, ROW = 740, 32  # pixels of the frame for one run, and for the row of each further one


def bundle(race: Race) -> dict[str, str]:
    """A race as text/plain and text/html.

    The page stands in a frame of its own, sandboxed, so that its scripts see nothing of the
    notebook. A notebook that is not trusted drops the frame; the table below it remains.
    """
    title = f"Race on {race.surface.name}"
    rows = sum(map(len, race.runs))
    document = page(race) if rows <= MOST_ROWS else ""
    height = HEIGHT + ROW * (len(race.runs) - 1)  # so that the curves below the rows stay in sight
    return {"text/plain": repr(race), "text/html": folded(document, title, height, plain(race))}
