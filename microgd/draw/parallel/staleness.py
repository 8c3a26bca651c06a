"""The staleness of every update, as a histogram: one colour a worker, stacked."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.models.annotations.geometry import Span

from microgd.draw.plots.theme import COLOURS, FAINT, blank, hover, legend
from microgd.parallel.events import Record

BINS = 40  # from so many on, a bar holds several numbers
LEAST = 3.5  # as far as the axis goes at least
LANES = 8  # workers that a legend has room for; more are drawn as one


def staleness(record: Record, **options: Any) -> Any:
    """How many updates were how stale: how many others came between what each read and wrote.

    The dashed line is the mean. With M workers alike and no server to wait for it is near M - 1.

    options  of the Bokeh figure

    Returns a Bokeh figure, which a notebook shows and ``.save(path)`` writes. Raises ValueError
    for a run without updates.

    >>> from microgd import data, nn, parallel
    >>> model, moons = nn.MLP([2, 4, 2], rng=0), data.moons(100, rng=0)
    >>> record = parallel.train(model, moons, "downpour", 3, "simulated", epochs=9)
    >>> staleness(record).title.text
    'staleness: mean 1.63, at most 11'
    """
    found = record.staleness
    if not found.size:
        raise ValueError("staleness: no update in this run; train for an epoch or more")
    workers = np.array([event.worker for event in record.of("push")])
    wide = max(1, -(-int(found.max() + 1) // BINS))
    edges = np.arange(0, found.max() + 1 + wide, wide) - 0.5
    title = f"staleness: mean {found.mean():.3g}, at most {found.max():g}"
    plot: Any = blank(title, "updates in between", "updates", **options)
    each = record.workers <= LANES
    bottom = np.zeros(len(edges) - 1)
    for me in range(record.workers if each else 1):
        mine = found[workers == me] if each else found
        count = np.histogram(mine, edges)[0]
        source = ColumnDataSource(
            {
                "left": edges[:-1] + 0.06 * wide,
                "right": edges[1:] - 0.06 * wide,
                "bottom": bottom,
                "top": bottom + count,
                "count": count,
                "share": 100 * count / len(found),
                "of": [str(int(a + 0.5)) + (f" to {int(a + wide)}" if wide > 1 else "")
                       for a in edges[:-1]],
                "who": [f"worker {me}" if each else "all workers"] * len(count),
            }
        )  # fmt: skip
        plot.quad(
            left="left", right="right", bottom="bottom", top="top", source=source, alpha=0.85,
            color=COLOURS[me % len(COLOURS)], line_color=None,
            legend_label=f"worker {me}" if each else "all workers",
        )  # fmt: skip
        bottom = bottom + count
    plot.add_layout(
        Span(location=float(found.mean()), dimension="height", line_color=FAINT, line_dash="dashed")
    )
    rows = [("", "@who"), ("staleness", "@of"), ("updates", "@count"), ("% of all", "@share")]
    hover(plot, rows, exact=["share"])
    legend(plot)
    plot.xaxis.ticker.min_interval = plot.yaxis.ticker.min_interval = 1
    plot.y_range.start = 0
    plot.x_range.start, plot.x_range.end = -0.7, max(edges[-1], LEAST) + 0.2
    return plot
