"""run: an algorithm's workers as actors of Ray, until all are done."""

import time
from contextlib import ExitStack, suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.parallel import processes
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.errors import DeadlockError, LostError, WorkerError
from microgd.parallel.events import Record
from microgd.parallel.job import Job
from microgd.parallel.on_ray.actors import DEAD, MeetingActor, ShardActor, Worker
from microgd.parallel.on_ray.cluster import cluster
from microgd.parallel.on_ray.journal import Call, Journal
from microgd.parallel.server import cuts
from microgd.train.checkpoint import save_checkpoint
from microgd.train.interrupt import interruptible

_BEAT = 0.1  # seconds from one look at the actors to the next
_LIVES = 4  # deaths of a worker without a step in between that are one too many


@dataclass(frozen=True, slots=True)
class Options(processes.Options):
    """Where the actors of Ray are; and all that can be said of processes.

    address  HOST:PORT of a running cluster's head, or "auto" for one that runs here; None: Ray is
             started on this machine for the run, unless it is in use already
    threads  also how many processors of the cluster a worker takes

    Raises TypeError for an address that is no text.
    """

    address: str | None = None

    def __post_init__(self) -> None:
        processes.Options.__post_init__(self)
        if self.address is not None and not isinstance(self.address, str):
            raise TypeError(
                f"train: address is {self.address!r:.60}; give HOST:PORT of a cluster's head"
            )


def run(algorithm: Algorithm, job: Job, options: Options, record: Record) -> Array:
    """Train with actors of Ray; the trained weights, or those so far after Ctrl-C.

    Raises ValueError for a lock-free algorithm or more workers than the cluster has room for;
    ConnectionError where no cluster is; ModuleNotFoundError if Ray is not installed; WorkerError
    for an exception in a worker; LostError if the server died, or too many workers to go on.
    """
    if algorithm.lock_free:
        raise ValueError(
            f"train: {algorithm.name}: its workers write to memory that they share, and actors of"
            " Ray share none; train with backend='processes' or 'simulated', or by 'downpour'"
        )
    with cluster(options.address, job.workers, options.threads) as ray:
        return _Run(ray, algorithm, job, options, record).run()


