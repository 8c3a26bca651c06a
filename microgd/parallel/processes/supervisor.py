"""Supervisor: the parent of the workers, which starts them, hears them and outlives them."""

import multiprocessing.resource_tracker
import os
import selectors
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from microgd.graph import Array
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.errors import LostError, WorkerError
from microgd.parallel.events import Event, Record
from microgd.parallel.job import Job
from microgd.parallel.meeting import Answers, Meeting
from microgd.parallel.processes.memory import CONTEXT, Slot
from microgd.parallel.processes.options import Options
from microgd.parallel.processes.stores import Open, Served
from microgd.parallel.processes.worker import NO_GUARD, packed, work
from microgd.parallel.requests import AllReduce, Pull, Push, Receive, Request, Send
from microgd.train.checkpoint import save_checkpoint
from microgd.train.interrupt import interruptible

_TICK = 0.05  # seconds between two looks at what needs no message
_THREADS = [
    f"{library}_THREADS" for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")
]
_LIVES = 4  # deaths of a worker without a step in between that are one too many
_PATIENCE = 5.0  # seconds for a process to end that has nothing left to do


@dataclass(slots=True, eq=False)
class Member:
    """A worker process as the parent knows it."""

    me: int
    process: Any
    pipe: Connection
    slot: Slot
    ready: bool = False
    at_work: bool = False
    asked: float = 0.0
    taken: int = 0  # batches, when it asked


