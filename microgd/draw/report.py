"""The report of the tour: one page with all of its pictures, which works offline."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from microgd.data import Dataset
from microgd.draw.article import article
from microgd.draw.graph import graph
from microgd.draw.paths import html as paths_table
from microgd.draw.plots.boundary import decision_boundary
from microgd.draw.plots.flow import flow as flow_bars
from microgd.draw.plots.history import history as curves
from microgd.draw.stepper import page as stepper
from microgd.draw.tables import factor
from microgd.draw.terminal import TIMES
from microgd.explain.flow import Flow
from microgd.explain.paths import paths
from microgd.explain.steps import backprop
from microgd.nn.module import Module
from microgd.tensor import Tensor
from microgd.train.history import History

WIDEST = 1100  # pixels: as wide as the page


@dataclass(frozen=True, slots=True)
class Tour:
    """What the page shows.

    title          what `microgd tour` was asked, for the foot of the page
    neuron         the loss of one neuron, to be stepped through
    shared         a loss and a weight from which several paths lead to it
    network        the loss of a deep network, to be drawn folded
    before, after  training: the flow in each network, by name
    accuracy       share of unseen data named rightly, before and after training, by name
    histories      of the training, by name
    moons          a trained network and the points to draw around its decision boundary
    """

    title: str
    neuron: Tensor
    shared: tuple[Tensor, Tensor]
    network: Tensor
    before: Mapping[str, Flow]
    after: Mapping[str, Flow]
    accuracy: Mapping[str, tuple[float, float]]
    histories: Mapping[str, History]
    moons: tuple[Module, Dataset, History]


def report(tour: Tour) -> str:
    """One self-contained page of HTML; it makes no request, and follows light and dark."""
    from bokeh.embed import components

    model, points, learning = tour.moons
    plots = {
        "before": flow_bars(tour.before, max_width=WIDEST),
        "after": flow_bars(tour.after, max_width=WIDEST),
        "loss": curves(tour.histories, "loss"),
        "accuracy": curves(tour.histories, "accuracy"),
        "boundary": decision_boundary(model, points, height=420),
        "moons": curves(learning, "loss", height=420),
    }
    script, places = components(plots, wrap_script=False)
    sections = [
        _neuron(tour),
        _paths(tour),
        _network(tour),
        _before(tour, places),
        _training(tour, places),
        _after(tour, places),
        _moons(places),
    ]
    sections = [(title[0].upper() + title[1:], text) for title, text in sections]
    return article(
        "microgd tour",
        "Every number of training, and where it came from",
        "From one neuron to deep networks that learn handwritten digits. Point at anything for its"
        " exact numbers.",
        sections,
        tour.title,
        script,
    )


def _neuron(tour: Tour) -> tuple[str, str]:
    document = stepper(backprop(tour.neuron))
    return "One neuron, step by step", (
        "<p>What arrives at an operation (<em>upstream</em>) times the operation's own derivative"
        " (<em>local</em>) is what it hands on (<em>contribution</em>). This is the chain rule, and"
        " all that backpropagation does. Step through it, back and forth, or let the quiz ask"
        " you.</p>"
        '<figure class="bare"><iframe title="Backpropagation through one neuron, to step through"'
        f' sandbox="allow-scripts" srcdoc="{escape(document, quote=True)}"></iframe></figure>'
    )


def _paths(tour: Tour) -> tuple[str, str]:
    loss, weight = tour.shared
    found = paths(loss, weight)
    picture = graph(loss, marked={i for path in found[:1] for i in path.ids})
    return "A gradient is a sum over paths", (
        f"<p>Here one weight is used twice, and a skip connection leads past the tanh. So"
        f" {found.n_paths} paths lead from the loss back to the weight. Each contributes the"
        " product of the derivatives along it, and the gradient is their sum. The largest is"
        " marked.</p>"
        f"<figure><div class='fit'>{_wide(picture.svg(), 'The graph of the expression')}</div>"
        f'<div class="scroll">{paths_table(found)}</div></figure>'
    )


def _network(tour: Tour) -> tuple[str, str]:
    picture = graph(tour.network, collapse="modules")
    opened = picture.open(*picture.folded[:1]) if picture.folded else picture
    return "A deep network, folded", (
        "<p>Each layer is one box with what it computes, how many numbers it learns, and the norm"
        " of the gradient at its output. Scroll to the right, towards the loss.</p>"
        f"<figure>{_wide(picture.svg(), 'The graph of the network, folded')}"
        "<details><summary>The same with its first layer open</summary>"
        f"{_wide(opened.svg(), 'The graph of the network, its first layer open')}"
        "</details></figure>"
    )


def _before(tour: Tour, places: Mapping[str, str]) -> tuple[str, str]:
    first, second = list(tour.before)[:2]
    told = " ".join(
        f"<strong>{escape(name)}</strong>: the first layer gets {_times(found)} what the last one"
        " gets."
        for name, found in tour.before.items()
    )
    return f"{first} against {second}, layer by layer", (
        "<p>Two networks, alike but for what a layer does to its sums, before any training. The"
        " gradient comes in on the right, at the last layer, and goes back to the left. Each line"
        f" of the grid is a power of ten.</p><p>{told}</p>"
        f"<figure>{places['before']}{_split(tour.before)}</figure>"
    )


def _training(tour: Tour, places: Mapping[str, str]) -> tuple[str, str]:
    told = ", ".join(
        f"<strong>{escape(name)}</strong> from {100 * before:.1f} % to {100 * after:.1f} %"
        for name, (before, after) in tour.accuracy.items()
    )
    return "Training", (
        "<p>Same data, same order, same first weights. Training took the share of unseen digits"
        f" named rightly: {told}. Guessing gets about 10 % right.</p>"
        f'<figure class="pair"><div>{places["loss"]}</div><div>{places["accuracy"]}</div></figure>'
    )


def _after(tour: Tour, places: Mapping[str, str]) -> tuple[str, str]:
    return "Layer by layer, after training", (
        "<p>A gradient also gets small when there is nothing left to learn. So it is shown as a"
        " share of what the last layer gets: only a share that falls from layer to layer makes it"
        f" vanish on its way.</p><figure>{places['after']}{_split(tour.after)}</figure>"
    )


def _moons(places: Mapping[str, str]) -> tuple[str, str]:
    return "A boundary, learned", (
        "<p>A small network tells two moons apart. The fuller the colour, the surer it is; a ring"
        " marks a point that it gets wrong. These points it has not seen in training.</p>"
        f'<figure class="pair"><div>{places["boundary"]}</div><div>{places["moons"]}</div></figure>'
    )


def _split(flows: Mapping[str, Flow]) -> str:
    """The gain of every dense layer of every network, in its two parts, beside the theory."""
    parts = ("gain", "= weights", f"{TIMES} activation", "theory")
    top = "".join(f'<th colspan="{len(parts)}">{escape(name)}</th>' for name in flows)
    heads = "".join(f"<th>{part}</th>" for _ in flows for part in parts)
    rows = []
    for layers in reversed(list(zip(*(found.layers for found in flows.values()), strict=True))):
        cells = "".join(
            _cell(value)
            for layer in layers
            for value in (layer.gain, layer.weight_part, layer.activation_part, layer.predicted)
        )
        rows.append(f"<tr><td>{escape(layers[0].module)}</td>{cells}</tr>")
    return (
        "<details><summary>The gain of every layer, in its two parts, beside what mean-field theory"
        ' predicts</summary><div class="scroll"><table><caption>Norm of the gradient at the input'
        " of a layer / at its output, from the last layer down: read downwards, as the gradient"
        f" goes.</caption><thead><tr><th></th>{top}</tr><tr><th>layer</th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div></details>"
    )


def _cell(value: float | None) -> str:
    low = ' class="low"' if value is not None and value < 0.5 else ""
    return f"<td{low}>{factor(value)}</td>"


def _times(found: Flow) -> str:
    """What the first row gets of the last row's gradient."""
    share = found[0].share
    return "nothing of" if share is None else f"{share:.2g} times"


def _wide(picture: str, label: str) -> str:
    """A picture that may be wider than the page, to scroll with the keyboard, too.

    Its ids are made its own, for every picture begins to count at n0.
    """
    own = "".join(word[0] for word in label.split())
    picture = re.sub(r'(<\w+\b[^<>]* id=")', rf"\g<1>{own}-", picture)
    return f'<div class="wide" role="group" tabindex="0" aria-label="{label}">{picture}</div>'
