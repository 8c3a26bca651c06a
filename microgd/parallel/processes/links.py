"""Links: how a worker process asks the parent, and how it writes to parameters without a lock."""

import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.processes.memory import Log, Shared, Slot
from microgd.parallel.replica import Replica
from microgd.parallel.requests import AllReduce, Pull, Push, Receive, Request, Send, Versions


class Asking:
    """A worker's end of its pipe to the parent: every request is a message, and so is its answer.

    trace  whether pushes tell the worker's own parameters
    start  the clock's reading when the run began
    """

    def __init__(
        self, pipe: Connection, slot: Slot, replica: Replica, trace: bool, start: float
    ) -> None:
        self.pipe, self.slot, self.replica = pipe, slot, replica
        self.trace, self.start = trace, start

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.start

    def ask(self, request: Request) -> Any:
        """The answer to a request, as soon as it is there."""
        self.replica.work.clear()
        self.pipe.send(("ask", self.replica.taken, self.now(), self._packed(request)))
        answer = self.pipe.recv()
        if isinstance(request, Pull):
            return self.slot.get(answer[0]).copy(), answer[1]
        if isinstance(request, AllReduce | Receive):
            return self.slot.get(answer).copy()
        return answer

    def _packed(self, request: Request) -> Request:
        """The request, its array put into the slot."""
        if isinstance(request, Push):
            place = request.place if self.trace else None
            return replace(request, update=self.slot.put(request.update), place=place)
        if isinstance(request, AllReduce | Send):
            return replace(request, array=self.slot.put(request.array))
        return request


KINDS = ("pull", "push", "refused")
"""What a worker without a server takes down, by number."""


@dataclass(frozen=True, slots=True)
class Common:
    """What all workers write to without a lock.

    weights  the parameters
    counts   for each worker, how many updates it has stored, and how many batches it has taken for
             that; it writes to its own row only, a cache line
    """

    weights: Shared
    counts: Shared

    @classmethod
    def of(cls, weights: Array, workers: int) -> "Common":
        """Parameters to begin with."""
        common = cls(Shared(len(weights), weights.dtype), Shared((workers, 8), np.int64))
        common.weights.array[...] = weights
        return common

    @property
    def versions(self) -> Versions:
        """How many updates have been stored."""
        return (sum(self.counts.array[:, 0].tolist()),)


class Writing:
    """A worker that writes updates itself, and takes down what it did; other requests it passes on.

    Its pull is a live view of the parameters, in which the others' writes appear. A push reads,
    adds and stores number by number; a store between another's read and store is lost.
    """

    def __init__(
        self, asking: Asking, common: Common, log: Log, algorithm: Algorithm, me: int
    ) -> None:
        self.asking, self.common, self.log, self.algorithm = asking, common, log, algorithm
        self.weights, self.mine = common.weights.array, common.counts.array[me]
        self.view = self.weights.view()
        self.view.flags.writeable = False

    def ask(self, request: Request) -> Any:
        """The answer to a request."""
        self.asking.replica.work.clear()
        if isinstance(request, Pull):
            now, versions = self.asking.now(), self.common.versions
            self._note("pull", now, versions[0], 0, float("nan"), 0)
            return self.view, versions
        if isinstance(request, Push):
            return self._push(request)
        return self.asking.ask(request)

    def _push(self, push: Push) -> Versions | None:
        since = self.asking.now()
        self.mine[1] = self.asking.replica.taken  # before the write: better lost than done twice
        if not push.finite():
            self._note("refused", since, push.seen[0], 0, push.loss, 0)
            return None
        if push.at is None:
            self.weights += self.algorithm.change(push.update)
        else:
            self.weights[push.at] += self.algorithm.change(push.update)
        self.mine[0] += 1
        versions = self.common.versions
        self._note("push", since, push.seen[0], versions[0], push.loss, len(push.update))
        return versions

    def _note(
        self, kind: str, since: float, read: int, written: int, loss: float, count: int
    ) -> None:
        self.log.write(KINDS.index(kind), self.asking.now(), since, read, written, loss, count)