class Supervisor:
    """One run: the processes, the parameters, and who waits for whom."""

    def __init__(self, algorithm: Algorithm, job: Job, options: Options, record: Record) -> None:
        self.job, self.options, self.record = job, options, record
        self.told = packed(algorithm, job)
        self.store = (Open if algorithm.lock_free else Served)(algorithm, job, record)
        self.room = self.store.weights.nbytes
        self.meeting = Meeting(job.workers)
        self.members: set[Member] = set()
        self.selector = selectors.DefaultSelector()
        self.start = self.saved = time.monotonic()
        self.begun = self.finished = False
        self.deaths: dict[tuple[int, int], int] = {}

    def run(self) -> Array:
        """The trained weights, or those so far if Ctrl-C stopped the run."""
        with ExitStack() as stack:
            stack.enter_context(interruptible(self.interrupt))
            stack.callback(self.end)
            for me in range(self.job.workers):
                if not self.record.interrupted:
                    self.hire(me)
            try:
                while self.members and not self.record.interrupted:
                    for key, _ in self.selector.select(_TICK):
                        self.hear(key.data)
                    self.store.gather()
                    if self.members and len(self.meeting.waiting) == len(self.members):
                        raise self.meeting.deadlock(self.record.algorithm)
                    if time.monotonic() > self.saved + self.options.every:
                        self.save()
            finally:
                self.end()
                self.store.gather()
                self.store.finish()
                self.save()
        return self.store.weights

    def interrupt(self) -> None:
        """The first Ctrl-C."""
        self.record.interrupted = True

    def save(self) -> None:
        """Write a checkpoint, if one is wanted and there is something to save."""
        if self.options.checkpoint is not None and self.begun:
            model = deepcopy(self.job.model)
            replace(self.job, model=model).whole().load(self.store.weights)
            save_checkpoint(self.options.checkpoint, model)
            self.saved = time.monotonic()

    # Processes come and go

    def hire(self, me: int) -> None:
        """Start a process for worker `me`, which goes on after what is known of its work."""
        ours, theirs = CONTEXT.Pipe()
        self.store.hire(me)
        slot, taken = Slot(self.room), self.store.taken[me]
        log = self.store.logs[me] if isinstance(self.store, Open) else None
        # Little enough for a pipe to hold: a start that has to wait for a reader waits for the dead
        given = (me, taken, theirs, slot, self.store.common, log)
        process = CONTEXT.Process(target=work, args=given, daemon=True, name=f"worker {me}")
        with theirs, _starting(self.options.threads):
            process.start()
        member = Member(me, process, ours, slot)
        self.members.add(member)
        self.selector.register(ours, selectors.EVENT_READ, member)

    def begin(self) -> None:
        """Let the workers begin together; one that takes another's place, at once."""
        if not self.begun and all(member.ready for member in self.members):
            self.begun, self.start = True, time.monotonic()
        for member in self.members:
            if self.begun and member.ready and not member.at_work:
                member.at_work = True
                _tell(member, self.start)

    def part(self, member: Member) -> int:
        """A process is gone, or about to go; its exit code."""
        self.members.discard(member)
        self.selector.unregister(member.pipe)
        member.pipe.close()
        member.process.join(_PATIENCE)
        if member.process.exitcode is None:
            member.process.kill()
            member.process.join()
        code = member.process.exitcode
        member.process.close()
        assert code is not None
        return int(code)

    def end(self) -> None:
        """Leave no process behind."""
        for member in self.members:
            member.process.kill()
        for member in list(self.members):
            self.part(member)

    # What the workers say

    def hear(self, member: Member) -> None:
        """Take in a message of a worker, or its death."""
        try:
            kind, *rest = member.pipe.recv()
        except (EOFError, OSError):
            kind, rest = "gone", []
        now = time.monotonic() - self.start
        if kind == "here":
            with suppress(OSError):  # that it died is heard from its pipe
                member.pipe.send_bytes(self.told)
        elif kind == "ready":
            member.ready = True
            self.begin()
        elif kind == "ask":
            self.ask(member, now, *rest)
        elif kind == "done":
            self.finished = True
            self.part(member)
            self.store.gather()  # before its end is told, what it did
            self.record.add(Event(now, member.me, "done"))
            self.carry(now, self.meeting.leave(member.me))
        elif kind == "gone":
            self.lose(member)
        else:
            raise WorkerError(member.me, *rest)

    def ask(self, member: Member, now: float, taken: int, since: float, request: Request) -> None:
        """Answer a request, or let it wait for others."""
        me, slot = member.me, member.slot
        member.asked, member.taken = since, taken
        if isinstance(request, Push):
            request = replace(request, update=slot.get(request.update))
        elif isinstance(request, AllReduce):
            request = replace(request, array=slot.get(request.array))
        elif isinstance(request, Send):
            request = replace(request, array=slot.get(request.array).copy())
        if isinstance(request, Pull | Push):
            assert isinstance(self.store, Served)
            _tell(member, self.store.answer((now, since), me, request, taken, slot))
            self.carry(now, self.meeting.pushed(me) if isinstance(request, Push) else [])
        else:
            self.carry(now, self.meeting.ask(me, request))

    def carry(self, now: float, answers: Answers) -> None:
        """Send out the answers of a meeting."""
        members = {member.me: member for member in self.members} if answers else {}
        for me, request, answer in answers:
            member, kind = members[me], type(request).__name__.lower()
            if isinstance(request, AllReduce):  # the others have its part, so it is done
                self.store.reduced(me, member.taken)
            other = {Send: "to", Receive: "sender"}.get(type(request), "")
            where = getattr(request, other, -1)
            self.record.add(Event(now, me, kind, since=member.asked, other=where))
            _tell(member, answer if answer is None else member.slot.put(answer))

    def lose(self, member: Member) -> None:
        """A process ended that had not said so."""
        self.store.gather()
        me, ready, code = member.me, member.ready, self.part(member)
        if not ready and code > 0:
            raise RuntimeError(_NO_GUARD if code == NO_GUARD else _FAILED.format(me, code))
        now = time.monotonic() - self.start
        self.record.add(Event(now, me, "died"))
        self.carry(now, self.meeting.lost(me))
        self.begin()
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        if self.options.replace:
            life = me, self.store.taken[me]
            self.deaths[life] = self.deaths.get(life, 0) + 1
            if self.deaths[life] == _LIVES:
                raise LostError(
                    f"worker {me} died {_LIVES} times in the same place, after {life[1]} batches"
                    f" ({how}); does it have enough memory?"
                )
            self.hire(me)
            self.record.add(Event(now, me, "replaced"))
        elif not self.members and not self.finished:
            raise LostError(
                f"all {self.job.workers} workers died, the last one being worker {me} ({how});"
                " replace=True starts another in the place of each that dies"
            )


_NO_GUARD = """\
train: this script calls train when it is imported, and every worker process imports it. Write

    if __name__ == "__main__":
        parallel.train(...)

or train with backend="simulated"."""

_FAILED = (
    "train: worker {} ended with exit code {} before it began; what it printed says why. Every"
    " worker process imports the script that calls train, which must be a file and must not need"
    " what only its first run has"
)


def _tell(member: Member, answer: Any) -> None:
    """Send a message to a worker; that it died is heard from its pipe."""
    with suppress(OSError):
        member.pipe.send(answer)


@contextmanager
def _starting(threads: int) -> Iterator[None]:
    """While a process starts: pin its BLAS threads, and keep Ctrl-C, which is ours, from it.

    NumPy reads these variables as it is imported; a signal that is blocked now stays so there.
    """
    multiprocessing.resource_tracker.ensure_running()  # it would unblock the signal
    former = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
