"""The reverse sweep: the chain rule, edge by edge, from a result back to its leaves.

There is one: `backward` runs it, the transforms run it on Tensors, `microgd.explain` pauses it.
"""

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

from numpy import array, asarray, ndarray

from microgd.graph import Node, state
from microgd.op import Local

Edge = tuple[Node, int, Any, Any]  # node, number of the input, upstream gradient, contribution


def sweep(
    root: Node, seed: Any, totals: dict[Node, Any], since: int = -1, on_arrays: bool = True
) -> Iterator[Edge]:
    """Carry the gradient `seed` of `root` back through its history, one edge at a time.

    An edge is yielded when its contribution is known, before that is added to the running sums in
    `totals`; to keep an array, copy it. A node is taken up when its sum is complete, and leaves
    `totals` unless it retains its gradient. At the end the leaves remain, and what is not younger
    than `since`. Unless `on_arrays`, values and gradients are Tensors.

    Raises RuntimeError if a value was replaced after it was used.
    """
    totals[root] = seed
    mine: set[Node] = set()  # whose sum is a new array of ours, so that we may add in place
    watch = state.watch
    # Youngest first: all that used a node is younger, so that its sum is complete
    waiting = [(-root.time, root)] if root.op and root.time > since else []
    while waiting:
        _, node = heappop(waiting)
        op, operands, params = node.op, node.operands, node.params
        assert op is not None
        upstream = totals[node] if node.retains else totals.pop(node)
        arrays = [x if type(x) is ndarray else x.value for x in operands]
        given = (upstream, node.value, *arrays) if on_arrays else (upstream, node, *operands)
        if op.keeps and not on_arrays:
            params = {**params, "kept": None}
        if watch:
            watch.before_backward(node, op)
        derivatives = op.derivatives_of(operands) if op.variadic else op.derivatives
        for i, x in enumerate(operands):
            if type(x) is ndarray:
                continue
            if x.time > node.time:
                raise RuntimeError(
                    f"backward: {x.describe()} was changed after {op.name} used it (optimizer step,"
                    " loaded weights, .data = ...); compute the loss again, then backward()"
                )
            if not x.needs_grad:
                continue
            # The chain rule
            deriv, value = derivatives[i], arrays[i]
            if type(deriv) is Local:
                part = upstream * deriv.rule(*given[1:], **params)
            else:
                part = deriv.rule(*given, **params)
            if part.shape != value.shape:
                part = unbroadcast(part, node, i)
            if part.dtype is not value.dtype:
                part = part.astype(value.dtype)
            if watch:
                watch.after_backward(node, op, i, part)
            yield node, i, upstream, part
            if x not in totals:
                if x.op is None:  # it becomes somebody's .grad: share no memory
                    if on_arrays and (part is upstream or part.base is not None):
                        part = part.copy()
                elif x.time > since:
                    heappush(waiting, (-x.time, x))
                totals[x] = part
            elif on_arrays and (x in mine or x.op is None):
                totals[x] += part
            else:
                totals[x] = totals[x] + part
                mine.add(x)


def unbroadcast(part: Any, node: Node, index: int) -> Any:
    """Sum a contribution over the axes along which the input was broadcast, the adjoint of that.

    Raises ValueError if the shape is none that the input broadcasts to.
    """
    shape = node.operands[index].value.shape
    lead = part.ndim - len(shape)
    axes = tuple(i for i in range(part.ndim) if i < lead or shape[i - lead] == 1)
    total = part.sum(axis=axes, keepdims=True) if axes else part
    if lead < 0 or total.shape[lead:] != shape:
        x = node.operands[index].describe()
        raise ValueError(f"{node.op}: gradient {part.shape} for input {index}, {x}; a wrong axis?")
    return total.reshape(shape)


def backward(root: Node, gradient: Any = None) -> None:
    """Add d root / d leaf to the gradient of every leaf, and of every node that retains its own.

    Raises RuntimeError if nothing needs a gradient or a value was replaced since; ValueError if
    `gradient` is missing for a root of many elements, or misshapen. After an error all gradients
    are as they were.
    """
    shape, dtype = root.value.shape, root.value.dtype
    if not root.needs_grad:
        raise RuntimeError(
            f"backward: the tensor {root.describe()} requires no gradient: make what it depends"
            " on with requires_grad=True, and compute it outside of no_grad()"
        )
    if gradient is None and root.value.size != 1:
        raise ValueError(
            f"backward: the tensor {root.describe()} is not one number; reduce it first"
            f" (.mean(), .sum()) or pass gradient= of shape {shape}"
        )
    seed = array(1, dtype, ndmin=len(shape)) if gradient is None else array(gradient, dtype)
    if seed.shape != shape:
        raise ValueError(f"backward: gradient {seed.shape} for {root.describe()}; give {shape}")
    totals: dict[Node, Any] = {}
    deque(sweep(root, seed, totals), maxlen=0)  # to the end
    for node, total in totals.items():
        if node.gradient is not None:
            total = node.gradient + total
        elif node.op is not None:
            total = array(total)  # what a node hands on may be shared along the way
        node.gradient = total if type(total) is ndarray else asarray(total)
