"""Lost writes against sparsity: what workers without a lock undo of one another's."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from bokeh.models import FixedTicker

from microgd.draw.plots.curves import curves
from microgd.parallel.events import Record


def lost_writes(records: Mapping[float, Record], **options: Any) -> Any:
    """The share of the numbers written that another's write undid, against the density.

    records  runs without a lock by the density of their data: the share of the features that an
             example has, in (0, 1]
    options  of the Bokeh figure

    Both axes are logarithmic, and a run that lost nothing has no place there; the title counts
    those. Returns a Bokeh figure, which a notebook shows and ``.save(path)`` writes. Raises
    ValueError for a run that wrote nothing without a lock.

    >>> from microgd.experiments.claims.hogwild import fit, problem
    >>> import numpy as np
    >>> data = problem(0.5, np.random.default_rng(0))
    >>> lost_writes({0.5: fit(data, 0.5, 2, 0.1, seed=0, epochs=1)[1]}).title.text
    'lost writes against density'
    """
    for density, record in records.items():
        if not record.written:
            raise ValueError(
                f"lost_writes: the run at density {density:g}, of {record.algorithm}, wrote nothing"
                " without a lock; give runs of parallel.Hogwild"
            )
    found = {density: record.lost / record.written for density, record in sorted(records.items())}
    none = sum(not share for share in found.values())
    title = "lost writes against density" + (f" ({none} lost none)" if none else "")
    lines = {"measured": (list(found), list(found.values()))}
    plot = curves(lines, title, "density of the data", "share lost", "xy", **options)
    for point in plot.select(name="points"):
        point.glyph.update(size=8, fill_alpha=1, line_alpha=1)
    plot.xaxis.ticker = FixedTicker(ticks=_ticks(found))
    plot.yaxis.ticker = FixedTicker(ticks=_ticks(found.values()))
    return plot


def _ticks(values: Iterable[float]) -> list[float]:
    """1, 2 and 5 of every decade: of two decades or less, Bokeh's own stand at one end.

    >>> _ticks([0.04, 0.3])
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    """
    places = np.log10([value for value in values if value > 0] or [1])
    decades = range(int(np.floor(places.min())), int(np.floor(places.max())) + 1)
    return [float(f"{first}e{power}") for power in decades for first in (1, 2, 5)]
