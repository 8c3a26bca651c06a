"""What all plots share: colours that everybody can tell apart, quiet axes, a figure that saves."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from bokeh.models import HoverTool
from bokeh.plotting import figure

from microgd.explain.text import clean

# Okabe and Ito, Color universal design, 2008, https://jfly.uni-koeln.de/color/
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, ORANGE, SKY = "#CC79A7", "#E69F00", "#56B4E9"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("solid", "dashed", "dotted", "dashdot")
INK, FAINT, LINE = "#4a525c", "#767676", "#b5b9be"  # a page that is dark puts lighter ones
HEIGHT, WIDEST = 340, 960  # pixels
NARROW, GAP = 50, 7  # letters in a phone's line of a legend, and what stands before each name


class _Figure(figure):  # type: ignore[misc, unused-ignore]
    """A Bokeh figure that a notebook shows by itself, and that saves as an offline page."""

    # To a browser it is a figure like any other
    __view_model__ = "Figure"
    __qualified_model__ = "Figure"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from microgd.draw.plots.page import frame, page

        said = title(self)
        inside = frame(page([self], said), said, (self.height or HEIGHT) + 40)
        return {"text/plain": f"<plot: {said}>", "text/html": inside}

    def _display_(self) -> "_Framed":
        """For marimo, whose own way of showing a Bokeh figure fetches a script from afar."""
        return _Framed(self._repr_mimebundle_()["text/html"])

    def save(self, path: str | PathLike[str]) -> None:
        """Write one page of HTML that asks nobody for anything. Raises OSError where it cannot."""
        from microgd.draw.plots.page import page, write

        write(path, page([self], title(self)))


@dataclass(frozen=True)
class _Framed:
    """HTML that marimo shows as it is."""

    html: str

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.html


def named(texts: Iterable[str]) -> list[str]:
    """Names as Bokeh may write them: short, no two alike, and no TeX, which it would fetch.

    >>> named(["loss", "loss"]), named(["$$x$$"]) == ["$$x$$"]
    (['loss', 'loss (2)'], False)
    """
    found: list[str] = []
    for text in texts:
        name = new = re.sub(r"([$\\])", "\\1\N{ZERO WIDTH SPACE}", clean(text))
        count = 1
        while new in found:
            count += 1
            new = f"{name} ({count})"
        found.append(new)
    return found


def title(of: Any) -> str:
    """What a figure calls itself."""
    return str(of.title.text)


def blank(title: str, x: str, y: str, **options: Any) -> Any:
    """An empty figure with these labels, as wide as there is room."""
    new: Any = _Figure(
        title=title,
        x_axis_label=x,
        y_axis_label=y,
        tools="pan,box_zoom,reset,save",
        **{"height": HEIGHT, "sizing_mode": "stretch_width", "max_width": WIDEST, **options},
    )
    new.toolbar.logo = None
    new.toolbar.autohide = True
    new.background_fill_color = new.border_fill_color = None
    new.outline_line_color = None
    new.title.text_color = INK
    new.title.text_font_size = "15px"
    for axis in new.axis:
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.major_label_text_font_size = axis.axis_label_text_font_size = "12px"
        axis.axis_line_color = axis.major_tick_line_color = LINE
        axis.minor_tick_line_color = None
    new.xgrid.grid_line_color = None
    new.ygrid.grid_line_color = LINE
    new.ygrid.grid_line_alpha = 0.5
    return new


def hover(
    onto: Any, rows: Sequence[tuple[str, str]], exact: Sequence[str] = (), **options: Any
) -> None:
    """Show `rows` under the pointer; the columns named in `exact` in six digits.

    A row is a label and a field, as ``("loss", "@y")``.
    """
    fields = [
        (label, f"{field}{{%0.6g}}" if field.strip("@{}") in exact else field)
        for label, field in rows
    ]
    formatters: dict[str, Any] = {
        field: "printf" for _, field in rows if field.strip("@{}") in exact
    }
    onto.add_tools(HoverTool(tooltips=fields, formatters=formatters, **options))


def legend(of: Any, where: str = "above") -> None:
    """A quiet legend over the plot, where it hides nothing; a click takes a curve away.

    It is one line, or as many columns as a phone has room for.
    """
    box = of.legend[0]
    of.add_layout(box, where)
    box.orientation = "horizontal"
    box.click_policy = "hide"
    box.background_fill_color = None
    box.border_line_color = None
    box.label_text_color = INK
    box.label_text_font_size = "12px"
    box.padding = box.margin = 0
    box.spacing = 18
    widths = [len(item.label.value) + GAP for item in box.items]
    if sum(widths) > NARROW:
        box.spacing = 4
        box.ncols = max(1, NARROW // max(widths))
        box.nrows = -(-len(widths) // box.ncols)
        of.height = of.height and of.height + (box.nrows - 1) * 24
