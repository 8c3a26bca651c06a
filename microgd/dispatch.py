"""NumPy's own functions on Tensors: `np.exp(t)`, `np.sum(t, axis=0)`, `np.concatenate([t, u])`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from microgd.graph import Node
from microgd.ops import FUNCTIONS

# What has no derivative, and answers about the numbers alone with plain arrays
_PLAIN = frozenset(
    "all allclose any argmax argmin argsort array2string array_equal array_repr array_str"
    " count_nonzero empty_like equal full_like greater greater_equal isclose isfinite isinf isnan"
    " less less_equal logical_and logical_not logical_or logical_xor ndim nonzero not_equal"
    " ones_like result_type shape signbit size unique zeros_like".split()
)
_REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}


def plain(x: Any) -> Any:
    """`x`, or a tuple or list of such, with arrays in the place of Tensors."""
    if isinstance(x, list | tuple):
        return type(x)(plain(item) for item in x)
    return x.value if isinstance(x, Node) else x


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: Any) -> Any:
    """What `ufunc` means for Tensors (NumPy's `__array_ufunc__` protocol)."""
    name = ufunc.__name__
    if method == "reduce" and name in _REDUCTIONS:
        options = {key: value for key, value in options.items() if value is not None}
        return FUNCTIONS[_REDUCTIONS[name]](*inputs, **{"axis": 0, **options})
    if "out" in options:
        raise TypeError(f"{name}: out= would change an array in place; write a = np.{name}(...)")
    return apply(ufunc, name if method == "__call__" else f"{name}.{method}", inputs, options)


def apply(function: Any, name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """What `function` means for Tensors (NumPy's `__array_function__` protocol)."""
    if name in _PLAIN:
        return function(*plain(args), **{key: plain(value) for key, value in options.items()})
    if name in FUNCTIONS:
        return FUNCTIONS[name](*args, **options)
    raise TypeError(f"np.{name} has no derivative here; for its numbers alone, pass t.data")
