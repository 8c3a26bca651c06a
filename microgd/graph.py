"""The recorded computation: what a node remembers, and in which order nodes were made."""

import itertools
import operator
import threading
from collections.abc import Mapping
from typing import Any

from microgd.op import Op, Recorder

Array = Any  # a numpy.ndarray
NO_PARAMS: Mapping[str, Any] = {}

clock = itertools.count()  # one tick for every value that comes into being or is replaced


class Node(Recorder):
    """A value and where it came from: op.forward(*inputs, **params), or nowhere: then it is a leaf.

    gradient    d loss / d value after a backward pass, or None
    needs_grad  whether a gradient is to flow here
    retains     whether a node that is no leaf keeps its gradient
    operands    what `op` was given: nodes, and constants as arrays
    call        of a module that recorded it: (the call that it was made in, label), or ()
    time        when the value came into being: later than every input's
    """

    __slots__ = tuple(
        "value gradient needs_grad retains name op operands params call time __weakref__".split()
    )
    __hash__ = object.__hash__

    def __init__(
        self, value: Array, op: Op | None = None, operands: Any = (), params: Any = NO_PARAMS
    ) -> None:
        self.value = value
        self.gradient: Array | None = None
        self.needs_grad = op is not None
        self.retains = False
        self.name: str | None = None
        self.op = op
        self.operands: tuple[Any, ...] = operands
        self.params = params
        self.call = state.call
        self.time = next(clock)

    @property
    def scope(self) -> str:
        """The path of the module that recorded it, as ``layers.2``."""
        return dotted(self.call)

    @property
    def inputs(self) -> tuple["Node", ...]:
        """The operands as nodes: a constant becomes a leaf, as old as its user, when looked at."""
        for i, x in enumerate(self.operands):
            if not isinstance(x, Node):
                Node.__init__(leaf := type(self).__new__(type(self)), x)
                leaf.call, leaf.time = self.call, self.time
                self.operands = (*self.operands[:i], leaf, *self.operands[i + 1 :])
        return self.operands

    def describe(self) -> str:
        """The shape, after the name if there is one: how errors speak of a tensor."""
        return f"{self.name} {self.value.shape}" if self.name else str(self.value.shape)


def dotted(call: tuple[Any, ...]) -> str:
    """The labels of a call and of those that it was made in, joined by dots."""
    return f"{dotted(call[0])}.{call[1]}".lstrip(".") if call else ""


def history(root: Node, since: int = -1) -> list[Node]:
    """The nodes with an operation that `root` depends on, itself included, newest first.

    Only those through which a gradient flows and that are younger than `since`. In this order
    every node comes before its inputs.
    """
    if root.op is None or root.time <= since:
        return []
    found, waiting = {root}, [root]
    while waiting:
        for x in waiting.pop().operands:
            if isinstance(x, Node) and x.needs_grad and x.op and x.time > since and x not in found:
                found.add(x)
                waiting.append(x)
    return sorted(found, key=operator.attrgetter("time"), reverse=True)


class _State(threading.local):
    """How this thread records: whether, in which call, and who watches (`detect_anomaly`)."""

    def __init__(self) -> None:
        self.recording, self.call = True, ()
        self.watch: Any = None


state = _State()
