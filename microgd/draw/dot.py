"""A folded graph in the DOT language: the source of every picture."""

from collections.abc import Collection, Mapping
from typing import Any

from microgd.draw.cards import Card
from microgd.draw.columns import TANGLED, TOO_TANGLED, places, tangle
from microgd.draw.folding import Box, Folding, prefixes
from microgd.draw.label import room, table, text
from microgd.draw.style import FONT, KINDS, SIZE, SMALL, day
from microgd.explain.text import clean


def dot(
    folding: Folding,
    cards: Mapping[Box, Card],
    *,
    caption: str = "",
    widest: Mapping[str, Collection[str]] | None = None,
    marked: Collection[str] = (),
    links: Mapping[str, str] | None = None,
    direction: str = "LR",
) -> str:
    """The picture as DOT: a node for each box, a frame around the boxes of each open module.

    widest  by id of a box: lines for which its right column is to have room
    marked  ids of boxes and edges that stand out
    links   by id of a box: where a click on it leads

    A graph that is too tangled for the engine's layout stands in plain columns, without frames.
    """
    picture = _empty(caption, direction)
    where = _columns(picture, folding, cards, direction)
    frames: dict[str, Any] = {"": picture}
    for box in folding.boxes:
        look = _look(box, cards[box].kind, box.id in marked)
        if links and box.id in links:
            look |= {"URL": links[box.id], "tooltip": "open"}
        if box in where:
            look["pos"] = "{:.1f},{:.1f}".format(*where[box])
        label = table(cards[box], (widest or {}).get(box.id, ()))
        frame = picture if where else _frame(frames, box)
        frame.node(box.id, f"<{label}>", **look)
    for path in reversed(frames):  # what is inside comes after what is around it
        if path:
            frames[_around(path)].subgraph(frames[path])
    for edge in folding.edges:
        look = {"id": edge.id}
        if edge.id in marked:
            look |= {"class": "marked", "color": day("mark"), "penwidth": "3"}
        elif not edge.flows:
            look |= {"class": "still", "style": "dotted"}
        picture.edge(edge.source.id, edge.target.id, **look)
    return str(picture.source)


def _empty(caption: str, direction: str) -> Any:
    """A picture without nodes, and what all of its nodes and edges share."""
    from graphviz import Digraph  # type: ignore[import-untyped]

    picture = Digraph("microgd")
    picture.attr(
        rankdir=direction, bgcolor=day("paper"), fontname=FONT, fontsize=str(SMALL),
        fontcolor=day("muted"), nodesep="0.2", ranksep="0.35", pad="0.1",
    )  # fmt: skip
    if caption:
        picture.attr(label=f"<{text(caption)}>", labelloc="b", labeljust="l")
    picture.attr(
        "node", fontname=FONT, fontsize=str(SIZE), fontcolor=day("ink"), color=day("line"),
        margin="0.07,0.04", width="0", height="0",
    )  # fmt: skip
    picture.attr("edge", color=day("line"), arrowsize="0.6")
    return picture


def _columns(
    picture: Any, folding: Folding, cards: Mapping[Box, Card], direction: str
) -> dict[Box, tuple[float, float]]:
    """The places of the boxes if the graph is too tangled for the engine, else none."""
    tangled = tangle(folding)
    if tangled > TANGLED:
        picture.attr(nslimit="1", mclimit="0.1")
    if tangled <= TOO_TANGLED:
        return {}
    picture.attr(layout="nop", splines="line")
    found = places(folding, {box: room(cards[box], direction) for box in folding.boxes})
    return found if direction == "LR" else {box: (-y, -x) for box, (x, y) in found.items()}


def _look(box: Box, kind: str, is_marked: bool) -> dict[str, str]:
    look = dict(KINDS[kind], fillcolor=day(kind), id=box.id)
    look["class"] = f"{kind} marked" if is_marked else kind
    return look | {"color": day("mark"), "penwidth": "3"} if is_marked else look


def _frame(frames: dict[str, Any], box: Box) -> Any:
    """The frame in which a box stands; made, with those around it, where it is the first."""
    chain = prefixes(box.path)[: -1 if box.folded else None]
    for path in chain:
        if path not in frames:
            frames[path] = frame = type(frames[""])(f"cluster_{len(frames)}")
            frame.attr(
                id=f"f{len(frames) - 1}", label=f"<{text(clean(path))}>", labeljust="l",
                style="rounded", color=day("muted"),
            )  # fmt: skip
    return frames[chain[-1] if chain else ""]


def _around(path: str) -> str:
    """The path of the frame around a frame."""
    outer = prefixes(path)[:-1]
    return outer[-1] if outer else ""
