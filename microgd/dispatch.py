"""NumPy's own functions on Tensors: `np.exp(t)`, `np.sum(t, axis=0)`, `np.concatenate([t, u])`."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgd.graph import Node
from microgd.ops import FUNCTIONS

# What has no derivative, and answers about the numbers alone with plain arrays
_PLAIN_UFUNCS = frozenset(
    "equal not_equal less less_equal greater greater_equal isfinite isinf isnan signbit"
    " logical_and logical_or logical_xor logical_not".split()
)
_PLAIN_FUNCTIONS = frozenset(
    "all allclose any argmax argmin argsort array2string array_equal array_repr array_str"
    " count_nonzero empty_like full_like isclose ndim nonzero ones_like result_type shape size"
    " unique zeros_like".split()
)
_REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}


def plain(x: Any) -> Any:
    """`x`, or a tuple or list of such, with arrays in the place of Tensors."""
    if isinstance(x, list | tuple):
        return type(x)(plain(item) for item in x)
    return x.value if isinstance(x, Node) else x


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: Any) -> Any:
    """What `ufunc` means for Tensors (the `__array_ufunc__` protocol of NumPy)."""
    name = ufunc.__name__
    if method == "reduce" and name in _REDUCTIONS:
        options = {key: value for key, value in options.items() if value is not None}
        return FUNCTIONS[_REDUCTIONS[name]](*inputs, **{"axis": 0, **options})
    if method == "__call__" and "out" in options:
        raise TypeError(f"{name}: out= would change an array in place; write a = np.{name}(...)")
    if method == "__call__" and name in _PLAIN_UFUNCS:
        return ufunc(*plain(inputs), **options)
    if method == "__call__" and name in FUNCTIONS:
        return FUNCTIONS[name](*inputs, **options)
    called = name if method == "__call__" else f"{name}.{method}"
    raise TypeError(f"np.{called} has no derivative here; for its numbers alone, pass t.data")


def apply_function(
    function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]
) -> Any:
    """What `function` means for Tensors (the `__array_function__` protocol of NumPy)."""
    name = function.__name__
    if name in _PLAIN_FUNCTIONS:
        return function(*plain(args), **{k: plain(v) for k, v in options.items()})
    if name in FUNCTIONS:
        return FUNCTIONS[name](*args, **options)
    raise TypeError(f"np.{name} has no derivative here; for its numbers alone, pass t.data")
