"""The page of a lesson: a chart in the colours of all pictures, and what a script prints."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import marimo as mo
import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

from microgd.draw.plots.theme import COLOURS, INK, LINE

__all__ = ["COLOURS", "axes", "say"]  # the colours: of a chart's lines, in their order

_STYLE: Any = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "xtick.color": INK,
    "ytick.color": INK,
}


class _Chart(Figure):
    """A figure that Jupyter shows without a window system of its own."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()


def axes(
    title: str | Sequence[str] = "",
    x: str | Sequence[str] = "",
    y: str | Sequence[str] = "",
    *,
    columns: int = 1,
    height: float = 3.2,
) -> Any:
    """A figure as wide as the page and its axes, of Matplotlib, in the colours of all pictures.

    title, x, y  what the chart and its axes are called: one text, or one for each column
    columns      how many charts stand side by side; with more than one, an array of axes
    height       inches; the width is 7.4

    >>> figure, ax = axes("A parabola", "x", "y")
    >>> line, = ax.plot([-1, 0, 1], [1, 0, 1])
    >>> figure, (left, right) = axes(["A parabola", "Its slope"], "x", ["y", "dy/dx"], columns=2)
    >>> left.get_ylabel(), right.get_ylabel(), right.get_title(loc="left")
    ('y', 'dy/dx', 'Its slope')
    """
    with mpl.rc_context(_STYLE):
        figure = _Chart(figsize=(7.4, height), dpi=110)
        made = figure.subplots(1, columns)
        for number, ax in enumerate(figure.axes):
            ax.set(xlabel=_own(x, number), ylabel=_own(y, number))
            if columns == 1 or not isinstance(title, str):
                ax.set_title(_own(title, number))
        if columns > 1 and isinstance(title, str):
            figure.suptitle(title, x=0.01, ha="left", color=INK, size=11)
    return figure, made


def _own(texts: str | Sequence[str], column: int) -> str:
    return texts if isinstance(texts, str) else texts[column]


def say(text: str) -> None:
    """Print `text` where the lesson runs as a script; on a page it would stand there twice."""
    if mo.app_meta().mode == "script":
        print(text)  # noqa: T201 - that is what a script is run for
