"""The page of a training run: what was trained, how it went, and what was learned."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from microgd.data import Dataset
from microgd.draw.article import article
from microgd.draw.plots.boundary import decision_boundary
from microgd.draw.plots.heatmap import heatmap
from microgd.draw.plots.history import history as curve
from microgd.draw.plots.predictions import predictions
from microgd.draw.plots.weights import weights
from microgd.draw.tables import number
from microgd.nn import Linear, Module
from microgd.train.history import GRAD_NORM, History

LAYERS = 4  # dense layers whose weights are drawn, from the first on
LEAST, THINNEST = 4, 5  # rows and columns of such a layer, and how many times as many of the others
CELLS = 20_000  # of a heatmap, and weights of a layer, that a page takes without effort
FAR = 30  # from this ratio on, a loss is drawn by powers of ten


@dataclass(frozen=True, slots=True)
class Training:
    """What the page shows.

    command   what asked for the run, for the foot of the page
    lines     what was trained, by name: data, network, loss, ...
    ending    how it ended, in a sentence
    measured  loss and metrics of the network as it is now, by name and part of the data
    history   of the training
    model     as it is now
    points    data to draw the network's answers over: labels or quantities
    unseen    whether the network has not learned from them
    """

    command: str
    lines: Mapping[str, str]
    ending: str
    measured: Mapping[str, Mapping[str, float]]
    history: History
    model: Module
    points: Dataset
    unseen: bool = True


def training(run: Training) -> str:
    """One self-contained page of HTML; it makes no request, and follows light and dark.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> model, moons = nn.MLP([2, 8, 2], rng=0), data.moons(50, rng=0)
    >>> record = fit(model, moons, optim.Adam(model.parameters()), epochs=2, progress=False)
    >>> page = training(Training("a", {"data": "moons"}, "done", {}, record, model, moons))
    >>> "of 50 points right" in page
    True
    """
    from bokeh.embed import components

    record = run.history
    plots: dict[str, Any] = {"loss": curve(record, "loss", **_scale(record, "loss"))}
    metric = next((m for m in ("accuracy", "mae") if m in record.columns), None)
    if metric:
        plots["metric"] = curve(record, metric)
    plots["norm"] = curve(record, GRAD_NORM, **_scale(record, GRAD_NORM))
    rates = [
        n for n in record.columns if n.split(".")[0] == "lr" and len({*record[n].tolist()}) > 1
    ]
    beside = [*rates, *(["examples"] if "examples" in record.columns else [])]  # of a curriculum
    plots |= {name: curve(record, name) for name in beside}
    if len(record) * len(record.grad_norms) <= CELLS:
        plots["heat"] = heatmap(record)
    answers = _answers(run)
    if answers is not None:
        plots["answers"] = answers
    layers = _layers(run)
    plots |= layers
    script, places = components(plots, wrap_script=False)
    sections = [
        ("What was trained", _what(run)),
        ("How it went", _pair(places["loss"], places.get("metric", ""))),
        (
            "Gradient and learning rate" if rates else "Gradient",
            "<p>The norm of the whole gradient is that of the last batch, as the backward pass gave"
            " it: before clipping and noise. Below it, each parameter's part, as the optimizer took"
            " it.</p>"
            + _pair(places["norm"], *(places[name] for name in beside))
            + (f"<figure>{places['heat']}</figure>" if "heat" in places else ""),
        ),
    ]
    if answers is not None:
        which = "It has not learned from these points" if run.unseen else "It learned from these"
        learned = f"<p>{which}.</p><figure>{places['answers']}</figure>"
        sections.append(("What it learned", learned))
    if layers:
        drawn = "".join(f"<div>{places[name]}</div>" for name in layers)
        sections.append(("Its weights", f'<figure class="pair">{drawn}</figure>'))
    return article(
        f"microgd train {run.points.name}",
        f"A network learns {run.points.name}",
        f"{run.ending} Point at anything for its exact numbers.",
        sections,
        run.command,
        script,
    )


def _what(run: Training) -> str:
    """The options, and what came of them."""
    lines = "".join(
        f'<tr><td>{escape(name)}</td><td style="text-align: left; white-space: normal">'
        f"{escape(said)}</td></tr>"
        for name, said in run.lines.items()
        if said
    )
    headers = list(next(iter(run.measured.values()), {}))
    heads = "".join(f"<th>{escape(name)}</th>" for name in headers)
    rows = "".join(
        f"<tr><td>{escape(part)}</td>{''.join(f'<td>{_cell(n, v[n])}</td>' for n in headers)}</tr>"
        for part, v in run.measured.items()
    )
    result = (
        f'<figure><div class="scroll"><table><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></figure>"
    )
    return (
        f'<div class="scroll"><table><tbody>{lines}</tbody></table></div>{result if rows else ""}'
    )


def _cell(name: str, value: float) -> str:
    return f"{100 * value:.1f} %" if name == "accuracy" else number(value)


def _pair(*plots: str) -> str:
    boxes = "".join(f"<div>{plot}</div>" for plot in plots if plot)
    return f'<figure class="pair">{boxes}</figure>'


def _scale(record: History, column: str) -> dict[str, str]:
    """A logarithmic axis for what spans powers of ten."""
    values = [v for v in record[column].tolist() if math.isfinite(v)]
    far = bool(values) and min(values) > 0 and max(values) / min(values) > FAR
    return {"y_axis_type": "log"} if far else {}


def _answers(run: Training) -> Any:
    """What the network says, over the data, where that can be drawn."""
    points = run.points
    if not points.classes:
        return predictions(run.model, points, height=420)
    if points.x.shape[1:] == (2,):
        return decision_boundary(run.model, points, height=460)
    return None


def _layers(run: Training) -> dict[str, Any]:
    """The weights of the first dense layers; those of pixels as little pictures."""
    dense = [(path, part) for path, part in run.model.named_modules() if isinstance(part, Linear)]
    found: dict[str, Any] = {}
    for place, (path, part) in enumerate(dense[:LAYERS]):
        pixels = run.points.tile
        # of what comes after a recurrent part, a row is no picture
        tile = (
            pixels if not place and pixels and math.prod(pixels) == part.weight.shape[1] else None
        )
        few, many = sorted(part.weight.shape)
        seen = tile is not None or LEAST <= few <= many <= THINNEST * few
        if seen and part.weight.size <= CELLS:
            found[path] = weights(part.weight, tile)
            found[path].title.text = f"{path}.weight {part.weight.shape}"
    return found
