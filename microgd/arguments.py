"""The questions asked of every argument: is it a whole number, is it a real one?

Each helper takes the name of the public operation, so that its message can begin with it.
"""

import math
import operator

import numpy as np


def whole(op: str, name: str, value: object, least: int, way_out: str) -> int:
    """Return `value` as an int of at least `least`; bools and floats are refused.

    >>> whole("Linear", "in_features", 0, 1, "give 1 or more")
    Traceback (most recent call last):
    ValueError: Linear: in_features is 0; give 1 or more
    """
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        kind = type(value).__name__
        raise TypeError(f"{op}: {name} is {value!r}, a {kind}, not a whole number; {way_out}")
    number = operator.index(value)
    if number < least:
        raise ValueError(f"{op}: {name} is {number}; {way_out}")
    return number


def real(
    op: str,
    name: str,
    value: object,
    way_out: str,
    least: float = -math.inf,
    most: float = math.inf,
) -> float:
    """Return `value` as a finite float from `least` to `most`; bools and strings are refused.

    >>> real("Dropout", "p", 1.5, "give a share from 0 to 1", 0, 1)
    Traceback (most recent call last):
    ValueError: Dropout: p is 1.5; give a share from 0 to 1
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, (int, float, np.integer, np.floating)
    ):
        kind = type(value).__name__
        raise TypeError(f"{op}: {name} is {value!r}, a {kind}, not a number; {way_out}")
    number = float(value)
    if not (math.isfinite(number) and least <= number <= most):
        raise ValueError(f"{op}: {name} is {number}; {way_out}")
    return number
