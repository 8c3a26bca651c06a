"""Training curves: a quantity of one run, or of several side by side."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource

from microgd.draw.plots.theme import COLOURS, blank, hover, legend, named
from microgd.names import choose
from microgd.train.history import History

FEW = 60  # rows up to which every point is marked
_LABELS = {
    "lr": "learning rate",
    "grad_norm": "norm of the gradient",
    "examples": "examples in use",
}


def history(record: History | Mapping[str, History], quantity: str = "loss", **options: Any) -> Any:
    """The curve of a quantity over epochs (or steps), and dashed the same on validation data.

    record    a History, or several by name, to compare
    quantity  a column: "loss", "accuracy", "lr", ...
    options   of the Bokeh figure, as ``y_axis_type="log"``

    Returns a Bokeh figure, which a notebook shows and ``.save(path)`` writes. Raises ValueError
    for a column that no history has.

    >>> run = History()
    >>> run.record({"epoch": 1, "loss": 0.5})
    >>> run.record({"epoch": 2, "loss": 0.25})
    >>> history(run).title.text
    'loss'
    """
    runs = {"": record} if isinstance(record, History) else dict(record)
    columns = {name: name for run in runs.values() for name in run.columns}
    choose("history: quantity", quantity, columns)
    percent = quantity.endswith("accuracy")
    every = next(iter(runs.values())).every
    label = "% right" if percent else _LABELS.get(quantity, quantity)
    plot = blank(quantity, every, label, **options)
    colours = cycle(COLOURS)
    for name, run in zip(named(runs), runs.values(), strict=True):
        first = next(colours)
        kinds = {quantity: "training", f"val_{quantity}": "validation"}
        for column, kind in kinds.items():
            if column not in run.columns:
                continue
            checked = column.startswith("val_")
            called = " ".join(filter(None, [name, kind if checked or not name else ""]))
            known = ~np.isnan(run[column])  # with a row for each step, few have a validation
            source = ColumnDataSource(
                {
                    "x": run[every][known],
                    "y": run[column][known] * (100 if percent else 1),
                    "name": [called] * int(known.sum()),
                }
            )
            look: dict[str, Any] = {
                "source": source,
                "color": next(colours) if checked and not name else first,
                "legend_label": called,
            }
            plot.line("x", "y", line_width=2.5, line_dash=(6, 4) if checked else "solid", **look)
            many = known.sum() > FEW
            plot.scatter(
                "x", "y", size=5, alpha=0 if many else 1, hover_alpha=1, name="points", **look
            )
    rows = [("", "@name"), (every, "@x"), (label, "@y")]
    hover(plot, rows, exact=["y"], renderers=plot.select(name="points"))
    legend(plot)
    plot.xaxis.ticker.min_interval = 1
    return plot
