"""Products of matrices: matmul and its relatives, and Einstein's sum."""

import string
from typing import Any

import numpy as np

from microgd.op import Op, Pullback, as_array, example

__all__ = ["matmul", "einsum", "dot", "outer"]


def _matmul_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return g[..., None] * y
    if x.ndim == 1:
        return (y @ g[..., None])[..., 0]
    return g @ y.swapaxes(-1, -2)


def _matmul_y(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return g * x if y.ndim == 1 else x[:, None] * g[..., None, :]
    if y.ndim == 1:
        return (x.swapaxes(-1, -2) @ g[..., None])[..., 0]
    return x.swapaxes(-1, -2) @ g


def _explain_matmul(x: Any, y: Any) -> str:
    if x.ndim == 0 or y.ndim == 0:
        return "a single number has no rows or columns; write * for it"
    inner, other = x.shape[-1], y.shape[max(y.ndim - 2, 0)]
    way = "; did you mean b.T?" if y.ndim > 1 and inner == y.shape[-1] else ""
    if not way and x.ndim > 1 and other == x.shape[-2]:
        way = "; did you mean a.T?"
    return f"inner sizes {inner} and {other} differ{way}" if inner != other else "batches differ"


matmul = Op("matmul", np.matmul, Pullback("g @ y.T", _matmul_x), Pullback("x.T @ g", _matmul_y),
            doc="The matrix product, x @ y; a vector counts as a row on the left and a column on"
                " the right; axes before the last two are a batch and broadcast.",
            symbol="@", explain=_explain_matmul, example="matmul([1.0, 2.0], [3.0, 4.0]) -> 11.0")


def _einsum_x(g: Any, out: Any, *arrays: Any, subscripts: str, index: int) -> Any:
    """The same sum with `g` in the place of input `index`, summed to the letters of that input.

    Ones spread g along a letter that stands nowhere else; an identity matrix puts g back on the
    diagonal that a repeated letter took.
    """
    terms, result = subscripts.split("->")
    letters = terms.split(",")
    mine, x = letters.pop(index), arrays[index]
    fresh = iter(c for c in string.ascii_letters if c not in subscripts)
    wanted, extra, known = "", [], set(result + "".join(letters))
    for letter, size in zip(mine, x.shape, strict=True):
        if letter in wanted:
            twin = next(fresh)
            letters.append(letter + twin)
            extra.append(np.eye(size, dtype=x.dtype))
            letter = twin
        elif letter not in known:
            letters.append(letter)
            extra.append(np.ones(size, x.dtype))
        wanted += letter
    rest = [a for i, a in enumerate(arrays) if i != index]
    terms = ",".join([result, *letters])
    total = _explicit_einsum(g, *rest, *extra, subscripts=f"{terms}->{wanted}")
    return np.broadcast_to(total, np.broadcast_shapes(total.shape, x.shape))


_explicit_einsum = Op("einsum", lambda *arrays, subscripts:
                      np.einsum(subscripts, *arrays, optimize=True),
                      Pullback("einsum(exchanged(subscripts, index), *replaced(arrays, index, g))",
                               _einsum_x), variadic=True)


def _spell_out(subscripts: str, arrays: list[Any]) -> str:
    """The subscripts with the result named and every ``...`` as letters of its own."""
    terms, arrow, result = subscripts.replace(" ", "").partition("->")
    inputs = terms.split(",")
    if len(inputs) != len(arrays):
        raise ValueError(f"einsum: {subscripts!r} names {len(inputs)} inputs, got {len(arrays)}")
    extra = [a.ndim - len(term.replace("...", "")) for term, a in zip(inputs, arrays, strict=True)]
    unused = [c for c in string.ascii_letters if c not in subscripts]
    dots = "".join(unused[: max([n for t, n in zip(inputs, extra, strict=True) if "." in t] + [0])])
    if not arrow:
        once = sorted(c for c in set(terms) - set(",.") if terms.count(c) == 1)
        result = "..." + "".join(once)
    spelled = [
        term.replace("...", dots[len(dots) - n :]) for term, n in zip(inputs, extra, strict=True)
    ]
    return f"{','.join(spelled)}->{result.replace('...', dots)}"


@example("einsum('ij,jk->ik', [[1.0, 2.0]], [[3.0], [4.0]]) -> [[11.0]]")
def einsum(subscripts: str, *arrays: Any) -> Any:
    """Einstein's sum: multiply elements with equal letters, sum over letters not in the result."""
    inputs = [as_array(a) for a in arrays]
    return _explicit_einsum(*inputs, subscripts=_spell_out(subscripts, inputs))


@example("dot([1.0, 2.0], [3.0, 4.0]) -> 11.0")
def dot(x: Any, y: Any) -> Any:
    """NumPy's dot: the sum of products over the last axis of x and the last but one of y."""
    x, y = as_array(x), as_array(y)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if y.ndim <= 2:
        return matmul(x, y)
    rest = string.ascii_uppercase[: y.ndim - 2]
    return einsum(f"...k,{rest}km->...{rest}m", x, y)


@example("outer([1.0, 2.0], [3.0, 4.0]) -> [[3.0, 4.0], [6.0, 8.0]]")
def outer(x: Any, y: Any) -> Any:
    """All products of an element of x with an element of y, as a matrix."""
    return as_array(x).reshape((-1, 1)) * as_array(y).reshape((1, -1))
