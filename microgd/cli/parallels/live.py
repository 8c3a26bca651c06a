"""Progress of many workers: a line for each, kept up to date on a terminal, now and then in a log.

On the error stream, so that what a pipe gets is the result.
"""

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from types import TracebackType
from typing import Any, Self

import numpy as np

from microgd.draw.tables import number
from microgd.parallel.events import Event

SECONDS = 0.1  # between two looks of a terminal
PAUSE = 30.0  # seconds after which a log hears something in any case
LAST = 20  # updates of a worker that its loss and staleness are means over


@dataclass(slots=True)
class Tally:
    """What a worker has done so far.

    updates  that changed the parameters
    losses   and `stale`: of the last of them
    fate     what befell it in the end: "done", "died"
    """

    updates: int = 0
    losses: deque[float] = field(default_factory=lambda: deque(maxlen=LAST))
    stale: deque[float] = field(default_factory=lambda: deque(maxlen=LAST))
    fate: str = ""

    def add(self, event: Event) -> None:
        """Count an event in."""
        if event.kind == "push":
            self.updates += 1
            self.losses.append(event.loss)
            self.stale.append(event.staleness)
        elif event.kind in {"done", "died"}:
            self.fate = event.kind
        elif event.kind == "replaced":
            self.fate = ""

    def said(self, time: float) -> list[str]:
        """Its numbers, the ones that matter most first."""
        rate = self.updates / time if time else 0.0
        words = [f"{self.updates:>6,} updates", f"{rate:>7.4g}/s"]
        if self.updates:
            words.append(f"staleness {np.mean(self.stale):<5.3g}")
            words.append(f"loss {number(np.mean(self.losses))}")
        return [*words, self.fate] if self.fate else words


class Live:
    """Called with every event, it keeps the lines up to date; as a context, it begins and ends.

    began  whether anything has happened
    """

    def __init__(self, workers: int, loud: bool = True) -> None:
        self.tallies = [Tally() for _ in range(workers)]
        self.loud, self.began = loud, False
        self.time, self.updates, self.next = 0.0, 0, 0.0
        self.milestones = _milestones()
        self.milestone = next(self.milestones)
        self.screen: Any = None

    def __call__(self, event: Event) -> None:
        """Count an event in, and show it if it is time."""
        self.began = True
        self.time = max(self.time, event.time)
        self.tallies[event.worker].add(event)
        self.updates += event.kind == "push"
        if self.screen is not None:
            if monotonic() >= self.next:
                self.next = monotonic() + SECONDS
                self.screen.update(self._lines(), refresh=True)
        elif self.loud and (self.updates >= self.milestone or monotonic() >= self.next):
            while self.updates >= self.milestone:
                self.milestone = next(self.milestones)
            self.next = monotonic() + PAUSE
            self._write()

    def __enter__(self) -> Self:
        self.next = monotonic() + PAUSE
        if self.loud and sys.stderr is not None and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live as Screen

            console = Console(stderr=True, highlight=False)
            if not console.is_dumb_terminal:
                self.width, self.next = console.width, 0.0
                self.screen = Screen(console=console, auto_refresh=False, transient=True)
                self.screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if self.screen is not None:
            self.screen.stop()

    def _lines(self) -> Any:
        """The lines of all workers, as wide as there is room."""
        from rich.text import Text

        lines = []
        for me, tally in enumerate(self.tallies):
            line = f"worker {me}"
            for word in tally.said(self.time):
                line = longer if len(longer := f"{line}  {word}") < self.width else line
            lines.append(line)
        return Text("\n".join(lines), no_wrap=True)

    def _write(self) -> None:
        """A line for each worker, into a log."""
        if sys.stderr is not None:
            for me, tally in enumerate(self.tallies):
                said = "  ".join(tally.said(self.time))
                sys.stderr.write(f"{self.time:8.2f}  worker {me}  {said}\n")
            sys.stderr.flush()


def _milestones() -> Iterator[int]:
    """Counts of updates after which a log hears of them: 10, 20, 50, 100, ..."""
    return (first * 10**power for power in count(1) for first in (1, 2, 5))
