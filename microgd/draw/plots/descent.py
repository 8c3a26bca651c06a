"""Plots of the studies on surfaces: slope against angle, the four rates, sizes of batches."""

from itertools import cycle
from os import PathLike
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.models.annotations.geometry import Span
from bokeh.models.annotations.labels import Label

from microgd.descent.directions import Directions
from microgd.descent.rates import Rates
from microgd.descent.sampling import Sampled
from microgd.draw.descent.words import at
from microgd.draw.plots import page
from microgd.draw.plots.theme import BLUE, COLOURS, FAINT, INK, VERMILLION, blank, hover, legend
from microgd.explain.text import number

SMALLEST = 1e-16  # of a loss on a logarithmic scale; 0 has no place on it
HIGHEST = 1e6  # times the loss at the start: above that a run is on its way to infinity


def directions(record: Directions, **options: Any) -> Any:
    """The slope in every direction, and |gradient| * cos(angle) on which it lies.

    Returns a Bokeh figure, which a notebook shows and ``.save(path)`` writes.

    >>> from microgd.descent import directions as measure
    >>> directions(measure("bowl")).title.text
    'slope of bowl at (-4, 3) in every direction'
    """
    plot = blank(
        f"slope of {record.surface.name} at {at(record.place)} in every direction",
        "angle to the gradient, in degrees",
        "directional derivative",
        **options,
    )
    fine = np.linspace(-180, 180, 361)
    plot.line(
        fine, record.length * np.cos(np.radians(fine)), line_width=2.5, color=BLUE,
        legend_label="|gradient| * cos(angle)",
    )  # fmt: skip
    source = ColumnDataSource({"angle": record.angles, "slope": record.slopes})
    points = plot.scatter(
        "angle", "slope", source=source, size=7, color=VERMILLION,
        legend_label="measured, one direction a point",
    )  # fmt: skip
    hover(plot, [("angle", "@angle"), ("slope", "@slope")], ["angle", "slope"], renderers=[points])
    plot.add_layout(Span(location=0, dimension="width", line_color=FAINT, line_dash=(4, 4)))
    plot.segment(0, -1.2 * record.length, 0, record.length, color=FAINT, line_dash=(4, 4))
    plot.add_layout(
        Label(
            x=0, y=record.length, text=f"steepest: the gradient itself, {number(record.length)}",
            text_color=INK, text_font_size="12px", text_align="center", y_offset=6,
        )
    )  # fmt: skip
    plot.y_range.update(start=-1.2 * record.length, end=1.25 * record.length)
    plot.xaxis.ticker = [-180, -90, 0, 90, 180]
    legend(plot)
    return plot


def rates(record: Rates, **options: Any) -> Any:
    """The loss of descent at each rate, over the steps.

    >>> from microgd.descent import rates as measure
    >>> rates(measure("ravine", steps=5)).title.text
    'ravine: stable up to 2/L = 0.04'
    """
    near = "" if record.surface.quadratic else f"; 2/L is that of {at(record.place)}"
    plot = blank(
        f"{record.surface.name}: stable up to 2/L = {number(record.limit)}",
        f"step{near}", "loss above the lowest", y_axis_type="log", **options,
    )  # fmt: skip
    lowest = record.surface.lowest
    floor = min(one.losses.min() for one in record.race.runs) if lowest is None else lowest
    curves = [np.maximum(record.race[rate.name].losses - floor, SMALLEST) for rate in record.rates]
    for rate, loss, colour in zip(record.rates, curves, cycle(COLOURS), strict=False):
        _curve(plot, np.arange(len(loss)), loss, f"{rate.name}, {number(rate.lr)}", colour)
    seen, top = np.concatenate(curves), HIGHEST * curves[0][0]
    if seen.max() > top:
        plot.y_range.update(start=seen.min() / 2, end=top)
    hover(plot, [("", "@name"), ("step", "@x"), ("loss", "@y")], ["y"])
    legend(plot)
    return plot


def limits(record: Rates, **options: Any) -> Any:
    """What a step makes of the distance, against the rate, with the limit: known before any step.

    >>> from microgd.descent import rates as measure
    >>> limits(measure("ravine", steps=5)).title.text
    'known before: |1 - rate * L|, L = 50'
    """
    plot = blank(
        f"known before: |1 - rate * L|, L = {number(record.curvature)}",
        "learning rate", "factor of a step", **options,
    )  # fmt: skip
    fine = np.linspace(0, 1.25 * record.limit, 200)
    plot.line(fine, np.abs(1 - fine * record.curvature), line_width=2.5, color=FAINT)
    plot.add_layout(Span(location=1, dimension="width", line_color=FAINT, line_dash=(4, 4)))
    plot.add_layout(
        Span(location=record.limit, dimension="height", line_color=VERMILLION, line_width=2)
    )
    plot.add_layout(
        Label(
            x=record.limit, y=0, text=f"2/L = {number(record.limit)} ", text_color=INK,
            text_font_size="12px", text_align="right", y_offset=4,
        )
    )  # fmt: skip
    for rate, colour in zip(record.rates, cycle(COLOURS), strict=False):
        source = ColumnDataSource(
            {
                "x": [rate.lr],
                "y": [abs(rate.factor)],
                "measured": [rate.measured],
                "name": [rate.name],
            }
        )
        plot.scatter("x", "y", source=source, size=11, color=colour, legend_label=rate.name)
    rows = [("", "@name"), ("rate", "@x"), ("foretold", "@y"), ("measured", "@measured")]
    hover(plot, rows, ["x", "y", "measured"], renderers=plot.renderers[1:])
    plot.y_range.update(start=0, end=1.6)
    legend(plot)
    return plot


def save_rates(record: Rates, path: str | PathLike[str]) -> None:
    """Write both plots of the rates as one page that works offline."""
    title = f"learning rates on {record.surface.name}"
    page.write(path, page.page([limits(record), rates(record)], title))


def sampled(record: Sampled, **options: Any) -> Any:
    """The error on all points against the points that a run had looked at.

    >>> from microgd.descent import sampled as measure
    >>> sampled(measure(steps=3)).title.text
    'one straight line, three sizes of batches'
    """
    counts = {1: "one size", 2: "two sizes", 3: "three sizes"}
    said = counts.get(len(record.sizes), f"{len(record.sizes)} sizes")
    plot = blank(
        f"one straight line, {said} of batches",
        "points looked at", "error on all points, above the lowest",
        x_axis_type="log", y_axis_type="log", **options,
    )  # fmt: skip
    lowest = record.race.surface.lowest or 0.0
    for name, colour in zip(record.sizes, cycle(COLOURS), strict=False):
        loss = np.maximum(record.race[name].losses - lowest, SMALLEST)
        _curve(plot, record.examples(name)[1:], loss[1:], name, colour)
    hover(plot, [("", "@name"), ("points", "@x"), ("error", "@y")], ["y"])
    legend(plot)
    return plot


def _curve(plot: Any, x: Any, y: Any, name: str, colour: str) -> None:
    source = ColumnDataSource({"x": x, "y": y, "name": [name] * len(x)})
    plot.line("x", "y", source=source, line_width=2.5, color=colour, legend_label=name)
