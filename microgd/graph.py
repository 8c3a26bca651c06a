"""The recorded computation: what a node remembers, and in which order nodes were made."""

import itertools
import operator
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.op import Op, Recorder

Array = NDArray[Any]

clock = itertools.count()  # one tick for every value that comes into being or is replaced


class Node(Recorder):
    """A value and where it came from; a leaf came from nowhere and has no `op`.

    value       the array
    gradient    d loss / d value after a backward pass, or None
    needs_grad  whether a gradient is to flow here
    retains     whether a node that is no leaf keeps its gradient
    op, inputs, params   ``value = op.forward(*inputs, **params)``
    scope       path of the module that recorded it, as ``layers.2``
    time        when the value came into being; every input is older than what was made of it
    """

    __slots__ = (
        "__weakref__", "gradient", "inputs", "name", "needs_grad", "op", "params", "retains",
        "scope", "time", "value",
    )  # fmt: skip

    value: Array
    gradient: Array | None
    needs_grad: bool
    retains: bool
    name: str | None
    op: Op | None
    inputs: tuple["Node", ...]
    params: Mapping[str, Any]
    scope: str
    time: int

    __hash__ = object.__hash__

    def describe(self) -> str:
        """The shape, after the name if there is one: how errors speak of a tensor."""
        shape = str(self.value.shape)
        if not self.name:
            return shape
        return f"{self.scope}.{self.name} {shape}" if self.scope else f"{self.name} {shape}"


def history(root: Node, since: int = -1) -> list[Node]:
    """All nodes with an operation that `root` depends on, itself included, newest first.

    Only nodes through which a gradient flows, and none older than the time `since`. Newest
    first is an order in which every node comes before all of its inputs.
    """
    if root.op is None:
        return []
    found = {root}
    waiting = [root]
    while waiting:
        for x in waiting.pop().inputs:
            if x.needs_grad and x.op is not None and x.time > since and x not in found:
                found.add(x)
                waiting.append(x)
    return sorted(found, key=_AGE, reverse=True)


_AGE = operator.attrgetter("time")


class _State(threading.local):
    """How this thread records."""

    recording = True
    scope = ""
    watch: Any = None  # a microgd.anomaly.Watch, while detect_anomaly is on


state = _State()
