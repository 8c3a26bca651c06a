"""Terminal tables of what `microgd.explain` records; where it is narrow they drop columns.

They run in the direction of the backward pass: from the loss back to where the gradient ends.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from microgd.draw.terminal import BLOCK, HALF, TIMES
from microgd.explain.arrivals import Arrival
from microgd.explain.edges import Edge

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

ROOMY = 74  # columns from which on a table is shown whole
TIGHT = 48  # columns under which nothing can be spared
BAR = 10  # characters of a full bar, each a power of ten


def table(*headers: str, left: int = 1, gap: int = 2) -> "Table":
    """An empty table without lines; the first `left` columns are words, the others numbers."""
    from rich.table import Table

    empty = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for place, header in enumerate(headers):
        empty.add_column(header, justify="left" if place < left else "right", no_wrap=True)
    return empty


def edges_table(edges: Sequence[Edge], width: int) -> "RenderableType":
    """The backward pass of scalars, an edge a row: *upstream x local derivative = contribution*."""
    if width < ROOMY:
        return "\n".join(
            f"{step(edge)}  to {edge.input}: {edge.written}\n"
            f"  {number(edge.upstream)} {TIMES} {number(edge.local)} = {number(edge.contribution)}"
            for edge in edges
        )
    headers = ("step", "to", "local derivative", "upstream", TIMES, "local", "=", "contribution")
    rows = table(*headers, left=3)
    for edge in edges:
        rows.add_row(
            step(edge), edge.input, edge.written,
            number(edge.upstream), "", number(edge.local), "", number(edge.contribution),
        )  # fmt: skip
    return rows


def flow_table(flows: Mapping[str, Sequence[Arrival]], width: int) -> "Table":
    """The gradient at every layer of several networks of equal depth, side by side.

    The last layer stands first. `factor` times the gradient of the row above is the gradient of
    the row; a full bar is the last layer's gradient, and one block less is ten times less.
    """
    from rich.text import Text

    bars = width >= ROOMY
    headers = ["\nlayer"]
    for name in flows:
        headers += [f"{name}\ngradient", "\nfactor", *(["\n"] if bars else [])]
    rows = table(*headers, gap=1 if width < TIGHT else 2)
    if bars:
        for column in rows.columns[3::3]:
            column.justify, column.min_width = "left", BAR + 1
    depth = max(map(len, flows.values()))
    for place in reversed(range(depth)):
        cells: list[RenderableType] = [_place(place, depth)]
        for flow in flows.values():
            layer = flow[place]
            cells += [scientific(layer.at_output), factor(layer.factor)]
            if bars:
                cells.append(Text(bar(layer.share), style=_colour(layer.share)))
        rows.add_row(*cells)
    return rows


def step(edge: Edge) -> str:
    """The step of the forward pass that an edge goes back through: ``p = w * x``."""
    return f"{edge.output} = {edge.expression}"


def number(value: Any) -> str:
    """A number in four decimals, a very large or small one by its power of ten; nothing for none.

    >>> number(0.316), number(0.0000316), number(None)
    ('0.3160', '3.160e-05', '')
    """
    if value is None:
        return ""
    decimals = value == 0 or 1e-3 <= abs(value) < 1e4
    return f"{float(value):.4f}" if decimals else f"{float(value):.3e}"


def scientific(value: float) -> str:
    """A norm in two digits and its power of ten, so that columns compare at a glance.

    >>> scientific(0.0000284)
    '2.8e-05'
    """
    return f"{value:.1e}"


def factor(value: float | None) -> str:
    """A factor near 1 in two decimals, a tiny one by its power of ten; nothing for none.

    >>> factor(0.314), factor(0.00031), factor(None)
    ('0.31', '3.1e-04', '')
    """
    if value is None:
        return ""
    return f"{value:.2f}" if 0.01 <= value < 1000 or value == 0 else scientific(value)


def bar(share: float | None) -> str:
    """A share of the whole on a logarithmic scale: one block less is ten times less.

    >>> bar(1.0), bar(0.01), bar(10 ** -7.5), bar(0.0)
    ('██████████', '████████', '██▌', '')
    """
    if not share:
        return ""
    halves = round(2 * (BAR + math.log10(min(share, 1.0))))
    return BLOCK * (halves // 2) + HALF * (halves % 2)


def _colour(share: float | None) -> str:
    """Red for less than a hundredth; the numbers say the same."""
    return "green" if share is not None and share >= 0.01 else "red"


def _place(place: int, depth: int) -> str:
    """A layer's number, from 1; the first and the last are said to be so."""
    note = {0: " first", depth - 1: " last"}.get(place, "")
    return f"{place + 1}{note}"
