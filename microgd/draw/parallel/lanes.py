"""What there is to see in the events of a parallel run: a worker's spans, and what goes between."""

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from microgd.parallel.events import Event, Record

MARKS = {  # what is marked on a worker's lane
    "lost": "writes lost",
    "refused": "push refused",
    "died": "worker died",
    "replaced": "worker replaced",
}
_ASIDE = {"lost", "died", "replaced"}  # part of another event, or of no request


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a worker computed, or waited for what."""

    worker: int
    start: float
    end: float
    what: str


@dataclass(frozen=True, slots=True)
class Trip:
    """An update: read from the server at `start`, and written there at `end`."""

    worker: int
    start: float
    end: float
    event: Event


@dataclass(frozen=True, slots=True)
class Message:
    """An array that one worker sent to another."""

    sender: int
    receiver: int
    start: float
    end: float


def within(record: Record, most: int) -> Record:
    """The same run until its update number `most`, and no further.

    >>> push = Event(1.0, 0, "push")
    >>> len(within(Record("a", "simulated", 1, events=[push, push, push]), 2).events)
    2
    """
    updates = 0
    for place, event in enumerate(record.events):
        updates += event.kind == "push"
        if updates > most:
            return replace(record, events=record.events[:place], listen=None)
    return record


def spans(record: Record) -> Iterator[Span]:
    """What each worker did: computes until it asks for something, waits until it is there."""
    free = [0.0] * record.workers
    for event in sorted(record.events, key=lambda event: event.time):
        me = event.worker
        if event.kind == "replaced":
            free[me] = event.time
        if event.kind in _ASIDE:
            continue
        since = event.time if math.isnan(event.since) else event.since
        if since > free[me]:
            yield Span(me, free[me], since, "computes")
        if event.time > since:
            yield Span(me, since, event.time, f"waits: {event.kind}")
        free[me] = event.time


def trips(record: Record) -> Iterator[Trip]:
    """The updates, each from the pull that it was computed from."""
    pulled: dict[int, dict[tuple[int, ...], float]] = defaultdict(dict)
    for event in record.events:
        me = event.worker
        if event.kind == "pull":
            pulled[me] = {event.read: event.time}  # only the last one can be meant
        elif event.kind == "push":
            yield Trip(me, pulled[me].get(event.read, event.time), event.time, event)


def messages(record: Record) -> Iterator[Message]:
    """What workers sent to one another and was received, first come, first served."""
    sent: dict[tuple[int, int], deque[float]] = defaultdict(deque)
    for event in record.events:
        if event.kind == "send":
            sent[event.worker, event.other].append(event.time)
        elif event.kind == "receive" and sent[event.other, event.worker]:
            start = sent[event.other, event.worker].popleft()
            yield Message(event.other, event.worker, start, event.time)
