"""Stores: where the parent keeps the parameters, and how it learns what the workers did to them."""

from collections.abc import Iterable
from typing import Any

from microgd.graph import Array
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.events import Event, Record
from microgd.parallel.job import Job
from microgd.parallel.processes.links import KINDS, Common
from microgd.parallel.processes.memory import Log, Slot
from microgd.parallel.requests import Pull, Push
from microgd.parallel.server import Server


class Served:
    """Parameters that only the parent writes to: it is the server, and answers one by one."""

    common, log = None, None

    def __init__(self, algorithm: Algorithm, job: Job, record: Record) -> None:
        self.server = Server(job.whole().weights(), algorithm, job.shards)
        self.trace, self.record = job.trace, record
        self.taken = [0] * job.workers
        self._pulled: dict[int, Array] = {}

    @property
    def weights(self) -> Array:
        """The parameters: a copy."""
        return self.server.weights

    def answer(
        self, times: tuple[float, float], me: int, request: Pull | Push, taken: int, slot: Slot
    ) -> Any:
        """Answer a pull or a push, made `since` and heard now; it holds `taken` batches so far."""
        now, since = times
        if isinstance(request, Pull):
            weights, versions = self.server.pull()
            if self.trace:
                self._pulled[me] = weights
            self.record.add(Event(now, me, "pull", versions, since=since))
            return slot.put(weights), versions
        self.taken[me] = taken
        stale = self.server.push(request)
        if stale is None:
            self.record.add(Event.of_push(request, now, me, "refused", since=since))
            return None
        more: dict[str, Any] = {"since": since, "staleness": stale}
        more["written"] = self.server.versions
        if self.trace:
            place = self._pulled[me] if request.place is None else request.place
            more |= {"place": place, "centre": self.weights}
        self.record.add(Event.of_push(request, now, me, "push", **more))
        return self.server.versions

    def reduced(self, me: int, taken: int) -> None:
        """Others have a worker's part of the gradient; it holds `taken` batches so far."""
        self.taken[me] = taken

    def hire(self, me: int) -> None:
        """A worker is to start."""

    def gather(self) -> None:
        """Take in what the workers did: it is known already."""

    def finish(self) -> None:
        """The run is over."""


class Open:
    """Parameters that the workers write to themselves; their logs tell what they did."""

    def __init__(self, algorithm: Algorithm, job: Job, record: Record) -> None:  # noqa: ARG002
        self.common = Common.of(job.whole().weights(), job.workers)
        self.record = record
        self.logs: dict[int, Log] = {}
        self._rows: list[tuple[int, Array]] = []

    @property
    def weights(self) -> Array:
        """The parameters: a copy."""
        return self.common.weights.array.copy()

    @property
    def taken(self) -> list[int]:
        """How many batches each worker has done."""
        taken: list[int] = self.common.counts.array[:, 1].tolist()
        return taken

    def reduced(self, me: int, taken: int) -> None:
        """Others have a worker's part of the gradient; it holds `taken` batches so far."""
        self.common.counts.array[me, 1] = taken

    def hire(self, me: int) -> None:
        """A worker is to start, with a log of its own."""
        self.logs[me] = Log()

    def gather(self) -> None:
        """Take in what the workers did since the last time."""
        for me, log in self.logs.items():
            rows = log.fetch()
            if len(rows):
                self._rows.append((me, rows))
        if self.record.listen is not None:
            self._tell()

    def finish(self) -> None:
        """The run is over: its events are known, and stand in their order."""
        self._tell()
        self.record.events.sort(key=lambda event: event.time)

    def _tell(self) -> None:
        events = [event for me, rows in self._rows for event in _events(me, rows)]
        for event in sorted(events, key=lambda event: event.time):
            self.record.add(event)
        self._rows.clear()


def _events(me: int, rows: Array) -> Iterable[Event]:
    for kind, time, since, read, written, loss, count in rows.tolist():
        more: dict[str, Any] = {"since": since, "loss": loss, "count": count}
        if KINDS[kind] == "push":
            more |= {"written": (written,), "staleness": float(written - 1 - read)}
        yield Event(time, me, KINDS[kind], (read,), **more)
