"""A recording in a notebook: the page that steps, and text for where pages may not run."""

from html import escape

from microgd.draw.stepper import page
from microgd.explain import text
from microgd.explain.steps import Recording

MOST = 200  # steps that the text shows
WIDTH = 80  # columns of the text
HEIGHT = 640  # pixels of the frame


def bundle(record: Recording) -> dict[str, str]:
    """A recording as text/plain and text/html.

    The page stands in a frame of its own, sandboxed, so that its scripts see nothing of the
    notebook. A notebook that is not trusted drops the frame; the text below it remains.
    """
    frame = (
        f'<iframe srcdoc="{escape(page(record))}" sandbox="allow-scripts"'
        f' title="{escape(record.title)}" loading="lazy"'
        f' style="width:100%;height:{HEIGHT}px;border:1px solid #8888"></iframe>'
    )
    steps = "\n\n".join(text.filled(text.step(step), WIDTH) for step in record[:MOST])
    if len(record) > MOST:
        steps += f"\n\n... and {len(record) - MOST} more steps; .save('steps.html') has all"
    fallback = (
        f"<details><summary>{escape(record.title)}: {len(record)} steps, as text</summary>"
        f"<pre>{escape(steps)}</pre></details>"
    )
    return {"text/plain": repr(record), "text/html": frame + fallback}
