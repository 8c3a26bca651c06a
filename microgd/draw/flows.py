"""Terminal tables of the flow: module by module, layer by layer, and networks side by side.

Layers stand as the gradient meets them, the last one first; where it is narrow, columns drop out.
"""

import io
from typing import TYPE_CHECKING

from microgd.draw.tables import BAR, ROOMY, TIGHT, bar, factor, scientific, table
from microgd.draw.terminal import TIMES, console
from microgd.explain.compare import Comparison
from microgd.explain.flow import Flow, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType
    from rich.table import Table


def text(what: Flow | Comparison, width: int | None = None) -> str:
    """A flow as plain text, for `print` and a prompt; as wide as the terminal, unless told."""
    room = width or console().width
    parts: list[RenderableType] = []
    if isinstance(what, Comparison):
        parts = [comparison_table(what, room)]
    else:
        parts = [modules_table(what, room)]
        if what.layers:
            parts += ["", layers_table(what, room)]
    return written(parts, room)


def written(parts: "Iterable[RenderableType]", room: int) -> str:
    """Tables and lines, one below the other, as plain text of at most `room` columns."""
    from rich.console import Console, Group

    screen = Console(width=room, file=io.StringIO(), highlight=False, emoji=False, markup=False)
    with screen.capture() as captured:
        screen.print(Group(*parts))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def modules_table(found: Flow, width: int) -> "Table":
    """A row for every call of a module: its output, the gradient, the parameters.

    `left` is the gradient at its output as a share of the last one's, `gain` what the module makes
    of it; `flat` the share of its output that is saturated, or of its units that are dead.
    """
    roomy, tight = width >= ROOMY, width < TIGHT
    columns: dict[str, list[str]] = {"module": [row.module for row in found]}
    if roomy:
        columns["mean"] = [_short(row.mean) for row in found]
    columns["std"] = [_short(row.std) for row in found]
    if not tight:
        columns["flat"] = [_flat(row) for row in found]
    columns["left"] = [factor(row.share) for row in found]
    columns["gain"] = [factor(row.gain) for row in found]
    if not tight:
        columns["skip + branch"] = [_ways(row) for row in found]
    if roomy:
        columns["of weights"] = [_norm(row.of_weights) for row in found]
        columns["update"] = [_norm(row.update) for row in found]
    columns = {header: cells for header, cells in columns.items() if any(cells)}
    rows = table(*columns, gap=1 if tight else 2)
    for cells in reversed(list(zip(*columns.values(), strict=True))):
        rows.add_row(*cells)
    return rows


def layers_table(found: Flow, width: int) -> "Table":
    """The gain of each dense layer with its activation, split, beside what theory predicts."""
    tight = width < TIGHT
    headers = ["layer", "gain", "weights" if tight else "= weights"]
    headers += ["slope" if tight else f"{TIMES} slope", "theory"]
    if width >= ROOMY:
        headers.append("singular values")
    rows = table(*headers, gap=1 if tight else 2)
    for layer in reversed(found.layers):
        cells = [layer.module, factor(layer.gain), factor(layer.weight_part)]
        cells += [factor(layer.activation_part), factor(layer.predicted)]
        if width >= ROOMY:
            values = layer.singular_values
            cells.append(f"{factor(values[0])} to {factor(values[-1])}" if values else "")
        rows.add_row(*cells)
    return rows


def comparison_table(found: Comparison, width: int) -> "Table":
    """What is left of the gradient at every module, network beside network.

    The first row in which they differ is marked by `<`; a full bar is the last module's gradient,
    and one block less is ten times less.
    """
    from rich.text import Text

    count, tight = len(found.flows), width < TIGHT
    bars, gains = width >= 12 + count * (19 + BAR), width >= 11 + count * 14
    headers = ["\nmodule"]
    for name in found.flows:
        headers += [f"{name}\nleft", *(["\ngain"] if gains else []), *(["\n"] if bars else [])]
    rows = table(*headers, gap=1 if tight else 2)
    if bars:
        for column in rows.columns[3::3]:
            column.justify, column.min_width = "left", BAR
    flows = list(found.flows.values())
    for place in reversed(range(max(map(len, flows)))):
        here = [flow[place] if place < len(flow) else None for flow in flows]
        names = dict.fromkeys(row.module for row in here if row)
        mark = " <" if place == found.parting else ""
        cells: list[RenderableType] = ["/".join(names) + mark]
        for row in here:
            cells += (
                [factor(row.share), factor(row.gain)][: 1 + gains] if row else [""] * (1 + gains)
            )
            if bars:
                style = "green" if row and row.share and row.share >= 0.01 else "red"
                cells.append(Text(bar(row.share) if row else "", style=style))
        rows.add_row(*cells)
    return rows


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 1000 else scientific(value)


def _norm(value: float | None) -> str:
    return "" if value is None else scientific(value)


def _flat(row: Row) -> str:
    share = row.saturated if row.saturated is not None else row.dead
    return "" if share is None else f"{share:.0%}"


def _ways(row: Row) -> str:
    if row.skip is None or row.branch is None:
        return ""
    return f"{factor(row.skip)} + {factor(row.branch)}"
