"""`graph`: a recorded computation as a picture, for notebooks, pages, slides and print."""

import base64
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Literal

import numpy as np

from microgd.backprop import sweep
from microgd.draw.cards import cards, written_gradient
from microgd.draw.dot import dot
from microgd.draw.engine import render
from microgd.draw.folding import Collapse, Folding, fold
from microgd.draw.svg import dress
from microgd.explain.text import clean
from microgd.graph import Node
from microgd.names import choose
from microgd.tensor import Tensor

SUFFIXES = {
    ".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot", ".html": "html",
}  # fmt: skip
INSIDE = 12  # modules that a page opens at most
QUICK = 5_000  # nodes up to which a page opens modules at all: it is made whenever one looks


@dataclass(frozen=True)
class Options:
    """What was asked of a picture, as `graph` explains it."""

    collapse: Collapse
    opened: frozenset[str]
    values: bool
    gradients: bool
    max_nodes: int
    widest: Mapping[str, Collection[str]]
    marked: frozenset[str]
    direction: str


class Graph:
    """A picture of a recorded computation: a notebook shows it, `save` writes it.

    Texts are as they were when the picture was made; training goes on without it.
    """

    def __init__(self, root: Node, options: Options) -> None:
        self._root, self._options = root, options
        folding = fold(root, options.collapse, options.opened, options.max_nodes)
        known, stale = _gradients(root, folding) if options.gradients else (None, False)
        self._folding = folding
        self._cards = cards(folding, known, options.values, root)
        self._caption = _caption(folding, options.max_nodes, stale)

    def open(self, *paths: str) -> "Graph":
        """The picture with these modules open, of which it shows folded boxes.

        Raises ValueError for a path that no module has.
        """
        opened = self._options.opened | set(paths)
        return Graph(self._root, replace(self._options, opened=opened))

    @property
    def folded(self) -> list[str]:
        """The paths of the modules that are folded, in order."""
        return [box.path for box in self._folding.boxes if box.folded and box.path]

    def dot(self) -> str:
        """The picture in the DOT language, for Graphviz and what reads it."""
        return self._dot({})

    def svg(self) -> str:
        """The picture as an SVG document.

        A node is ``<g id="n3" class="node op">``, an edge ``<g id="n1-n3-0" class="edge">``; ids
        are those of `microgd.explain.ids`. The texts of a node are ``n3-head``, ``n3-name``,
        ``n3-shape``, ``n3-value`` and ``n3-grad``.
        """
        return self._svg

    def html(self) -> str:
        """A part of a page: the picture, in which a click on a folded module leads into it.

        A large graph has no such links; `open` shows what is in its modules.
        """
        page = f"g{zlib.crc32(self.dot().encode()):08x}"
        inside: dict[str, Graph] = {}
        waiting: list[tuple[str, Graph]] = [(path, self) for path in self.folded]
        while waiting and len(inside) < INSIDE and len(self._folding.ids) <= QUICK:
            path, outer = waiting.pop(0)
            inside[path] = within = outer.open(path)
            waiting += [(p, within) for p in within.folded if p.startswith(f"{path}.")]
        boxes = [box for box in self._folding.boxes if box.folded and box.path in inside]
        order = {path: place for place, path in enumerate(inside)}
        links = {box.id: f"#{page}-{order[box.path]}" for box in boxes}
        svg = self._dressed(self._dot(links)) if links else self._svg
        parts = [f'<div style="overflow-x:auto">{svg}</div>']
        for path, place in order.items():
            image = base64.b64encode(inside[path].svg().encode()).decode()
            name = escape(clean(path))
            parts.append(
                f'<details><summary>{name}</summary><div style="overflow-x:auto">'
                f'<img id="{page}-{place}" alt="{name}, opened"'
                f' src="data:image/svg+xml;base64,{image}"></div></details>'
            )
        return "".join(parts)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file: .svg, .png, .dot, .html, and .pdf where an engine can.

        Raises ValueError for another suffix, RuntimeError if no engine can make the format.
        """
        path = Path(path)
        to = choose("graph: the suffix", path.suffix.lower(), SUFFIXES)
        path.write_bytes(self.render(to))
        return path

    def render(self, to: str) -> bytes:
        """The bytes of a file of this format: svg, png, dot, html, pdf. Raises as `save`."""
        texts = {"svg": self.svg, "dot": self.dot, "html": self._page}
        return texts[to]().encode() if to in texts else render(self.dot(), to)

    def _page(self) -> str:
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(self._title)}</title>"
            "<style>:root{color-scheme:light dark}body{font-family:sans-serif}</style>"
            f"{self.html()}</html>\n"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": self.svg(), "text/html": self.html()}

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.html()  # marimo would show the bundle's pictures one by one

    def __repr__(self) -> str:
        return f"<{self._title}>"

    @cached_property
    def _title(self) -> str:
        nodes, boxes = len(self._folding.ids), len(self._folding.boxes)
        name = f" of {clean(self._root.name)}" if self._root.name else ""
        return f"graph{name}: {nodes:,} nodes" + (f" in {boxes} boxes" if boxes < nodes else "")

    @cached_property
    def _svg(self) -> str:
        return self._dressed(self.dot())

    def _dot(self, links: Mapping[str, str]) -> str:
        options = self._options
        return dot(
            self._folding,
            self._cards,
            caption=self._caption,
            widest=options.widest,
            marked=options.marked,
            links=links,
            direction=options.direction,
        )

    def _dressed(self, source: str) -> str:
        by_id = {box.id: card for box, card in self._cards.items()}
        titles = {
            edge.id: f"{by_id[edge.source.id].head} to {by_id[edge.target.id].head}"
            + (f", {edge.count} times" if edge.count > 1 else "")
            + ("" if edge.flows else ", no gradient")
            for edge in self._folding.edges
        }
        return dress(render(source), self._title, by_id, titles)


def graph(
    loss: Tensor,
    collapse: Collapse = None,
    values: bool = True,
    gradients: bool = True,
    max_nodes: int = 100,
    *,
    opened: Collection[str] = (),
    widest: Mapping[str, Collection[str]] | None = None,
    marked: Collection[str] = (),
    direction: Literal["LR", "TB"] = "LR",
) -> Graph:
    """The graph that `loss` was computed by, as a picture.

    collapse   None: nothing is folded; "modules": each outermost module is one box; a depth n:
               modules n deep are; or the paths of those to fold
    values     whether to write the values: a number, or the range of an array
    gradients  whether to write the gradients: a number, or the Euclidean norm of an array. That
               of a leaf is its `.grad`; what lies between shows that of one backward pass from
               `loss`, once there was one. Where none was computed, the picture says so.
    max_nodes  a picture of more boxes is folded, and says so
    opened     paths of modules that are open though `collapse` folds them
    widest     by id of a node (``n3``): other lines that it is to have room for beside its value
    marked     ids of nodes and edges that stand out, as those of a path
    direction  "LR": from left to right, "TB": from top to bottom

    Parameters have a thick outline, data a dashed one, constants none; results of operations
    have round corners, `loss` a double outline, and folded modules the shape of a folder. No
    gradient comes back along a dotted edge. Names are text, whatever they hold.

    Raises TypeError for what is no Tensor, ValueError for an unknown module or a bad number.

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> print(graph(w * w))
    <graph: 2 nodes>
    """
    if not isinstance(loss, Tensor):
        raise TypeError(f"graph: got {type(loss).__name__}; give the Tensor that was computed")
    choose("graph: direction", direction, {"LR": "", "TB": ""})
    return Graph(
        loss,
        Options(
            collapse if isinstance(collapse, str | int | None) else frozenset(collapse),
            frozenset(opened),
            values,
            gradients,
            max_nodes,
            widest or {},
            frozenset(marked),
            direction,
        ),
    )


def _gradients(root: Node, folding: Folding) -> tuple[dict[Node, str], bool]:
    """The gradients that are known, as text, and whether some are lost to a changed parameter."""
    shown: set[Node] = set()
    for box in folding.boxes:
        if not box.folded or len(box.gives) == 1:
            shown.update(box.gives if box.folded else box.nodes)
    known = {node: written_gradient(node.gradient) for node in shown if node.gradient is not None}
    computed = any(node.gradient is not None for node in folding.ids)
    if not computed or not root.needs_grad or root.value.size != 1:
        return known, False
    seen = set(known)
    try:
        for node, _, upstream, _ in sweep(root, np.ones_like(root.value), {}):
            if node in shown and node not in seen:
                known[node] = written_gradient(upstream)
                seen.add(node)
    except RuntimeError:
        return known, True
    return known, False


def _caption(folding: Folding, max_nodes: int, stale: bool) -> str:
    said = []
    if folding.note:
        said.append(
            f"{len(folding.ids):,} nodes in {len(folding.boxes)} boxes: {folding.note} folded,"
            f" for max_nodes={max_nodes}"
        )
    if stale:
        said.append("A parameter has changed since: gradients in between cannot be computed")
    return ". ".join(said)
