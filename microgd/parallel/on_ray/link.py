"""A worker's link: its requests as calls of actors."""

import time
from dataclasses import replace
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.parallel.on_ray.journal import Call
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Pull, Push, Request, Turn, Versions
from microgd.parallel.server import cuts


class Link:
    """Answers a worker's requests by calls of the shards and of the meeting.

    first  who asks
    trace  whether pushes tell the worker's own parameters, or those that it pulled
    """

    def __init__(
        self,
        ray: Any,
        replica: Replica,
        first: Call,
        shards: list[Any],
        meeting: Any,
        *,
        trace: bool,
    ) -> None:
        self.ray, self.replica, self.call, self.shards = ray, replica, first, shards
        self.meeting, self.trace = meeting, trace
        self.places = cuts(replica.size, len(shards))
        self.pulled = replica.weights()
        self.turn = False

    def ask(self, request: Request) -> Any:
        """The answer to a request, as soon as it is there."""
        self.replica.work.clear()
        self.call = replace(
            self.call,
            number=self.call.number + 1,
            taken=self.replica.taken,
            since=time.time(),
        )
        if isinstance(request, Pull):
            return self._pull()
        if isinstance(request, Push):
            return self._push(request)
        answer = self.ray.get(self.meeting.ask.remote(self.call, request))
        self.turn = isinstance(request, Turn)
        return np.array(answer) if isinstance(answer, np.ndarray) else answer

    def _pull(self) -> tuple[Array, Versions]:
        asked = [shard.pull.remote(self.call) for shard in self.shards]
        parts, versions = zip(*self.ray.get(asked), strict=True)
        weights = np.concatenate(parts)
        if self.trace:
            self.pulled = weights.copy()
        return weights, versions

    def _push(self, push: Push) -> Versions | None:
        versions = None
        if push.finite():
            place = self.pulled if push.place is None else push.place
            asked = [
                shard.push.remote(self.call, replace(push, update=push.update[p], place=at))
                for shard, p in zip(self.shards, self.places, strict=True)
                for at in [place[p] if self.trace else None]
            ]
            versions = tuple(self.ray.get(asked))
        else:
            said = replace(push, update=push.update[:0], place=None)
            self.ray.get(self.meeting.refused.remote(self.call, said))
        if self.turn:
            self.turn = False
            self.ray.get(self.meeting.pushed.remote(self.call.worker))
        return versions
