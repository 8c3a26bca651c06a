"""Events: what happened in a parallel run, in order, and what can be asked of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.parallel.requests import Push, Versions


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One thing that happened.

    time       seconds since the start, of the simulated or the real clock
    worker     its number, from 0
    kind       "pull", "push", "refused" (a push that is not finite), "lost" (writes overwritten by
               another worker's), "send", "receive", "allreduce", "barrier", "turn", "died",
               "replaced", "done"
    read       a push: the versions that its gradient was computed from; a pull: those read
    written    a push: the versions that it made
    staleness  a push: how many updates came between, the mean over the shards
    loss       a push: of the batch it came from
    count      lost: how many numbers; a lock-free push: how many it wrote
    since      when the worker asked for it: ``time - since`` is what it waited
    other      send and receive: the other worker
    distance   a push: how far the worker's own parameters are from the server's (EASGD)
    place      a push of a traced run: the worker's own parameters (EASGD), or those that its
               gradient was computed at
    centre     a push of a traced run: the server's parameters after it
    """

    time: float
    worker: int
    kind: str
    read: Versions = ()
    written: Versions = ()
    staleness: float = 0.0
    loss: float = float("nan")
    count: int = 0
    since: float = float("nan")
    other: int = -1
    distance: float = float("nan")
    place: Array | None = None
    centre: Array | None = None

    @classmethod
    def of_push(cls, push: Push, time: float, worker: int, kind: str, **more: Any) -> "Event":
        """What became of a push, with all that the push itself says."""
        told = {"read": push.seen, "loss": push.loss, "distance": push.distance}
        return cls(time, worker, kind, **told, **more)


@dataclass(slots=True, eq=False)
class Record:
    """A parallel run: how it was made up, and its events in order of time.

    algorithm    its name
    backend      "simulated", "processes" or "ray"
    workers      how many
    settings     the algorithm's options, and those of the run, by name
    events       what happened
    interrupted  whether Ctrl-C ended it
    listen       called with each event as it happens
    """

    algorithm: str
    backend: str
    workers: int
    settings: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    interrupted: bool = False
    listen: Callable[[Event], None] | None = None

    def add(self, event: Event) -> None:
        """Take down what happened, and tell who listens."""
        self.events.append(event)
        if self.listen is not None:
            self.listen(event)

    def of(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if event.kind == kind]

    @property
    def staleness(self) -> Array:
        """Of every update, in order."""
        return np.array([event.staleness for event in self.of("push")])

    @property
    def losses(self) -> Array:
        """Of the batch of every update, in order."""
        return np.array([event.loss for event in self.of("push")])

    @property
    def times(self) -> Array:
        """Of every update, in seconds."""
        return np.array([event.time for event in self.of("push")])
