"""The questions asked of every argument that reaches a data set: is it finite, filled, paired?

Each helper takes the name of the public operation, so that its message can begin with it.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from microgd.arguments import real, whole

__all__ = [
    "Array", "Rng", "deviation", "floating", "generator", "numbers", "pair", "real", "whole",
]  # fmt: skip

Array = NDArray[Any]
# Quoted, for NumPy loads its random module at first use, and that is a sixth of its import time.
Rng: TypeAlias = "np.random.Generator | int"


def deviation(op: str, value: object) -> float:
    """Return `noise`, a standard deviation: finite and not negative."""
    way_out = "give a standard deviation of 0 or more"
    noise = real(op, "noise", value, way_out)
    if noise < 0:
        raise ValueError(f"{op}: noise is {noise}; {way_out}")
    return noise


def generator(op: str, rng: object) -> "np.random.Generator":
    """Return the generator given, or a new one for the whole number given as its seed."""
    if isinstance(rng, np.random.Generator):
        return rng
    way_out = "give a seed of 0 or more, or a generator such as np.random.default_rng(0)"
    return np.random.default_rng(whole(op, "rng", rng, 0, way_out))


def floating(op: str, dtype: DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as a floating NumPy dtype."""
    way_out = "give a floating type such as np.float32 or np.float64"
    try:
        found = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(f"{op}: dtype is {dtype!r}, which is no NumPy type; {way_out}") from error
    if found.kind != "f":
        raise TypeError(f"{op}: dtype is {found}; {way_out}")
    return found


def numbers(op: str, name: str, values: ArrayLike) -> Array:
    """Return `values` as an array of at least one row of finite real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{op}: {name} is no array, for its rows differ in length; give every row the same"
        ) from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{op}: {name} has dtype {array.dtype}; turn it into an array of real numbers first"
        )
    if array.ndim == 0:
        raise ValueError(f"{op}: {name} is the single number {array}; give one row per example")
    if array.size == 0:
        raise ValueError(f"{op}: {name} is empty, shape {array.shape}; give at least one example")
    wrong = ~np.isfinite(array)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = ", ".join(map(str, first))
        raise ValueError(
            f"{op}: {name}[{place}] is {array[first]}, the first of {int(wrong.sum())} values that "
            f"are not finite; drop those rows or fill the values in first"
        )
    return array


def pair(op: str, x: ArrayLike, y: ArrayLike | None) -> tuple[Array, Array]:
    """Return `x` and `y` as arrays of finite numbers with the same number of rows."""
    if y is None:
        raise TypeError(f"{op}: y is missing; give x and y, or one Dataset")
    inputs, targets = numbers(op, "x", x), numbers(op, "y", y)
    if len(inputs) != len(targets):
        raise ValueError(
            f"{op}: x has {len(inputs)} rows, shape {inputs.shape}, and y has {len(targets)}, "
            f"shape {targets.shape}; give one target for each row of x"
        )
    return inputs, targets
