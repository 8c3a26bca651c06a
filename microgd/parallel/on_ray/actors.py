"""The actors: a shard of the parameter server, the place where workers meet, and a worker."""

import asyncio
import time
import traceback
from importlib import import_module
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.parallel import heap
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.driver import drive
from microgd.parallel.errors import DeadlockError, LostError
from microgd.parallel.job import Job
from microgd.parallel.meeting import Answers, Meeting
from microgd.parallel.on_ray.journal import Call, Entry, Log
from microgd.parallel.on_ray.link import Link
from microgd.parallel.requests import Push, Receive, Request, Send
from microgd.parallel.server import Shard

DEAD = "the parameter server died, or a part of it; begin anew, or go on from a checkpoint"


class ShardActor:
    """A shard of the parameter server. Ray carries out one call after the other, each at most once.

    index  which shard it is
    trace  whether pushes tell the parameters after them
    """

    def __init__(self, weights: Array, algorithm: Algorithm, index: int, trace: bool) -> None:
        self.shard = Shard(np.array(weights), algorithm)  # its own: what Ray hands over is for all
        self.index, self.trace, self.log = index, trace, Log()
        self.buried: set[tuple[int, int]] = set()

    def pull(self, call: Call) -> tuple[Array, int]:
        """The weights, and their version."""
        weights, version = self.shard.pull()
        self.log.note(call, "pull", read=(version,))
        return weights, version

    def push(self, call: Call, push: Push) -> int:
        """Apply this shard's part of an update; the version afterwards."""
        if (call.worker, call.life) in self.buried:
            return self.shard.version  # nobody waits for the answer
        staleness = float(self.shard.push(push.update, push.seen[self.index]))
        version = self.shard.version
        centre = self.shard.tensor.numpy() if self.trace else None
        more = {"written": (version,), "staleness": staleness}
        self.log.note_push(call, push, "push", place=push.place, centre=centre, **more)
        return version

    def bury(self, worker: int, life: int) -> None:
        """Take no more updates of this life: what is still on its way would be done again."""
        self.buried.add((worker, life))

    def weights(self) -> Array:
        """The weights, for whoever is no worker."""
        return self.shard.tensor.numpy()

    def fetch(self) -> list[Entry]:
        """What was taken down since the last time."""
        return self.log.fetch()


class MeetingActor:
    """Where workers begin together, wait for one another, and tell of updates that they keep.

    workers    how many
    algorithm  its name
    """

    def __init__(self, workers: int, algorithm: str) -> None:
        self.meeting, self.algorithm, self.log = Meeting(workers), algorithm, Log()
        self.alive = set(range(workers))
        self.expected, self.start = set(range(workers)), 0.0
        self.begun = asyncio.Event()
        self.lives = [0] * workers
        self.open: dict[int, tuple[Call, asyncio.Future[Any]]] = {}

    async def begin(self, worker: int) -> None:
        """Wait until all workers are ready; one that takes another's place does not wait."""
        self.alive.add(worker)
        self._expect(worker)
        await self.begun.wait()

    async def ask(self, call: Call, request: Request) -> Any:
        """The answer to a request, when it is there."""
        future = asyncio.get_running_loop().create_future()
        if call.life == self.lives[call.worker]:  # else it is the last cry of one that is dead
            self.open[call.worker] = call, future
            self._answer(self.meeting.ask(call.worker, request))
        return await future

    async def pushed(self, worker: int) -> None:
        """A worker has pushed: its turn is over."""
        self._answer(self.meeting.pushed(worker))

    async def refused(self, call: Call, push: Push) -> None:
        """A worker has an update that is not finite; its arrays are not sent."""
        self.log.note_push(call, push, "refused")

    async def leave(self, worker: int) -> None:
        """A worker is done."""
        self.alive.discard(worker)
        self._answer(self.meeting.leave(worker))

    async def lost(self, worker: int) -> None:
        """A worker has died."""
        self.lives[worker] += 1
        self.open.pop(worker, None)
        self.alive.discard(worker)
        self._expect(worker)
        self._answer(self.meeting.lost(worker))

    async def fetch(self) -> tuple[float, list[Entry]]:
        """When the workers began, and what was taken down since the last time."""
        return self.start, self.log.fetch()

    def _expect(self, worker: int) -> None:
        """Expect one worker less, and begin with the last."""
        self.expected.discard(worker)
        if not self.expected and not self.begun.is_set():
            self.start = time.time()
            self.begun.set()

    def _answer(self, answers: Answers) -> None:
        """Let those go on that have what they waited for. Raises DeadlockError if nobody can."""
        for worker, request, answer in answers:
            call, future = self.open.pop(worker)
            other = -1
            if isinstance(request, Send):
                other = request.to
            elif isinstance(request, Receive):
                other = request.sender
            self.log.note(call, type(request).__name__.lower(), other=other)
            future.set_result(answer)
        if self.alive and self.alive <= set(self.meeting.waiting):
            raise self.meeting.deadlock(self.algorithm)


class Worker:
    """A worker, which makes its replica and runs its program."""

    def work(
        self, algorithm: Algorithm, job: Job, first: Call, shards: list[Any], meeting: Any
    ) -> tuple[str, str | RuntimeError]:
        """Its life: "done", or "raised" and the traceback, or why it could not go on: an error.

        first  who it is, and how many batches were done before it
        """
        ray = import_module("ray")
        try:
            heap.keep()
            replica = job.replica(first.worker, first.taken)
            ray.get(meeting.begin.remote(first.worker))
            link = Link(ray, replica, first, shards, meeting, trace=job.trace)
            drive(algorithm.worker(replica, first.worker, job.workers), link)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, LostError | DeadlockError):
                return "ended", error.cause
            return "raised", traceback.format_exc()
        except ray.exceptions.RayError:
            return "ended", LostError(DEAD)
        except Exception:  # noqa: BLE001 - whatever it is, the user is to see it
            return "raised", traceback.format_exc()
        return "done", ""
