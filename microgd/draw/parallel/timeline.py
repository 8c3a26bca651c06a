"""The event timeline: the versions of the parameters, which update saw which, and every worker."""

from itertools import cycle, islice
from typing import Any

import numpy as np
from bokeh.models import (
    BasicTickFormatter,
    ColumnDataSource,
    FixedTicker,
    Range1d,
    RangeTool,
    WheelZoomTool,
    ZoomInTool,
    ZoomOutTool,
)

from microgd.draw.parallel.lanes import MARKS, messages, spans, trips, within
from microgd.draw.plots.theme import COLOURS, FAINT, LINE, VERMILLION, blank, hover, legend
from microgd.parallel.events import Event, Record

MOST = 4_000  # updates that a page draws without effort
FEW = 16  # spans of a worker, about, that are first in view
LANE, BAR = 34, 0.27  # pixels between two lanes, and half the height of a bar in lanes
SIDE = 74  # pixels for the names of the lanes
ARCS = 2.2  # lanes of room above the versions
CURVE = np.linspace(0, np.pi, 17)  # places along half an ellipse
SIGNS = {"lost": "x", "refused": "square_x", "died": "star", "replaced": "circle"}


def timeline(record: Record, **options: Any) -> Any:
    """A lane for the versions, an arrow for every update, and a lane for each worker.

    An arrow leads from the version that an update was computed from to the version that it made;
    the versions that it passes over are its staleness. In a worker's lane it computes (full) and
    waits (pale). Lost writes, refused pushes and deaths are marked. The first updates are in view;
    pan, and zoom with the wheel or the buttons, for the others.

    options  of the Bokeh figure

    Of a longer run the first 4,000 updates are drawn. Returns a Bokeh figure, which a notebook
    shows and ``.save(path)`` writes. Raises ValueError for a record of a run without events.

    >>> from microgd import data, nn, parallel
    >>> model, moons = nn.MLP([2, 4, 2], rng=0), data.moons(100, rng=0)
    >>> record = parallel.train(model, moons, "downpour", 3, "simulated", epochs=2)
    >>> timeline(record).title.text
    'who saw which version'
    """
    if not record.events:
        raise ValueError("timeline: nothing has happened in this run; train for an epoch or more")
    shown = within(record, MOST)
    plot: Any = blank(
        "who saw which version", time(record), "",
        **{"height": 170 + round(LANE * (record.workers + ARCS)), "toolbar_location": "below"}
        | options,
    )  # fmt: skip
    _lanes(plot, record)
    _work(plot, shown)
    _arrows(plot, shown)
    _messages(plot, shown)
    for kind in MARKS:
        _marks(plot, kind, shown.of(kind))
    legend(plot)
    plot.xaxis.formatter = BasicTickFormatter(power_limit_low=-6)  # 0.0005 s, and not 5.000e-4
    plot.toolbar.autohide = False
    plot.min_border_left = SIDE
    zooms = [WheelZoomTool(dimensions="width"), ZoomInTool(dimensions="width")]
    plot.add_tools(*zooms, ZoomOutTool(dimensions="width"))
    return plot


def overview(record: Record, timeline: Any, **options: Any) -> Any:
    """The staleness of all updates that `timeline` draws; the box in it is what that one shows.

    Move the box, or draw another one. Returns a Bokeh figure for the same page.
    """
    found = list(trips(within(record, MOST)))
    look = {"height": 130, "toolbar_location": None} | options
    plot: Any = blank("", "draw a box over what to look at", "staleness", **look)
    plot.scatter(
        [trip.end for trip in found], [trip.event.staleness for trip in found], size=3,
        color=[_hues(record)[trip.worker] for trip in found], alpha=0.6,
    )  # fmt: skip
    box = RangeTool(x_range=timeline.x_range, start_gesture="pan")
    box.overlay.fill_color, box.overlay.fill_alpha = FAINT, 0.25
    box.overlay.line_color = FAINT
    plot.tools = [box]  # the pointer moves the box, and nothing else
    most = max((trip.event.staleness for trip in found), default=0)
    plot.y_range = Range1d(start=-0.5, end=1.1 * max(most, 3))
    low, high = timeline.x_range.bounds
    plot.x_range = Range1d(start=low, end=high)
    plot.yaxis.ticker.desired_num_ticks = 3
    plot.yaxis.ticker.min_interval = 1
    plot.min_border_left = SIDE
    return plot


def time(record: Record) -> str:
    """What the axis of time says: of the simulated clock, or of the real one."""
    simulated = record.backend == "simulated"
    return "time, in gradients" if simulated else "time in seconds"


def counted(workers: int) -> str:
    """So many workers, in words."""
    return f"{workers} worker{'s' * (workers != 1)}"


def _hues(record: Record) -> list[str]:
    return list(islice(cycle(COLOURS), record.workers))


def _lanes(plot: Any, record: Record) -> None:
    """What the lanes are called, and how much of the time is in view."""
    names = {0: "versions", **{-1 - me: f"worker {me}" for me in range(record.workers)}}
    plot.yaxis.ticker = FixedTicker(ticks=list(names))
    plot.yaxis.major_label_overrides = names
    plot.y_range = Range1d(start=-0.6 - record.workers, end=ARCS)
    plot.ygrid.grid_line_color = LINE
    last, starts = record.seconds or 1.0, sorted(span.start for span in spans(record))
    updates = record.times[:2]  # in view, however many messages they take
    end = max([*updates, min([last, *starts[FEW * record.workers :][:1]])])
    low, high = -0.02 * last, 1.02 * last
    plot.x_range = Range1d(start=-0.02 * end, end=1.02 * end, bounds=(low, high), reset_end=high)


