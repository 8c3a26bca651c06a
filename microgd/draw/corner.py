"""Values as a page shows them: numbers, the corners of arrays, and both in sentences."""

from typing import Any

import numpy as np

from microgd.explain.text import number, shape
from microgd.graph import Array
from microgd.norms import norm

CORNER = 4  # rows and columns of an array that are shown
MOST = 6  # words that a list names

Shown = str | dict[str, Any]  # a number, or the corner of an array with a note on the whole


def shown(value: Array | None) -> Shown:
    """A number as text; of an array its corner, as rows of text, and a note on the whole.

    >>> shown(np.array(0.5)), shown(np.array([0.5, 1.0]))["rows"]
    ('0.5', [['0.5', '1']])
    """
    if value is None:
        return ""
    if value.size == 1:
        return number(value.item())
    note = f"{shape(value)}, norm {number(norm(value))}"
    if not value.size:
        return {"note": f"{shape(value)}, empty", "rows": []}
    if value.ndim > 2:
        note += f", its first {shape(value[(0,) * (value.ndim - 2)])}"
        value = value[(0,) * (value.ndim - 2)]
    grid = np.atleast_2d(value)
    tall, wide = (n > CORNER for n in grid.shape)
    corner = grid[: CORNER - tall, : CORNER - wide]
    rows = [[*(f"{float(x) + 0.0:.3g}" for x in row), *(["…"] * wide)] for row in corner]
    return {"note": note, "rows": rows + [["⋮"] * len(rows[0])] * tall}


def brief(value: Array) -> Shown:
    """A number as text; of an array the note only."""
    found = shown(value)
    return found if isinstance(found, str) else found | {"rows": []}


def said(value: Any) -> str:
    """A number, or what an array is like, as a part of a sentence."""
    value = np.asarray(value)
    if value.size == 1:
        return number(value.item())
    return f"{shape(value)} of norm {number(norm(value))}"


def listed(words: list[str]) -> str:
    """Words as a sentence has them: ``x, w and b``; of many the first few.

    >>> listed(["x", "w", "b"])
    'x, w and b'
    """
    if len(words) > MOST:
        words = [*words[:MOST], f"{len(words) - MOST} more"]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def symbol(of: str, to: str) -> str:
    """A partial derivative, as it is written."""
    return f"∂{of}/∂{to}"
