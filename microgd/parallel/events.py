"""Events: what happened in a parallel run, in order, and what can be asked of it."""

from dataclasses import dataclass, field

import numpy as np

from microgd.graph import Array
from microgd.parallel.requests import Versions


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    time       seconds since the start, of the simulated or the real clock
    worker     its number, from 0
    kind       "pull", "push", "refused" (a push that is not finite), "lost" (writes overwritten by
               another worker's), "wait", "died", "replaced", "done"
    read       a push: the versions that its gradient was computed from; a pull: those read
    written    a push: the versions that it made
    staleness  a push: how many updates came between, the mean over the shards
    loss       a push: of the batch it came from
    count      lost: how many numbers
    """

    time: float
    worker: int
    kind: str
    read: Versions = ()
    written: Versions = ()
    staleness: float = 0.0
    loss: float = float("nan")
    count: int = 0


@dataclass(slots=True, eq=False)
class Record:
    """A parallel run: its events in order of time, and how it was made up."""

    algorithm: str
    backend: str
    workers: int
    events: list[Event] = field(default_factory=list)

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
