"""A folded graph in the DOT language: the source of every picture."""

from collections.abc import Collection, Mapping
from html import escape
from typing import Any

from microgd.draw.cards import Card
from microgd.draw.columns import TANGLED, TOO_TANGLED, places, tangle
from microgd.draw.folding import Box, Folding, prefixes
from microgd.draw.style import FONT, KINDS, SIZE, SMALL, day
from microgd.draw.widths import width
from microgd.explain.text import clean

GAP = 7  # points between the columns of a card

Rows = Mapping[str, Collection[str]]


def dot(
    folding: Folding,
    cards: Mapping[Box, Card],
    *,
    caption: str = "",
    widest: Rows | None = None,
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
    from graphviz import Digraph

    picture = Digraph("microgd")
    picture.attr(
        rankdir=direction, bgcolor=day("paper"), fontname=FONT, fontsize=str(SMALL),
        fontcolor=day("muted"), nodesep="0.2", ranksep="0.35", pad="0.1",
    )  # fmt: skip
    if caption:
        picture.attr(label=f"<{_text(caption)}>", labelloc="b", labeljust="l")
    picture.attr(
        "node", fontname=FONT, fontsize=str(SIZE), fontcolor=day("ink"), color=day("line"),
        margin="0.07,0.04", width="0", height="0",
    )  # fmt: skip
    picture.attr("edge", color=day("line"), arrowsize="0.6")

    tangled = tangle(folding)
    if tangled > TANGLED:
        picture.attr(nslimit="1", mclimit="0.1")
    fixed: Mapping[Box, tuple[float, float]] = {}
    if tangled > TOO_TANGLED:
        picture.attr(layout="nop", splines="line")
        fixed = places(folding, {box: _size(cards[box], direction) for box in folding.boxes})
        if direction == "TB":
            fixed = {box: (-y, -x) for box, (x, y) in fixed.items()}

    frames: dict[str, Any] = {"": picture}
    for box in folding.boxes:
        chain = () if fixed else prefixes(box.path)[: -1 if box.folded else None]
        for path in chain:
            if path not in frames:
                frames[path] = frame = Digraph(f"cluster_{len(frames)}")
                frame.attr(
                    id=f"f{len(frames) - 1}", label=f"<{_text(clean(path))}>", labeljust="l",
                    style="rounded", color=day("muted"),
                )  # fmt: skip
        card = cards[box]
        look = dict(KINDS[card.kind], fillcolor=day(card.kind), id=box.id)
        look["class"] = f"{card.kind} marked" if box.id in marked else card.kind
        if box.id in marked:
            look |= {"color": day("mark"), "penwidth": "3"}
        if links and box.id in links:
            look |= {"URL": links[box.id], "tooltip": "open"}
        if fixed:
            look["pos"] = "{:.1f},{:.1f}".format(*fixed[box])
        label = f"<{_table(card, (widest or {}).get(box.id, ()))}>"
        frames[chain[-1] if chain else ""].node(box.id, label, **look)
    for path in reversed(frames):  # what is inside comes after what is around it
        if path:
            outer = prefixes(path)[:-1]
            frames[outer[-1] if outer else ""].subgraph(frames[path])

    for edge in folding.edges:
        look = {"id": edge.id}
        if edge.id in marked:
            look |= {"class": "marked", "color": day("mark"), "penwidth": "3"}
        elif not edge.flows:
            look |= {"class": "still", "style": "dotted"}
        picture.edge(edge.source.id, edge.target.id, **look)
    return str(picture.source)


def lines(card: Card) -> list[tuple[str, str]]:
    """The texts of a card with their roles, in the order in which they are written."""
    found = [("head", card.head)]
    if card.name:
        found.append(("name", card.name))
    for what, text in card.rows:
        found += [("label", what)] if what else []
        found.append((what or "ops", text))
    return found


def _table(card: Card, widest: Collection[str]) -> str:
    """A card as an HTML-like label, each line with the room that it needs."""
    right = [text for what, text in card.rows if what] + list(widest)
    room = max((width(text, SIZE) for text in right), default=0)
    head = f"<b>{_text(card.head)}</b>"
    wide = width(card.head, SIZE, bold=True)
    if card.name:
        head += f"{_muted('&#160;&#160;' + _text(card.name))}"
        wide += width(f"  {card.name}", SIZE)
    rows = [f'<tr><td colspan="2" align="left" width="{wide}">{head}</td></tr>']
    for what, text in card.rows:
        if what:
            label = _muted(_text(what), small=True)
            rows.append(
                f'<tr><td align="left" width="{width(what, SMALL) + GAP}">{label}</td>'
                f'<td align="left" width="{room}">{_text(text)}</td></tr>'
            )
        else:
            rows.append(
                f'<tr><td colspan="2" align="left" width="{width(text, SMALL)}">'
                f"{_muted(_text(text), small=True)}</td></tr>"
            )
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{"".join(rows)}</table>'


def _size(card: Card, direction: str) -> tuple[float, float]:
    """Room for a card and the gap around it, along the columns and across them."""
    rows = [width(what, SMALL) + GAP + width(text, SIZE) for what, text in card.rows]
    wide = max([width(f"{card.head}  {card.name}", SIZE, bold=True), *rows]) + 30.0
    tall = 18.0 * (1 + len(card.rows)) + 22
    return (wide, tall) if direction == "LR" else (tall, wide)


def _muted(marked_up: str, small: bool = False) -> str:
    size = f' point-size="{SMALL}"' if small else ""
    return f'<font color="{day("muted")}"{size}>{marked_up}</font>'


def _text(plain: str) -> str:
    """Plain text as it stands in an HTML-like label; an empty one still makes a line."""
    return escape(plain) or "&#160;"
