"""The names that the formulas of the table use, so that their text can be computed."""

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from microgd.nn import functional
from microgd.op import Op
from microgd.ops import FUNCTIONS, reduction, shape


def exchanged(subscripts: str, index: int) -> str:
    terms, result = subscripts.split("->")
    letters = terms.split(",")
    mine, letters[index] = letters[index], result
    return f"{','.join(letters)}->{mine}"


def replaced(arrays: Sequence[Any], index: int, g: Any) -> list[Any]:
    return [g if i == index else a for i, a in enumerate(arrays)]


def standard(x: Any, axis: int, eps: float) -> Any:
    return functional.standardise(x, axis, eps)[0]


def spread(x: Any, axis: int, eps: float) -> Any:
    return np.sqrt(np.var(x, axis, keepdims=True) + eps)


HELPERS: dict[str, Any] = {
    **vars(builtins),
    **{name: value for name, value in vars(np).items() if not name.startswith("_")},
    **FUNCTIONS,
    **functional.TABLE,
    "expand": reduction.expand,
    "share": reduction.share,
    "count": reduction.count,
    "others": reduction.others,
    "one_hot": functional.one_hot,
    "average": functional.average,
    "standard": standard,
    "spread": spread,
    "inner": shape._pad_inner,
    "inverse": shape._inverse,
    "part": shape._part,
    "exchanged": exchanged,
    "replaced": replaced,
}


def evaluate(
    formula: str,
    op: Op,
    index: int,
    g: Any,
    out: Any,
    inputs: Sequence[Any],
    params: Mapping[str, Any],
) -> Any:
    """What the formula of derivative `index` says, on arrays."""
    given = dict(zip(op.arguments, [inputs] if op.variadic else inputs, strict=True))
    given |= {"g": g, "out": out, "index": index}  # scatter and getitem have their own index
    return eval(formula, {**HELPERS, **given, **params})  # noqa: S307
