"""A parallel run as a table: a row for each worker, and one for all."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from microgd.draw.descent.table import fitted
from microgd.draw.tables import number
from microgd.parallel.events import Record

if TYPE_CHECKING:
    from rich.table import Table

LAST = 50  # updates of a worker over which its loss is a mean
SPARE = ("died", "stalest", "waits", "lost", "updates")  # go first where it is narrow


def columns(record: Record) -> Mapping[str, list[str]]:
    """The cells of each column, the workers' and then those of all; "" where there is nothing.

    updates    that changed the parameters, and `a second` or, of the simulated clock, `a unit`
    staleness  the mean over them, and the largest
    loss       of the last 50 batches, the mean
    waits      the share of the time in which it waited for others, or for the server
    lost       of the numbers that it wrote, those that undid another's, where that is simulated
    """
    rows = [_row(record, me) for me in range(record.workers)]
    if record.workers > 1:
        rows.append(_row(record, None))
    return {name: [row.get(name, "") for row in rows] for name in _HEADS}


_HEADS = (
    "worker", "updates", "a second", "a unit", "staleness", "stalest", "loss", "waits", "lost",
    "refused", "died", "replaced",
)  # fmt: skip


def _row(record: Record, me: int | None) -> dict[str, str]:
    pushes = record.of("push", me)
    row = {"worker": "all" if me is None else str(me), "updates": f"{len(pushes):,}"}
    rate = record.rates.sum() if me is None else record.rates[me]
    row["a unit" if record.backend == "simulated" else "a second"] = (
        f"{rate:.3g}" if rate < 100 else f"{rate:,.0f}"
    )
    if pushes:
        stale = np.array([event.staleness for event in pushes])
        row["staleness"], row["stalest"] = f"{stale.mean():.2f}", f"{stale.max():g}"
        row["loss"] = number(np.nanmean([event.loss for event in pushes[-LAST:]]))
    waited = record.waited.mean() if me is None else record.waited[me]
    if record.seconds and record.waited.any():
        row["waits"] = f"{waited / record.seconds:.0%}"
    if record.written and record.backend == "simulated":  # real processes do not count them
        lost = sum(event.count for event in record.of("lost", me))
        row["lost"] = f"{lost / (sum(event.count for event in pushes) or 1):.2%}"
    for kind in ("refused", "died", "replaced"):
        if count := len(record.of(kind, me)):
            row[kind] = str(count)
    return row


def outcome(record: Record, width: int) -> "Table":
    """The table, at most so wide; columns that can be spared go where there is no room."""
    return fitted(columns(record), width, SPARE)


def sentence(record: Record) -> str:
    """The whole run in a sentence or two."""
    found = record.summary()
    end = "Interrupted after " if record.interrupted else ""
    where = "units of the simulated clock" if record.backend == "simulated" else "seconds"
    said = f"{end}{found['updates']:,} updates in {found['seconds']:.3g} {where}"
    if "rate" in found:
        said += f", {found['rate']:.3g} a {'unit' if record.backend == 'simulated' else 'second'}"
        said += f"; staleness {found['staleness']:.3g} on average, {found['stalest']:g} at most"
    return f"{said}."


def plain(record: Record, width: int = 80) -> str:
    """The table as text.

    >>> from microgd import data, nn, parallel
    >>> model, moons = nn.MLP([2, 4, 2], rng=0), data.moons(100, rng=0)
    >>> record = parallel.train(model, moons, "synchronous", 2, "simulated", epochs=2)
    >>> print(plain(record))
    worker  updates  a unit  staleness  stalest    loss  waits
    0             8   0.509       0.00        0  0.6307    46%
    1             0       0                                24%
    all           8   0.509       0.00        0  0.6307    35%
    """
    from rich.console import Console

    screen = Console(file=io.StringIO(), width=width)
    screen.print(outcome(record, width))
    lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines)
