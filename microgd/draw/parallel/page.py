"""The page of a parallel run: every worker, who saw which version, and what it cost."""

from collections.abc import Mapping
from html import escape
from typing import Any

from microgd.draw.article import article
from microgd.draw.parallel.losses import losses
from microgd.draw.parallel.staleness import staleness
from microgd.draw.parallel.table import columns
from microgd.draw.parallel.timeline import MOST, counted, overview, timeline
from microgd.draw.plots.curves import curves
from microgd.explain.text import number
from microgd.parallel.events import Record

WHERE = {
    "simulated": "simulated in one process, by a clock that jumps from event to event",
    "processes": "as processes of one machine",
    "ray": "as actors of a Ray cluster",
}


def page(record: Record, command: str = "microgd.parallel.train") -> str:
    """One self-contained page of HTML; it makes no request, and follows light and dark.

    command  what wrote it, for its foot

    Raises ValueError for a run without updates, of which there is nothing to see.

    >>> from microgd import data, nn, parallel
    >>> model, moons = nn.MLP([2, 4, 2], rng=0), data.moons(100, rng=0)
    >>> record = parallel.train(model, moons, "downpour", 3, "simulated", epochs=2)
    >>> page(record).startswith("<!doctype html>")
    True
    """
    from bokeh.embed import components

    if not len(record.losses):
        raise ValueError(
            f"page: no update in this run of {record.algorithm}, so there is nothing to see; train"
            " for an epoch or more"
        )
    plots: dict[str, Any] = {"timeline": timeline(record)}
    plots["overview"] = overview(record, plots["timeline"])
    plots["staleness"] = staleness(record)
    plots["updates"], plots["time"] = losses(record), losses(record, "time")
    if (record.distances > 0).any():
        along = list(range(1, len(record.losses) + 1))
        lines = {"distance": (along, record.distances.tolist())}
        plots["distance"] = curves(lines, "workers' distance from the centre", "updates", "norm")
    script, places = components(plots, wrap_script=False)
    sections = [
        ("Worker by worker", _workers(record)),
        ("Who saw which version", _versions(record, places)),
        ("How stale the gradients were", _staleness(record, places)),
        ("What an update is worth, and what it costs", _losses(places)),
    ]
    if "distance" in places:
        sections.append(("On springs", _springs(places)))
    made = record.summary()
    return article(
        f"microgd parallel {record.algorithm}",
        f"{record.algorithm}, by {counted(record.workers)}",
        f"{made['updates']:,} updates, {WHERE[record.backend]}: the loss went from"
        f" {number(made['first'])} to {number(made['last'])}"
        f"{', until it was interrupted' if record.interrupted else ''}. Point at anything for its"
        " exact numbers.",
        sections,
        command,
        script,
    )


def _workers(record: Record) -> str:
    shown = {name: cells for name, cells in columns(record).items() if any(cells)}
    heads = "".join(f"<th>{escape(name)}</th>" for name in shown)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in zip(*shown.values(), strict=True)
    )
    settings = ", ".join(
        f"{escape(name)} <code>{escape(str(value))}</code>"
        for name, value in record.settings.items()
        if isinstance(value, bool | int | float | str)
    )
    clock = (
        "Time is that of the simulated clock, on which a gradient takes 1 on average."
        if record.backend == "simulated"
        else "Time is in seconds."
    )
    return (
        f"<p>{settings}.</p><p>{clock}</p>"
        f'<figure><div class="scroll" tabindex="0" role="group" aria-label="The workers"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></figure>"
    )


def _versions(record: Record, places: Mapping[str, str]) -> str:
    cut = len(record.losses) > MOST
    return (
        "<p>Every update makes a new version of the parameters. An arrow leads from the version"
        " that its gradient was computed from to the version that it made: what it passes over came"
        " in between, and its gradient knew nothing of it. Below, a lane for each worker: full"
        " where it computes, pale where it waits.</p>"
        + (f"<p>The first {MOST:,} updates are drawn.</p>" if cut else "")
        + f"<figure>{places['timeline']}{places['overview']}</figure>"
    )


def _staleness(record: Record, places: Mapping[str, str]) -> str:
    said = (
        "<p>No gradient was stale: each was computed from the version that it then changed. The"
        " price is that workers wait for one another.</p>"
        if not record.staleness.any()
        else "<p>The number of updates that came between reading and writing. A fresh gradient has"
        " 0; the slower a worker is beside the others, the staler are its gradients.</p>"
    )
    return f"{said}<figure>{places['staleness']}</figure>"


def _losses(places: Mapping[str, str]) -> str:
    return (
        "<p>The loss of the batches, against the number of updates and against the time. An update"
        " from a stale gradient is worth less, but whoever waits for nobody makes more of"
        f' them.</p><figure class="pair"><div>{places["updates"]}</div>'
        f"<div>{places['time']}</div></figure>"
    )


def _springs(places: Mapping[str, str]) -> str:
    return (
        "<p>Each worker explores for itself, on a spring to the common centre. This is how far it"
        f" was away when it met the centre.</p><figure>{places['distance']}</figure>"
    )