def _work(plot: Any, record: Record) -> None:
    """When each worker computed, and when it waited, for what."""
    found = list(spans(record))
    for waits in (False, True):
        some = [span for span in found if span.what.startswith("waits") == waits]
        if not some:
            continue
        half = BAR / 2.5 if waits else BAR
        source = ColumnDataSource(
            {
                "left": [span.start for span in some],
                "right": [span.end for span in some],
                "bottom": [-1 - span.worker - half for span in some],
                "top": [-1 - span.worker + half for span in some],
                "hue": [FAINT if waits else _hues(record)[span.worker] for span in some],
                "worker": [span.worker for span in some],
                "what": [span.what for span in some],
            }
        )
        bars = plot.quad(
            left="left", right="right", bottom="bottom", top="top", source=source,
            fill_color="hue", fill_alpha=0.35 if waits else 0.75, line_color=FAINT,
            line_alpha=0.6,
            legend_label="waits" if waits else "computes",
        )  # fmt: skip
        rows = [("worker", "@worker @what"), ("from", "@left"), ("to", "@right")]
        hover(plot, rows, exact=["left", "right"], renderers=[bars])


def _arrows(plot: Any, record: Record) -> None:
    """An arc for every update, over the versions that came between, and a head at its end."""
    found = list(trips(record))
    made = {0: 0.0} | {trip.event.written[0]: trip.end for trip in found if trip.event.written}
    stale = np.array([trip.event.staleness for trip in found])
    # The square root: the freshest are still seen where a straggler is far behind
    height = 0.94 * ARCS * np.sqrt((1 + stale) / (1 + stale.max(initial=3.0)))
    starts = [made.get(sum(t.event.read[:1]), t.start) for t in found]
    ends = [trip.end for trip in found]
    middle, half = np.add(starts, ends) / 2, np.subtract(ends, starts) / 2
    data = {
        "end": ends,
        "zero": np.zeros(len(found)),
        "hue": [_hues(record)[trip.worker] for trip in found],
        "worker": [trip.worker for trip in found],
        "read": [_written(trip.event.read) for trip in found],
        "written": [_written(trip.event.written) for trip in found],
        "staleness": stale,
        "loss": [trip.event.loss for trip in found],
    }
    arcs = data | {
        "xs": list(middle[:, None] - half[:, None] * np.cos(CURVE)),
        "ys": list(height[:, None] * np.sin(CURVE)),
    }
    lines = plot.multi_line(
        "xs", "ys", source=ColumnDataSource(arcs), color="hue", line_width=1.5, alpha=0.7,
        hover_line_width=4, hover_alpha=1, legend_label="update",
    )  # fmt: skip
    plot.scatter([0], [0], marker="circle", size=7, color=FAINT)  # version 0: made by nobody
    heads = plot.scatter(
        "end", "zero", source=ColumnDataSource(data), marker="inverted_triangle", size=9,
        color="hue", legend_label="update",
    )  # fmt: skip
    rows = [
        ("update of", "worker @worker"), ("saw version", "@read"), ("made version", "@written"),
        ("staleness", "@staleness"), ("loss", "@loss"), ("time", "@end"),
    ]  # fmt: skip
    hover(plot, rows, ["staleness", "loss", "end"], renderers=[lines, heads], line_policy="interp")


def _messages(plot: Any, record: Record) -> None:
    """What workers sent to one another."""
    found = list(messages(record))
    if not found:
        return
    source = ColumnDataSource(
        {
            "x0": [m.start for m in found],
            "x1": [m.end for m in found],
            "y0": [-1 - m.sender for m in found],
            "y1": [-1 - m.receiver for m in found],
            "hue": [_hues(record)[m.sender] for m in found],
        }
    )
    plot.segment("x0", "y0", "x1", "y1", source=source, color=FAINT, line_width=1.2)
    plot.scatter(
        "x1", "y1", source=source, marker="diamond", size=6, fill_color="hue", line_color=FAINT,
        legend_label="message",
    )  # fmt: skip


def _marks(plot: Any, kind: str, found: list[Event]) -> None:
    """Losses and deaths, in the lanes of those whom they befell."""
    if not found:
        return
    source = ColumnDataSource(
        {
            "x": [event.time for event in found],
            "y": [-0.6 - event.worker for event in found],
            "worker": [event.worker for event in found],
            "count": [event.count or "" for event in found],
        }
    )
    died = kind in {"died", "refused"}
    marks = plot.scatter(
        "x", "y", source=source, marker=SIGNS[kind], size=15 if died else 9, line_width=2,
        color=VERMILLION if died else FAINT, fill_color=None, legend_label=MARKS[kind],
    )  # fmt: skip
    hover(plot, [(MARKS[kind], "@count"), ("worker", "@worker"), ("time", "@x")], ["x"],
          renderers=[marks])  # fmt: skip


def _written(versions: tuple[int, ...]) -> str:
    """Versions of all shards; once, if they are alike."""
    return ", ".join(map(str, versions if len(set(versions)) > 1 else versions[:1]))
