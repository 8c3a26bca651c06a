"""Numbers, arrays and names as short plain text: what a step, a table or a page shows."""

import math
import re
from typing import Any

import numpy as np

from microgd.graph import Array

LONGEST = 40  # characters of a name that are shown
FEW = 6  # elements up to which a vector is written out


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
    """A number, a short vector, or the shape of an array with its range and Euclidean norm.

    >>> array(np.array([0.5, -1.0])), array(np.ones((2, 3)))
    ('[0.5, -1]', '(2, 3) all 1, norm 2.449')
    """
    value = np.asarray(value)
    if value.size == 1:
        return number(value.item())
    if value.ndim == 1 and value.size <= FEW:
        return f"[{', '.join(map(number, value))}]"
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
    return head if len(head) <= LONGEST else head[: LONGEST - 1] + "…"


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


def step(step: Any) -> str:
    """A step."""
    return repr(step)
