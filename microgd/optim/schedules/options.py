"""The questions asked of a schedule's options, one by one or one for each group."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from microgd.arguments import real, whole
from microgd.graph import Array

_SPANS = {
    "0 or more": lambda x: x >= 0,
    "above 0": lambda x: x > 0,
    "above 0 and up to 1": lambda x: 0 < x <= 1,
    "above 0 and below 1": lambda x: 0 < x < 1,
    "from 0 to 1": lambda x: 0 <= x <= 1,
    "from 0 to below 1": lambda x: 0 <= x < 1,
}


def number(op: str, name: str, value: object, span: str) -> float:
    """`value` as a float within a span of the table; ValueError or TypeError otherwise.

    >>> number("StepLR", "gamma", 0.0, "above 0")
    Traceback (most recent call last):
    ValueError: StepLR: gamma is 0.0; give a number above 0
    """
    way_out = f"give a number {span}"
    found = real(op, name, value, way_out)
    if not _SPANS[span](found):
        raise ValueError(f"{op}: {name} is {value}; {way_out}")
    return found


def numbers(op: str, name: str, value: Any, span: str, count: int) -> Array:
    """A number for each of `count` groups, from one for all or from a list with one for each.

    >>> numbers("CyclicLR", "max_lr", 0.1, "0 or more", 2)
    array([0.1, 0.1])
    """
    if not isinstance(value, list | tuple | np.ndarray):
        return np.full(count, number(op, name, value, span))
    if len(value) != count:
        groups = f"{count} group{'s' if count > 1 else ''} of parameters"
        raise ValueError(
            f"{op}: {name} has {len(value)} numbers for {groups}; give one for each, or one for all"
        )
    return np.array([number(op, f"{name}[{i}]", part, span) for i, part in enumerate(value)])


def increasing(op: str, name: str, values: Any) -> list[int]:
    """Times as a list of whole numbers from 1 on, each later than the one before.

    >>> increasing("MultiStepLR", "milestones", [30, 20])
    Traceback (most recent call last):
    ValueError: MultiStepLR: milestones is [30, 20]; give times that increase, such as [10, 20]
    """
    way_out = "give times that increase, such as [10, 20]"
    if not isinstance(values, Iterable):
        raise TypeError(f"{op}: {name} is {values!r:.60}; {way_out}")
    found = [whole(op, f"{name}[{i}]", value, 1, way_out) for i, value in enumerate(values)]
    if any(later <= earlier for earlier, later in pairwise(found)):
        raise ValueError(f"{op}: {name} is {found}; {way_out}")
    return found


def shown(value: Any) -> str:
    """An option as one would write it; one number for all groups as that number."""
    if isinstance(value, np.ndarray):
        parts = value.tolist()
        return shown(parts[0] if len(set(parts)) == 1 else parts)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(part) for part in value)}]"
    return getattr(value, "__name__", str(value))
