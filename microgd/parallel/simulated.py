"""Many workers in one process: a clock and seeded delays, so that a run repeats to the bit."""

import heapq
from collections import defaultdict, deque
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
from microgd.parallel.requests import (
    AllReduce,
    Barrier,
    Pull,
    Push,
    Receive,
    Request,
    Send,
    Turn,
    Versions,
)
from microgd.parallel.server import Server
from microgd.parallel.shared import Shared, Write


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


class DeadlockError(RuntimeError):
    """All workers wait, each for another."""


def run(algorithm: Algorithm, job: Job, options: Options, record: Record) -> Array:
    """Run the workers' programs against a clock that jumps from event to event.

    Raises DeadlockError when the workers wait for one another.
    """
    return _Simulation(algorithm, job, options, record).run()


class _Simulation:
    """The clock, the workers, and who waits for whom."""

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
        self.now, self.ticket = 0.0, count()
        self.queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.active = set(range(job.workers))
        self.waiting: dict[int, tuple[Request, float]] = {}
        self.mail: dict[tuple[int, int], deque[Array]] = defaultdict(deque)
        self.turn_of: int | None = None
        self.next_turn = 0
        self.pulled: dict[int, Array] = {}

    def run(self) -> Array:
        """The trained weights."""
        for me in range(self.job.workers):
            self.go_on(me, None)
        while self.queue:
            self.now, _, action, arguments = heapq.heappop(self.queue)
            action(*arguments)
        if self.waiting:
            raise DeadlockError(self.deadlock())
        return self.store.weights

    def later(self, delay: float, action: Callable[..., None], *arguments: Any) -> None:
        """Do something after some time; of two at the same time, the one asked for first."""
        heapq.heappush(self.queue, (self.now + delay, next(self.ticket), action, arguments))

    def note(self, me: int, kind: str, since: float, **more: Any) -> None:
        """Record what happened now."""
        self.record.add(Event(self.now, me, kind, since=since, **more))

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
        since, latency = self.now, self.options.latency
        if isinstance(request, Pull):
            self.later(latency, self.pull, me, since)
        elif isinstance(request, Push):
            self.later(latency, self.push, me, request, since)
        elif isinstance(request, Send):
            self.later(latency, self.deliver, me, request)
            self.note(me, "send", since, other=request.to)
            self.go_on(me, None)
        elif request is None:
            self.active.discard(me)
            self.note(me, "done", since)
            self.pass_turn(me)
            self.settle()
        else:
            self.waiting[me] = request, since
            self.settle()

    # The parameters

    def pull(self, me: int, since: float) -> None:
        """A pull reaches the server."""
        weights, versions = self.store.pull()
        if self.job.trace:
            self.pulled[me] = weights.copy()
        self.note(me, "pull", since, read=versions)
        self.later(self.options.latency, self.go_on, me, (weights, versions))

    def push(self, me: int, push: Push, since: float) -> None:
        """A push reaches the server, or is to be written without one."""
        if not push.finite():
            self.note(me, "refused", since, read=push.seen, loss=push.loss)
            self.pushed(me, None)
        elif isinstance(self.store, Server):
            staleness = self.store.push(push)
            self.applied(me, push, since, staleness=staleness)
        else:
            write = self.store.begin(push)
            share = len(write.new) / len(push.update)
            self.later(self.options.write * share, self.store_write, me, push, write, since)

    def store_write(self, me: int, push: Push, write: Write, since: float) -> None:
        """The end of a lock-free write."""
        assert isinstance(self.store, Shared)
        staleness = self.store.version - push.seen[0]
        lost = self.store.finish(write)
        if lost:
            self.note(me, "lost", since, count=lost)
        self.applied(me, push, since, staleness=float(staleness), count=len(write.new))

    def applied(self, me: int, push: Push, since: float, **more: Any) -> None:
        """Record an update that changed the parameters, and answer."""
        versions = self.store.versions
        if self.job.trace:
            place = self.pulled[me] if push.place is None else push.place
            more |= {"place": place, "centre": self.store.weights.copy()}
        self.note(me, "push", since, read=push.seen, written=versions, loss=push.loss, **more)
        self.pushed(me, versions)

    def pushed(self, me: int, answer: Versions | None) -> None:
        """Answer a push; if it was this worker's turn, it is the next one's."""
        self.later(self.options.latency, self.go_on, me, answer)
        self.pass_turn(me)

    # Workers that wait for others

    def deliver(self, sender: int, send: Send) -> None:
        """A message arrives."""
        self.mail[sender, send.to].append(send.array)
        self.settle()

    def pass_turn(self, me: int) -> None:
        """End a turn, if this worker has it."""
        if self.turn_of == me:
            self.turn_of, self.next_turn = None, me + 1
            self.settle()

    def settle(self) -> None:
        """Answer all who have what they waited for."""
        for me, (request, _) in sorted(self.waiting.items()):
            box = self.mail[request.sender, me] if isinstance(request, Receive) else None
            if box:
                self.release(me, box.popleft(), "receive", other=request.sender)
        asked = [request for _, (request, _) in sorted(self.waiting.items())]
        together = len(asked) == len(self.active)
        if together and all(isinstance(request, Barrier) for request in asked):
            for me in sorted(self.waiting):
                self.release(me, None, "barrier")
        elif together and asked and all(isinstance(request, AllReduce) for request in asked):
            total = sum(request.array for request in asked)
            for me in sorted(self.waiting):
                self.release(me, total.copy(), "reduce")
        elif self.turn_of is None and self.active:
            # round and round: the next by number, or the first of all
            after = min(self.active, key=lambda me: (me < self.next_turn, me))
            if after in self.waiting and isinstance(self.waiting[after][0], Turn):
                self.turn_of = after
                self.release(after, None, "turn")

    def release(self, me: int, answer: Any, kind: str, **more: Any) -> None:
        """Answer a worker that waited."""
        _, since = self.waiting.pop(me)
        self.note(me, kind, since, **more)
        self.later(0.0, self.go_on, me, answer)

    def deadlock(self) -> str:
        """Who waits for what."""
        said = [
            f"worker {me} at {_words(request)}" for me, (request, _) in sorted(self.waiting.items())
        ]
        done = sorted(set(range(self.job.workers)) - self.active)
        rest = f", and {', '.join(map(str, done))} are done" if done else ""
        return f"{self.record.algorithm}: all wait for one another: {', '.join(said)}{rest}"


def _words(request: Request) -> str:
    name = type(request).__name__
    return f"{name} from worker {request.sender}" if isinstance(request, Receive) else name
