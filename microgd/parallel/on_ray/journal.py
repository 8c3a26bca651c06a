"""Journal: events as the actors of a run take them down, put together and handed to its record."""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from microgd.parallel.events import Event, Record
from microgd.parallel.requests import Push


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks.

    worker  its number
    life    0, and one more for each that died in its place
    number  of its request
    taken   how many batches it has begun
    since   when, by the clock of its machine; those of a cluster are taken to agree
    """

    worker: int
    life: int
    number: int
    taken: int
    since: float


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, or one shard's part of it, as an actor took it down."""

    call: Call
    event: Event


class Log:
    """What one actor takes down, until it is fetched."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def note(self, call: Call, kind: str, **more: Any) -> None:
        """Take down what happened now."""
        event = Event(time.time(), call.worker, kind, since=call.since, **more)
        self.entries.append(Entry(call, event))

    def note_push(self, call: Call, push: Push, kind: str, **more: Any) -> None:
        """Take down what became of a push."""
        event = Event.of_push(push, time.time(), call.worker, kind, since=call.since, **more)
        self.entries.append(Entry(call, event))

    def fetch(self) -> list[Entry]:
        """What was taken down since the last time."""
        entries, self.entries = self.entries, []
        return entries


class Journal:
    """Puts the entries of all logs together.

    start  when the workers began, by the clock
    taken  after how many batches each worker's last update, or its part of one, came
    """

    def __init__(self, record: Record, shards: int) -> None:
        self.record, self.shards, self.start = record, shards, time.time()
        self.taken: dict[int, int] = defaultdict(int)
        self._parts: dict[Call, dict[int, Event]] = defaultdict(dict)

    def take(self, shard: int, entries: Iterable[Entry]) -> None:
        """Entries of a shard, by its number."""
        for entry in entries:
            parts = self._parts[entry.call]
            parts[shard] = entry.event
            if len(parts) == self.shards:
                del self._parts[entry.call]
                self.add(Entry(entry.call, _joined(parts)))

    def add(self, entry: Entry) -> None:
        """An entry that is a whole event."""
        me, taken = entry.call.worker, entry.call.taken
        if entry.event.kind in {"push", "refused", "allreduce"}:  # others have it, or never will
            self.taken[me] = max(taken, self.taken[me])  # logs may come out of their order
        self._tell(entry.event)

    def note(self, worker: int, kind: str) -> None:
        """Something that no log holds: a worker's end, or another's beginning."""
        self._tell(Event(time.time(), worker, kind))

    def bury(self, worker: int) -> None:
        """A worker is no more: what only some of the shards have of it will not be completed.

        An update of which a dying worker reached some of the shards is told as it is: the others
        kept their versions, and nobody will do it again. A pull that was not answered is none.
        """
        for call in [call for call in self._parts if call.worker == worker]:
            event = _joined(self._parts.pop(call))
            if event.kind == "push":
                self.add(Entry(call, event))

    def close(self) -> None:
        """The run is over: its events stand in order of time."""
        self.record.events.sort(key=lambda event: event.time)

    def _tell(self, event: Event) -> None:
        since = event.since - self.start
        self.record.add(replace(event, time=max(0.0, event.time - self.start), since=since))


def _joined(parts: dict[int, Event]) -> Event:
    """One event of the parts of it that the shards saw."""
    some = next(iter(parts.values()))
    more: dict[str, Any] = {"read": some.read, "written": ()}
    if some.kind == "pull":
        more["read"] = tuple(parts[i].read[0] for i in sorted(parts))
    else:
        more["written"] = tuple(
            parts[i].written[0] if i in parts else kept for i, kept in enumerate(some.read)
        )
    for name in ("place", "centre"):
        if getattr(some, name) is not None:
            more[name] = np.concatenate([getattr(parts[i], name) for i in sorted(parts)])
    return replace(
        some,
        time=max(part.time for part in parts.values()),
        staleness=float(np.mean([part.staleness for part in parts.values()])),
        **more,
    )
