"""What the engine drew, made fit for pages: ids and classes for texts, titles, light and dark."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from microgd.draw.cards import Card
from microgd.draw.label import lines
from microgd.draw.style import css

SVG = "http://www.w3.org/2000/svg"

ET.register_namespace("", SVG)
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def dress(drawn: bytes, title: str, cards: Mapping[str, Card], titles: Mapping[str, str]) -> str:
    """The SVG with the style sheet; each box's texts as ``n3-head``, ``n3-value``, ``n3-grad``.

    title   of the whole picture, for those who cannot see it
    cards   by id of the box
    titles  by id of an edge or a frame
    """
    root = ET.fromstring(drawn)  # noqa: S314 (it reads what our own engine wrote)
    root.set("class", "microgd")
    root.set("role", "img")
    root.set("aria-label", title)
    style = ET.Element(f"{{{SVG}}}style")
    style.text = css()
    root.insert(0, style)
    for group in root.iter(f"{{{SVG}}}g"):
        name = group.find(f"{{{SVG}}}title")
        if name is None:
            continue
        key = group.get("id", "")
        if group.get("class") == "graph":
            name.text = title
            _dress_paper(group)
        elif key in cards:
            name.text = str(cards[key])
            _dress_box(group, key, cards[key])
        else:
            name.text = titles.get(key, "")
    return ET.tostring(root, encoding="unicode")


def _dress_paper(graph: ET.Element) -> None:
    for child in graph:
        if child.tag == f"{{{SVG}}}polygon":
            child.set("class", "paper")
        elif child.tag == f"{{{SVG}}}text":
            child.set("class", "caption")


def _dress_box(group: ET.Element, key: str, card: Card) -> None:
    texts = group.iter(f"{{{SVG}}}text")
    for text, (role, _) in zip(texts, lines(card), strict=False):
        text.set("class", role)
        if role != "label":
            text.set("id", f"{key}-{role}")
