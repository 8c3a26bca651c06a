"""Where a NaN or an infinity first came from, and who wrote into an array behind our back."""

import linecache
import os
import sys
import weakref
import zlib
from contextlib import ContextDecorator
from pathlib import Path
from typing import Any, Self

import numpy as np

from microgd.graph import Array, Node, state
from microgd.op import Op

_HERE = f"{Path(__file__).parents[1]}{os.sep}"


class detect_anomaly(ContextDecorator):
    """Stop at the operation that first makes a NaN or an infinity, going forward or backward.

    The error (FloatingPointError) names the forward operation, the ranges of its inputs and the
    line of yours that called it. An array written to between forward and backward, which gives
    wrong gradients, is found as well (RuntimeError). Slow: for looking, not for training.

    >>> import microgd as mg
    >>> x = mg.tensor([1.0, 0.0], requires_grad=True)
    >>> with mg.detect_anomaly(), np.errstate(divide="ignore"):
    ...     mg.log(x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: log made -inf at (1,); inputs: (2,) from 0 to 1; recorded at ...
    """

    def _recreate_cm(self) -> Self:
        return type(self)()  # a decorated function may call itself

    def __enter__(self) -> Self:
        self._outer = state.watch
        state.watch = _Watch()
        return self

    def __exit__(self, *error: object) -> None:
        state.watch = self._outer


class _Watch:
    """What each node looked like when it was made."""

    def __init__(self) -> None:
        # By id, for Tensors compare by their numbers; forgotten when the node dies
        self.notes: dict[int, tuple[object, str, list[int]]] = {}

    def after_forward(self, node: Node, op: Op, inputs: tuple[Node, ...]) -> None:
        """Note the user's line and the inputs' bytes; raise if the value is not finite."""
        key = id(node)
        death = weakref.ref(node, lambda _: self.notes.pop(key, None))
        prints = [zlib.crc32(x.value.tobytes()) for x in (*node.inputs, node)]
        self.notes[key] = death, _user_line(), prints
        if not np.isfinite(node.value).all():
            raise FloatingPointError(self._report(node, op, inputs, f"made {_first(node.value)}"))

    def before_backward(self, node: Node, op: Op) -> None:
        """Raise if an input's array was written to since the forward pass."""
        _, _, prints = self.notes.get(id(node), (None, "", []))
        for x, before in zip((*node.inputs, node), prints, strict=False):
            if zlib.crc32(x.value.tobytes()) != before:
                verb = "made" if x is node else "used"
                what = f"{verb} {x.describe()}, but its array was written to since"
                raise RuntimeError(
                    self._report(node, op, node.inputs, what)
                    + "; assign to .data instead, and compute the loss again"
                )

    def after_backward(self, node: Node, op: Op, index: int, part: Any) -> None:
        """Raise if the contribution to an input is not finite."""
        if not np.isfinite(part).all():
            what = f"has the gradient {_first(part)} for its input {index}"
            raise FloatingPointError(self._report(node, op, node.inputs, what))

    def _report(self, node: Node, op: Op, inputs: tuple[Node, ...], what: str) -> str:
        place = f"{node.scope}.{op.name}" if node.scope else op.name
        ranges = ", ".join(f"{x.describe()} {_range(x.value)}" for x in inputs)
        outside = "a line outside of detect_anomaly(): the forward pass belongs inside"
        _, line, _ = self.notes.get(id(node), (None, outside, []))
        return f"{place} {what}; inputs: {ranges}; recorded at {line}"


def _first(array: Array) -> str:
    """The first element that is not finite, and its place."""
    where = np.unravel_index(int(np.argmin(np.isfinite(array))), np.shape(array))
    return f"{array[where]} at {tuple(map(int, where))}"


def _range(array: Array) -> str:
    finite = array[np.isfinite(array)]
    odd = array.size - finite.size
    span = f"from {finite.min():.6g} to {finite.max():.6g}" if finite.size else "without a number"
    return f"{span}, {odd} not finite" if odd else span


def _user_line() -> str:
    """File, number and text of the innermost line outside of this package."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    return f"{name}:{number}: {linecache.getline(name, number).strip()}".rstrip(": ")
