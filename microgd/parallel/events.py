"""Events: what happened in a parallel run, in order, and what can be asked of it."""

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from microgd.explain.show import drawing
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
        more |= {"read": push.seen, "loss": push.loss, "distance": push.distance}
        return cls(time, worker, kind, **more)


@dataclass(slots=True, eq=False, repr=False)
class Record:
    """A parallel run: how it was made up, and its events in order of time.

    algorithm    its name
    backend      "simulated", "processes" or "ray"
    workers      how many
    settings     the algorithm's options, and those of the run, by name
    events       what happened
    interrupted  whether Ctrl-C ended it
    listen       called with each event as it happens

    Arrays of updates (`losses`, `times`, `staleness`, `distances`) have one element for each that
    changed the parameters, in order.

    >>> from microgd import data, nn, parallel
    >>> moons = data.moons(200, rng=0)
    >>> parallel.train(nn.MLP([2, 8, 2], rng=0), moons, "downpour", 4, "simulated", epochs=2)
    Record(Downpour, 4 simulated workers)
      16 updates in 5.53 s, 2.89 a second
      loss 0.82 at first, 0.464 at last
      staleness 2.06 on average, 11 at most
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

    # Reading

    def of(self, kind: str, worker: int | None = None) -> list[Event]:
        """The events of one kind, of one worker or of all."""
        return [e for e in self.events if e.kind == kind and worker in (None, e.worker)]

    @property
    def staleness(self) -> Array:
        """Of every update: how many others came between its gradient's parameters and it."""
        return np.array([event.staleness for event in self.of("push")])

    @property
    def losses(self) -> Array:
        """Of the batch of every update."""
        return np.array([event.loss for event in self.of("push")])

    @property
    def times(self) -> Array:
        """Of every update, in seconds since the start."""
        return np.array([event.time for event in self.of("push")])

    @property
    def distances(self) -> Array:
        """Of a worker from the centre, at every update; NaN for workers that keep no parameters."""
        return np.array([event.distance for event in self.of("push")])

    @property
    def seconds(self) -> float:
        """How long it took, by the simulated or the real clock."""
        return max((event.time for event in self.events), default=0.0)

    @property
    def rates(self) -> Array:
        """Updates per second, of each worker."""
        counts = np.bincount([event.worker for event in self.of("push")], minlength=self.workers)
        return counts / self.seconds if self.seconds else counts.astype(float)

    @property
    def waited(self) -> Array:
        """Seconds that each worker waited for others or for the server, as far as is known."""
        found = np.zeros(self.workers)
        for event in self.events:
            if event.kind != "lost" and not math.isnan(event.since):  # lost in a push, which waits
                found[event.worker] += event.time - event.since
        return found

    @property
    def written(self) -> int:
        """Numbers that lock-free updates wrote."""
        return sum(event.count for event in self.of("push"))

    @property
    def lost(self) -> int:
        """Numbers of `written` that another worker's write undid, as far as simulated."""
        return sum(event.count for event in self.of("lost"))

    @property
    def refused(self) -> int:
        """Updates that were refused, for they were not finite."""
        return len(self.of("refused"))

    def summary(self) -> dict[str, float]:
        """The numbers of the run by name; those that it does not have are left out.

        `first` and `last` are mean losses over the first and last quarter of the updates, at most
        50 of them.
        """
        losses, staleness = self.losses, self.staleness
        found: dict[str, float] = {"updates": len(losses), "seconds": self.seconds}
        if len(losses):
            found |= {"rate": float(self.rates.sum())}
            few = min(50, -(-len(losses) // 4))
            found |= {"first": float(np.nanmean(losses[:few]))}
            found |= {"last": float(np.nanmean(losses[-few:]))}
            found |= {"staleness": float(staleness.mean()), "stalest": float(staleness.max())}
        if self.written:
            found["written"] = self.written
            if self.backend == "simulated":  # real processes would have to stop to find out
                found["lost"] = self.lost
        for kind in ("refused", "died", "replaced"):
            if count := len(self.of(kind)):
                found[kind] = count
        return found

    def __repr__(self) -> str:
        found = self.summary()
        head = f"{self.algorithm}, {self.workers} {self.backend} worker"
        lines = [
            f"Record({head}{'s' * (self.workers > 1)}{', interrupted' * self.interrupted})",
            f"{found['updates']} updates in {found['seconds']:.3g} s",
        ]
        if "rate" in found:
            lines[-1] += f", {found['rate']:.3g} a second"
            lines.append(f"loss {found['first']:.3g} at first, {found['last']:.3g} at last")
            lines.append(
                f"staleness {found['staleness']:.3g} on average, {found['stalest']:g} at most"
            )
        if "lost" in found:
            share = found["lost"] / found["written"]
            lines.append(f"{found['lost']:,} of {found['written']:,} numbers lost, {share:.3%}")
        lines += [f"{found[k]} {k}" for k in ("refused", "died", "replaced") if k in found]
        return "\n  ".join(lines)

    # Showing and saving

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return drawing("parallel.notebook", "bundle")(self)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the run as one page that works offline; returns the path.

        Raises ValueError for a run without updates, OSError where no file can be written.
        """
        path = Path(path)
        path.write_text(drawing("parallel.page", "page")(self), encoding="utf-8")
        return path

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write a line for every event, with the names of its fields first; versions as ``3 4``.

        Parameters of a traced run are left out, and what is NaN is nothing. Raises OSError where
        no file can be written.
        """
        names = [f.name for f in fields(Event) if f.name not in _ARRAYS]
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            for event in self.events:
                writer.writerow([_cell(getattr(event, name)) for name in names])

    def to_dict(self) -> dict[str, Any]:
        """All of it as `json.dumps` takes it, without the parameters of a traced run.

        An event has its time, worker and kind, and of the rest what is not as by default.
        """
        plain = {
            k: v if isinstance(v, int | float | str | None) else str(v)
            for k, v in self.settings.items()
        }
        return {
            "algorithm": self.algorithm,
            "backend": self.backend,
            "workers": self.workers,
            "settings": plain,
            "interrupted": self.interrupted,
            "events": [_told(event) for event in self.events],
        }


_ARRAYS = ("place", "centre")
_DEFAULTS = {f.name: f.default for f in fields(Event) if f.name not in _ARRAYS}


def _told(event: Event) -> dict[str, Any]:
    """What an event says beyond the defaults; NaN, which JSON has not, is left out."""
    found = {name: getattr(event, name) for name in _DEFAULTS}
    return {k: v for k, v in found.items() if not _nan(v) and v != _DEFAULTS[k]}


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if _nan(value) else str(value)


def _nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
