"""Numbers, arrays and names as short plain text: what a step, a table or a page shows."""

import math
import re
import shutil
import textwrap
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.graph import Array

if TYPE_CHECKING:
    from microgd.explain.step import Step, StepEdge

WIDEST = 88  # columns; a line of text that is longer is hard to read
LONGEST = 40  # characters of a name that are shown
FEW = 9  # elements up to which an array is written out


class Text(str):
    """Text that an interactive session shows as it reads, in lines."""

    __slots__ = ()
    __repr__ = str.__str__


def number(value: Any) -> str:
    """A number in four digits, and more where it takes more to tell it from a whole number.

    So ``1 - out**2`` shows why it is not zero when `out` is nearly 1.

    >>> number(0.716298), number(2.0), number(0.9999912345), number(-1.5e-7)
    ('0.7163', '2', '0.99999123', '-1.5e-07')
    """
    x = float(value)
    if not math.isfinite(x):
        return str(x)
    if x.is_integer() and abs(x) < 1e6:
        return str(int(x))
    whole = round(x)
    if not whole or abs(x) > 1e6:
        return f"{x:.4g}"
    distance = abs(x - whole)
    if distance > 0.01:
        return f"{x:.4g}"
    return f"{x:.{2 - math.floor(math.log10(distance))}f}"


def array(value: Any) -> str:
    """A number, a few numbers, or the shape of an array with its range and Euclidean norm.

    >>> array(np.array([[0.5], [-1.0]])), array(np.ones((2, 8)))
    ('[[0.5], [-1]]', '(2, 8) all 1, norm 4')
    """
    value = np.asarray(value)
    if value.size == 1:
        return number(value.item())
    if value.size <= FEW:
        return _nested(value)
    return f"{shape(value)} {_range(value)}"


def shape(value: Array) -> str:
    """The sizes of the axes, as Python writes a tuple."""
    return str(tuple(map(int, value.shape)))


def clean(name: str) -> str:
    r"""A name as one short line: nothing that a terminal would obey, at most `LONGEST` long.

    >>> clean("loss"), clean("a\x1b[2Jb")
    ('loss', 'a?[2Jb')
    """
    head = re.sub(r"\s+", " ", name[: 4 * LONGEST]).strip()
    head = "".join(c if c.isprintable() else "?" for c in head)
    return head if len(head) <= LONGEST else head[: LONGEST - 3] + "..."


def _nested(value: Array) -> str:
    if not value.ndim:
        return number(value)
    return f"[{', '.join(map(_nested, value))}]"


def _range(value: Array) -> str:
    if not value.size:
        return "empty"
    value = value.astype(float)
    good = value[np.isfinite(value)]
    if good.size < value.size:
        return f"{value.size - good.size} of {value.size} not finite"
    low, high = good.min(), good.max()
    span = f"all {number(low)}" if low == high else f"from {number(low)} to {number(high)}"
    return f"{span}, norm {number(np.linalg.norm(good))}"


def step(step: "Step") -> list[tuple[str, str]]:
    """What there is to say about a step: rows of a heading and a text; a part begins without one.

    The formula and its numbers where there is one number; shape, range and norm of arrays.
    """
    value = array(step.value)
    rows = [
        ("", f"step {step.number}: {step.name} = {step.expression}"),
        ("value", f"{step.substituted} = {value}" if step.substituted else value),
    ]
    if step.scope:
        rows.append(("module", step.scope))
    if step.upstream is not None:
        rows.append(("upstream g", f"d {step.loss} / d {step.name} = {array(step.upstream)}"))
    for edge in step.edges:
        rows.append(("", f"to {edge.label}"))
        if edge.local is None:
            rows.append(("from g", edge.written))
        else:
            sides = _side(edge.written), _side(edge.substituted), array(edge.local)
            rows.append(("local", chain(*sides)))
        rows.append(("contribution", _product(edge)))
        if edge.before is not None:
            rows.append(("total", _sum(edge.before, edge.contribution, edge.after)))
    return rows


def chain(*texts: str | None) -> str:
    """Equal texts joined by ``=``, each said once.

    >>> chain("1 - a**2", "1 - 0.5**2", "0.75"), chain("1", "1", "1"), chain("v", None, "2")
    ('1 - a**2 = 1 - 0.5**2 = 0.75', '1', 'v = 2')
    """
    return " = ".join(dict.fromkeys(t for t in texts if t))


def filled(rows: Iterable[tuple[str, str]], width: int) -> str:
    """Rows as lines of at most `width` columns, with the texts in one column."""
    rows = list(rows)
    left = 4 + max((len(heading) for heading, _ in rows), default=0)
    lines = []
    for heading, said in rows:
        first = f"  {heading:{left - 2}}" if heading else ""
        later = " " * (left if heading else 2)
        lines += textwrap.wrap(
            said, max(width, 2 * left), initial_indent=first, subsequent_indent=later
        )
    return "\n".join(lines)


def preformatted(said: str) -> str:
    """Text as HTML that keeps its lines."""
    return f"<pre>{escape(said)}</pre>"


def room() -> int:
    """Columns of the terminal, at most `WIDEST`; 80 where there is none."""
    return min(shutil.get_terminal_size().columns, WIDEST)


def _side(formula: str | None) -> str | None:
    """A side of an equation: what compares goes into brackets."""
    return f"({formula})" if formula and re.search(r" [<>=]=? ", formula) else formula


def _product(edge: "StepEdge") -> str:
    """*upstream x local = contribution*, in numbers where there are two."""
    part, g = array(edge.contribution), edge.upstream
    if edge.local is None:
        return part
    if edge.local.size == g.size == 1:
        return f"{array(g)} * {_factor(edge.local)} = {part}"
    if edge.contribution.shape == g.shape:
        return f"g * local = {part}"
    return f"g * local, summed to shape {shape(edge.contribution)} = {part}"


def _sum(before: Array, part: Array, after: Array) -> str:
    if after.size == 1:
        return f"{array(before)} + {_factor(part)} = {array(after)}"
    return f"was {array(before)}; now {array(after)}"


def _factor(value: Array) -> str:
    """A number that follows an operator: a negative one in brackets."""
    said = array(value)
    return f"({said})" if said.startswith("-") else said
