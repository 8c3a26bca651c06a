"""Many workers in one process: a clock and seeded delays, so that a run repeats to the bit."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from microgd.arguments import real
from microgd.graph import Array
from microgd.names import choose
from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.delays import DELAYS, Delay
from microgd.parallel.events import Event, Record
from microgd.parallel.job import Job
from microgd.parallel.meeting import Answers, Meeting
from microgd.parallel.requests import Pull, Push, Receive, Request, Send, Versions
from microgd.parallel.server import Server
from microgd.parallel.shared import Shared, Write
from microgd.train.interrupt import interruptible


@dataclass(frozen=True, slots=True)
class Options:
    """How the simulated workers and their network behave; times in those of a mean gradient.

    delay    of a gradient: "constant", "exponential", "pareto", "straggler", or a function of
             (rng, worker) that draws one
    latency  of a message, one way: a pull or a push waits for two
    write    of a lock-free write of all parameters; one of a share of them takes that share

    Raises TypeError or ValueError for a delay of no known name, or a time below 0.
    """

    delay: str | Delay = "exponential"
    latency: float = 0.0
    write: float = 0.1

    def __post_init__(self) -> None:
        if not callable(self.delay):
            choose("train: delay", self.delay, DELAYS)
        for name, value in {"latency": self.latency, "write": self.write}.items():
            real("train", name, value, "give a time of 0 or more", 0)


def run(algorithm: Algorithm, job: Job, options: Options, record: Record) -> Array:
    """Run the workers' programs against a clock that jumps from event to event.

    Raises DeadlockError when the workers wait for one another.
    """
    return _Simulation(algorithm, job, options, record).run()


class _Simulation:
    """The clock, the workers, and what they share."""

    def __init__(self, algorithm: Algorithm, job: Job, options: Options, record: Record) -> None:
        self.job, self.options, self.record = job, options, record
        delay = options.delay
        self.delay = delay if callable(delay) else DELAYS[delay]
        self.replicas = [job.replica(me) for me in range(job.workers)]
        self.programs = [
            algorithm.worker(replica, me, job.workers) for me, replica in enumerate(self.replicas)
        ]
        # A stream for each, so that what one draws does not depend on when the others draw
        seeds = [np.random.SeedSequence(job.seed, spawn_key=(me,)) for me in range(job.workers)]
        self.rngs = [np.random.default_rng(seed) for seed in seeds]
        weights = self.replicas[0].weights()
        self.store: Server | Shared = (
            Shared(weights, algorithm)
            if algorithm.lock_free
            else Server(weights, algorithm, job.shards)
        )
        self.meeting = Meeting(job.workers)
        self.now, self.ticket = 0.0, count()
        self.queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.asked = [0.0] * job.workers  # when each made its last request
        self.pulled: dict[int, Array] = {}

    def run(self) -> Array:
        """The trained weights, or those so far after Ctrl-C."""
        with interruptible(self.interrupt):
            for me in range(self.job.workers):
                self.go_on(me, None)
            while self.queue and not self.record.interrupted:
                self.now, _, action, arguments = heapq.heappop(self.queue)
                action(*arguments)
        if self.meeting.waiting and not self.record.interrupted:
            raise self.meeting.deadlock(self.record.algorithm)
        return self.store.weights

    def interrupt(self) -> None:
        """End after what is under way."""
        self.record.interrupted = True

    def later(self, delay: float, action: Callable[..., None], *arguments: Any) -> None:
        """Do something after some time; of two at the same time, the one asked for first."""
        heapq.heappush(self.queue, (self.now + delay, next(self.ticket), action, arguments))

    def note(self, me: int, kind: str, push: Push | None = None, **more: Any) -> None:
        """Record what happened now."""
        more["since"] = self.asked[me]
        self.record.add(
            Event(self.now, me, kind, **more)
            if push is None
            else Event.of_push(push, self.now, me, kind, **more)
        )

    # A worker

    def go_on(self, me: int, answer: Any) -> None:
        """Let a worker compute; its next request comes when its gradients are done."""
        try:
            request = self.programs[me].send(answer)
        except StopIteration:
            request = None
        except Exception as error:
            error.add_note(f"raised by worker {me} of {self.job.workers}")
            raise
        work = self.replicas[me].work
        busy = sum(share * self.delay(self.rngs[me], me) for share in work)
        work.clear()
        self.later(busy, self.ask, me, request)

    def ask(self, me: int, request: Request | None) -> None:
        """Begin to answer a request; None: the worker is done."""
        self.asked[me], latency = self.now, self.options.latency
        if isinstance(request, Pull):
            self.later(latency, self.pull, me)
        elif isinstance(request, Push):
            self.later(latency, self.push, me, request)
        elif isinstance(request, Send):
            self.note(me, "send", other=request.to)
            self.later(latency, self.deliver, me, request)
            self.go_on(me, None)
        elif request is None:
            self.note(me, "done")
            self.later(latency, self.leave, me)  # after what it has sent
        else:
            self.answer(self.meeting.ask(me, request))

    # The parameters

    def pull(self, me: int) -> None:
        """A pull reaches the server."""
        weights, versions = self.store.pull()
        if self.job.trace:
            self.pulled[me] = weights.copy()
        self.note(me, "pull", read=versions)
        self.later(self.options.latency, self.go_on, me, (weights, versions))

    def push(self, me: int, push: Push) -> None:
        """A push reaches the server, or is to be written without one."""
        if not push.finite():
            self.note(me, "refused", push)
            self.pushed(me, None)
        elif isinstance(self.store, Server):
            staleness = self.store.push(push)
            self.applied(me, push, staleness=staleness)
        else:
            write = self.store.begin(push)
            share = len(write.new) / self.replicas[me].size
            self.later(self.options.write * share, self.stored, me, push, write)

    def stored(self, me: int, push: Push, write: Write) -> None:
        """The end of a lock-free write."""
        assert isinstance(self.store, Shared)
        staleness = float(self.store.version - push.seen[0])
        if lost := self.store.finish(write):
            self.note(me, "lost", count=lost)
        self.applied(me, push, staleness=staleness, count=len(write.new))

    def applied(self, me: int, push: Push, **more: Any) -> None:
        """Record an update that changed the parameters, and answer."""
        versions = self.store.versions
        if self.job.trace:
            place = self.pulled[me] if push.place is None else push.place
            more |= {"place": place, "centre": self.store.weights.copy()}
        self.note(me, "push", push, written=versions, **more)
        self.pushed(me, versions)

    def pushed(self, me: int, answer: Versions | None) -> None:
        """Answer a push; if it was this worker's turn, it is the next one's."""
        self.later(self.options.latency, self.go_on, me, answer)
        self.answer(self.meeting.pushed(me))

    # Workers that wait for others

    def deliver(self, sender: int, send: Send) -> None:
        """A message arrives; who sent it has gone on long since."""
        self.answer([found for found in self.meeting.ask(sender, send) if found[1] is not send])

    def leave(self, me: int) -> None:
        """A worker is done."""
        self.answer(self.meeting.leave(me))

    def answer(self, answers: Answers) -> None:
        """Let those go on that have what they waited for."""
        for me, request, answer in answers:
            other = request.sender if isinstance(request, Receive) else -1
            self.note(me, type(request).__name__.lower(), other=other)
            self.later(0.0, self.go_on, me, answer)
