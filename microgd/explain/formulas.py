"""Formulas of the table of calculus in the names, and in the numbers, of an expression."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from microgd.explain.text import array, clean, number, shape
from microgd.graph import Array, Node
from microgd.op import Local

# A name that stands for a value: no attribute, no function, no keyword of a call
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w|\(|=[^=])")
_OPENS, _CLOSES = {"", "(", ",", "<", ">", "="}, {"", ")", ",", "<", ">", "="}  # around a term


def expression(node: Node, names: Sequence[str]) -> str:
    """How a node is computed from inputs called `names`: ``w * x``, ``sum(v1, axis=0)``."""
    op = node.op
    assert op is not None
    if op.symbol and len(names) == 2:
        return f"{names[0]} {op.symbol} {names[1]}"
    if op.symbol and len(names) == 1:
        return f"{op.symbol}{names[0]}"
    options = [
        f"{name}={_option(value)}"
        for name, value in node.params.items()
        if name != "kept" and not _same(op.defaults.get(name, _option), value)
    ]
    return f"{op.name}({', '.join([*names, *options])})"


def renamed(formula: str, names: Mapping[str, str]) -> str:
    """`formula` with the names of `names` replaced, all at once.

    What is negative goes into brackets, unless it stands alone.

    >>> renamed("1 - out**2", {"out": "-0.72"}), renamed("x.T @ g", {"x": "w"})
    ('1 - (-0.72)**2', 'w.T @ g')
    """

    def text(word: re.Match[str]) -> str:
        new = names.get(word[0], word[0])
        before, after = formula[: word.start()].strip(), formula[word.end() :].strip()
        alone = before[-1:] in _OPENS and after[:1] in _CLOSES
        return f"({new})" if new.startswith("-") and not alone else new

    return _NAME.sub(text, formula)


def substituted(node: Node, index: int, out: Array, values: Sequence[Array]) -> str | None:
    """The local derivative for input `index` with numbers put in for names: ``1 - 0.72**2``.

    None for an operation that mixes elements, and where a name stands for more than one number.
    """
    assert node.op is not None
    derivative = node.op.derivatives_of(node.inputs)[index]
    if not isinstance(derivative, Local):
        return None
    given = dict(zip(node.op.arguments, values, strict=False)) | {"out": out, **node.params}
    used = [name for name in _NAME.findall(derivative.formula) if name in given]
    if any(np.size(given[name]) != 1 for name in used):
        return None
    texts = {name: _option(given[name]) for name in used}
    return renamed(derivative.formula, texts)


def in_numbers(node: Node, values: Sequence[Array]) -> str | None:
    """The expression of a node with numbers for names: ``0.8 * 1.5``; None for arrays."""
    if any(np.size(value) != 1 for value in values):
        return None
    assert node.op is not None
    numbers = [number(value.item()) for value in values]
    if node.op.symbol:
        numbers = [f"({n})" if n.startswith("-") else n for n in numbers]
    return expression(node, numbers)


def _option(value: Any) -> str:
    """A parameter or a single number as text."""
    if isinstance(value, np.ndarray | np.generic | float):
        return array(value) if np.size(value) == 1 else shape(np.asarray(value))
    return clean(repr(value))


def _same(a: Any, b: Any) -> bool:
    """Whether a parameter has its default value."""
    return a is b or (type(a) is type(b) and not isinstance(a, np.ndarray) and bool(a == b))
