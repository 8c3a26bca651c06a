"""What went wrong in an operation, said with its inputs and the way out."""

from collections.abc import Mapping
from typing import Any

from microgd.graph import Node, dotted, state
from microgd.op import Local, Op


def explain(
    op: Op, inputs: tuple[Node, ...], params: Mapping[str, Any], error: Exception
) -> Exception:
    """The error to raise in the place of one that NumPy raised inside of `op`."""
    call = _restate(op, inputs, params)
    unknown = [name for name in params if name not in op.parameters]
    if unknown:
        known = ", ".join(op.parameters) or "none"
        return TypeError(f"{call}: {unknown[0]!r} is no parameter; there are {known}")
    reason = op.explain(*(x.value for x in inputs), **params) or str(error)
    if isinstance(op.derivatives[0], Local):
        reason = _broadcast(inputs) or reason
    kind = next(k for k in (ValueError, IndexError, TypeError) if isinstance(error, k))
    return kind(f"{call}: {reason}")


def _restate(op: Op, inputs: tuple[Node, ...], params: Mapping[str, Any]) -> str:
    """The call as the user wrote it, with shapes for tensors: ``matmul: (3, 4) @ (5, 2)``."""
    place = f"{dotted(state.call)}.{op.name}".lstrip(".")
    shapes = [x.describe() for x in inputs]
    if op.symbol and len(shapes) == 2:
        return f"{place}: {shapes[0]} {op.symbol} {shapes[1]}"
    options = [f"{name}={value!r:.60}" for name, value in params.items()]
    return f"{place}: {', '.join(shapes + options)}"


def _broadcast(inputs: tuple[Node, ...]) -> str:
    """Why shapes do not broadcast, or nothing."""
    shapes = [x.value.shape for x in inputs]
    for axis in range(1, max((len(s) for s in shapes), default=0) + 1):
        sizes = sorted({s[-axis] for s in shapes if len(s) >= axis} - {1})
        if len(sizes) > 1:
            both = " and ".join(map(str, sizes))
            return f"sizes {both} on axis -{axis} differ and none is 1, so they do not broadcast"
    return ""
