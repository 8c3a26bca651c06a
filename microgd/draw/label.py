"""The label of a box: the lines of its card, set in two columns, in Graphviz's HTML-like labels."""

from collections.abc import Collection
from html import escape

from microgd.draw.cards import Card
from microgd.draw.style import SIZE, SMALL, day
from microgd.draw.widths import width

GAP = 7  # points between the columns


def lines(card: Card) -> list[tuple[str, str]]:
    """The texts of a card with their roles, in the order in which they are written."""
    found = [("head", card.head)]
    if card.name:
        found.append(("name", card.name))
    for what, said in card.rows:
        found += [("label", what)] if what else []
        found.append((what or "ops", said))
    return found


def table(card: Card, widest: Collection[str]) -> str:
    """A card as an HTML-like label, each line with the room that it needs."""
    right = [said for what, said in card.rows if what] + list(widest)
    wanted = max((width(said, SIZE) for said in right), default=0)
    head = f"<b>{text(card.head)}</b>"
    wide = width(card.head, SIZE, bold=True)
    if card.name:
        head += f"{_muted('&#160;&#160;' + text(card.name))}"
        wide += width(f"  {card.name}", SIZE)
    rows = [f'<tr><td colspan="2" align="left" width="{wide}">{head}</td></tr>']
    for what, said in card.rows:
        if what:
            label = _muted(text(what), small=True)
            rows.append(
                f'<tr><td align="left" width="{width(what, SMALL) + GAP}">{label}</td>'
                f'<td align="left" width="{wanted}">{text(said)}</td></tr>'
            )
        else:
            rows.append(
                f'<tr><td colspan="2" align="left" width="{width(said, SMALL)}">'
                f"{_muted(text(said), small=True)}</td></tr>"
            )
    return (
        f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{"".join(rows)}</table>'
    )


def room(card: Card, direction: str) -> tuple[float, float]:
    """Room for a card and the gap around it, along the columns and across them."""
    rows = [width(what, SMALL) + GAP + width(said, SIZE) for what, said in card.rows]
    wide = max([width(f"{card.head}  {card.name}", SIZE, bold=True), *rows]) + 30.0
    tall = 18.0 * (1 + len(card.rows)) + 22
    return (wide, tall) if direction == "LR" else (tall, wide)


def _muted(marked_up: str, small: bool = False) -> str:
    size = f' point-size="{SMALL}"' if small else ""
    return f'<font color="{day("muted")}"{size}>{marked_up}</font>'


def text(plain: str) -> str:
    """Plain text as it stands in an HTML-like label; an empty one still makes a line."""
    return escape(plain) or "&#160;"