class _Run:
    """The actors of one run, and what is known of them."""

    def __init__(
        self, ray: Any, algorithm: Algorithm, job: Job, options: Options, record: Record
    ) -> None:
        self.ray, self.job, self.options, self.record = ray, job, options, record
        self.journal, self.saved = Journal(record, job.shards), time.monotonic()
        weights = job.whole().weights()
        here = _here(ray) if job.shards == 1 else {"num_cpus": 0, "scheduling_strategy": "SPREAD"}
        self.shards = [
            ray.remote(**here)(ShardActor).remote(weights[place], algorithm, index, job.trace)
            for index, place in enumerate(cuts(len(weights), job.shards))
        ]
        self.meeting = ray.remote(**_here(ray))(MeetingActor).remote(job.workers, algorithm.name)
        self.told = ray.put(algorithm), ray.put(job)
        self.workers: dict[Call, Any] = {}
        self.lives: dict[Any, Call] = {}
        self.deaths: dict[tuple[int, int], int] = {}

    def run(self) -> Array:
        """Let the workers work; the weights in the end."""
        with ExitStack() as stack:
            stack.callback(self._end)
            stack.enter_context(interruptible(self._interrupt))
            try:
                for worker in range(self.job.workers):
                    self._hire(Call(worker, 0, 0, 0, 0.0))
                while self.lives and not self.record.interrupted:
                    over, _ = self.ray.wait(list(self.lives), timeout=_BEAT)
                    self._fetch()
                    for life in over:
                        self._over(self.lives.pop(life), life)
                    if time.monotonic() > self.saved + self.options.every:
                        self._save()
                self._dismiss()
                return self._weights()
            except self.ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, LostError | DeadlockError):
                    raise error.cause from None
                raise RuntimeError(_UNREAD.format(_last_line(error))) from error
            except self.ray.exceptions.RayActorError as error:
                if error.actor_init_failed:
                    raise RuntimeError(_UNREAD.format(_last_line(error))) from error
                raise LostError(DEAD) from error

    def _interrupt(self) -> None:
        """The first Ctrl-C."""
        self.record.interrupted = True

    def _hire(self, first: Call) -> None:
        """Start a worker."""
        place = {"num_cpus": self.options.threads, "scheduling_strategy": "SPREAD"}
        actor = self.workers[first] = self.ray.remote(**place)(Worker).remote()
        life = actor.work.remote(*self.told, first, self.shards, self.meeting)
        self.lives[life] = first

    def _fetch(self) -> None:
        """Take over what the shards and the meeting took down; raises if one of them is dead."""
        logs = self.ray.get([shard.fetch.remote() for shard in self.shards])
        start, met = self.ray.get(self.meeting.fetch.remote())
        self.journal.start = start or time.time()
        for shard, log in enumerate(logs):
            self.journal.take(shard, log)
        for entry in met:
            self.journal.add(entry)

    def _over(self, who: Call, life: Any) -> None:
        """A worker's life is over."""
        try:
            how, why = self.ray.get(life)
        except self.ray.exceptions.RayActorError:
            self._died(who)
            return
        if how == "raised":
            raise WorkerError(who.worker, why)
        if how == "ended":
            raise why
        self.journal.note(who.worker, "done")
        self.ray.kill(self.workers.pop(who))  # its place may be wanted for another
        self.ray.get(self.meeting.leave.remote(who.worker))

    def _died(self, who: Call) -> None:
        """A worker died: the others go on, and one comes in its place if that was asked for."""
        worker = who.worker
        self.journal.note(worker, "died")
        self._bury(who)
        self.ray.get(self.meeting.lost.remote(worker))
        place = worker, self.journal.taken[worker]
        self.deaths[place] = self.deaths.get(place, 0) + 1
        if self.options.replace:
            if self.deaths[place] == _LIVES:
                raise LostError(_AGAIN.format(worker, _LIVES, place[1]))
            self.journal.note(worker, "replaced")
            self._hire(Call(worker, who.life + 1, 0, place[1], 0.0))
        elif not self.lives and not self.record.of("done"):
            raise LostError(_ALL.format(self.job.workers, worker))

    def _weights(self) -> Array:
        return np.concatenate(self.ray.get([shard.weights.remote() for shard in self.shards]))

    def _save(self) -> None:
        """Write a checkpoint, if one is wanted."""
        if self.options.checkpoint is not None:
            model = deepcopy(self.job.model)
            replace(self.job, model=model).whole().load(self._weights())
            save_checkpoint(self.options.checkpoint, model)
            self.saved = time.monotonic()

    def _bury(self, who: Call) -> None:
        """Take in the last of what a worker did that has died, or is to."""
        self.ray.kill(self.workers.pop(who))
        self.ray.get([shard.bury.remote(who.worker, who.life) for shard in self.shards])
        self._fetch()
        self.journal.bury(who.worker)

    def _dismiss(self) -> None:
        """End the workers."""
        while self.workers:
            self._bury(next(iter(self.workers)))

    def _end(self) -> None:
        """Save what there is, and leave no actor behind."""
        with suppress(self.ray.exceptions.RayError):
            self._dismiss()
            self._save()
        self.journal.close()
        for actor in (*self.workers.values(), *self.shards, self.meeting):
            self.ray.kill(actor)


def _here(ray: Any) -> dict[str, Any]:
    """Where an actor is that should not die with another machine than the caller's."""
    node = ray.get_runtime_context().get_node_id()
    affinity = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
    return {"num_cpus": 0, "scheduling_strategy": affinity(node, soft=False)}


def _last_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1].strip()


_UNREAD = (
    "train: an actor of Ray cannot begin: {}; each machine of the cluster needs microgd, and the"
    " modules that define model, loss and algorithm, in the same versions as here"
)

_AGAIN = "worker {} died {} times in the same place, after {} batches; does it have enough memory?"

_ALL = (
    "all {} workers died, the last one being worker {}; replace=True starts another in the place"
    " of each that dies"
)
