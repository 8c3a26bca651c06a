"""The stepper: a recorded pass as one page to step through, which works offline and asks nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from html import escape
from itertools import chain

from microgd.draw import frames, offline
from microgd.draw.cards import cards, written_gradient
from microgd.draw.dot import dot
from microgd.draw.engine import render
from microgd.draw.folding import Box, Folding, fold
from microgd.draw.style import COLOURS
from microgd.draw.svg import dress
from microgd.explain.steps import Backprop, Recording

MOST_NODES = 400  # more are folded
MOST_STEPS = 5_000  # more would be a page that no browser opens gladly


def page(record: Recording, direction: str = "TB") -> str:
    """One self-contained page of HTML that steps through `record`, forward and backward.

    direction  which way the graph runs: from top to bottom (TB), or from left to right (LR),
               which suits the low, wide frame of a notebook

    Step, back, play, jump and a quiz, with the mouse or from the keyboard. It makes no request,
    and whatever a tensor is called is text there. Raises ValueError for too many steps.

    >>> import microgd as mg
    >>> w = mg.tensor(3.0, requires_grad=True, name="w")
    >>> page(mg.explain.backprop(w * w)).startswith("<!doctype html>")
    True
    """
    if len(record) > MOST_STEPS:
        raise ValueError(
            f"page: {len(record):,} steps, of which a page holds {MOST_STEPS:,}; step through them"
            " with mg.explain.debug(loss), or draw them with mg.draw.graph(loss)"
        )
    passes = {"forward": list(frames.forward(record))}
    if isinstance(record, Backprop):
        passes["backward"] = list(frames.backward(record))
    starts = {name: frames.start(record, name) for name in passes}
    folding = fold(record.loss, None, (), MOST_NODES)
    boxes = {record.id(node): box for box in folding.boxes for node in box.nodes}
    drawn = {name: [_placed(frame, boxes) for frame in found] for name, found in passes.items()}
    begun = {name: _lines(found, boxes) for name, found in starts.items()}
    lines = [
        *chain(*begun.values()),
        *(x for found in drawn.values() for f in found for x in f.picture),
    ]
    data = {
        "start": begun,
        "passes": {name: [*map(asdict, found)] for name, found in drawn.items()},
    }
    heading = "Backpropagation, step by step" if "backward" in passes else "The forward pass"
    return offline.page(
        "stepper",
        data,
        title=escape(f"{record.label(record.loss)}: {heading}"),
        heading=heading,
        picture=_picture(record, folding, lines, direction),
        kinds=_kinds(),
    )


def _picture(
    record: Recording, folding: Folding, lines: Iterable[frames.Line], direction: str
) -> str:
    """The graph as SVG, laid out once with room for every line that a node will ever show."""
    widest: dict[str, set[str]] = {}
    for node, _, text in lines:
        widest.setdefault(node, set()).add(text)
    gradients = None
    if isinstance(record, Backprop):
        found = {node: record.gradient(node) for node in record.nodes}
        gradients = {x: written_gradient(g) for x, g in found.items() if g is not None}
    written = cards(folding, gradients, True, record.loss)
    note = f"{folding.note} folded" if folding.note else ""
    source = dot(folding, written, widest=widest, caption=note, direction=direction)
    by_id = {box.id: card for box, card in written.items()}
    titles = {
        e.id: f"{by_id[e.source.id].head} to {by_id[e.target.id].head}" for e in folding.edges
    }
    return dress(render(source), "The graph of the computation", by_id, titles)


def _placed(frame: frames.Frame, boxes: Mapping[str, Box]) -> frames.Frame:
    """A frame with the ids of the picture, where one box may stand for many nodes."""

    def edge(arrow: str) -> str:
        source, target, index = arrow.split("-")
        ends = boxes[source], boxes[target]
        names = [box.id for box in ends]
        return "-".join(names if any(box.folded for box in ends) else [*names, index])

    return replace(
        frame,
        node=boxes[frame.node].id if frame.node else "",
        targets=list(dict.fromkeys(boxes[i].id for i in frame.targets)),
        edges=list(dict.fromkeys(map(edge, frame.edges))),
        picture=_lines(frame.picture, boxes),
    )


def _lines(lines: Iterable[frames.Line], boxes: Mapping[str, Box]) -> list[frames.Line]:
    """The lines of nodes that the picture shows one by one, with its ids."""
    return [(boxes[i].id, which, text) for i, which, text in lines if not boxes[i].folded]


def _kinds() -> str:
    """The colours of the picture, light and dark, as the page's own switch has it."""
    names = {name: f"light-dark({day}, {night})" for name, (day, night) in COLOURS.items()}
    return "".join(f"--{name}: {both};" for name, both in names.items())
