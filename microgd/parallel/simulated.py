"""Many workers in one process: a clock and seeded delays, so that a run repeats to the bit."""

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.events import Event, Record
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program, Pull, Push, Request
from microgd.parallel.server import Server

Delay = Callable[["np.random.Generator", int], float]
"""How long a worker takes for one gradient, in simulated seconds."""


def simulate(
    algorithm: Algorithm, replicas: Sequence[Replica], shards: int, delay: Delay, seed: int
) -> tuple[Record, Server]:
    """Run the workers' programs against a clock that jumps from event to event."""
    rng = np.random.default_rng(seed)
    server = Server(replicas[0].weights(), algorithm, shards)
    record = Record(algorithm.name, "simulated", len(replicas))
    programs = [algorithm.worker(r, me, len(replicas)) for me, r in enumerate(replicas)]
    ticket, queue = count(), list[tuple[float, int, int, Request]]()

    def go_on(me: int, now: float, answer: Any) -> None:
        """Let a worker run to its next request, which comes when its gradients are computed."""
        before = replicas[me].gradients
        request = _next(programs[me], answer)
        if request is None:
            record.events.append(Event(now, me, "done"))
            return
        for _ in range(replicas[me].gradients - before):
            now += delay(rng, me)
        heapq.heappush(queue, (now, next(ticket), me, request))

    for me in range(len(replicas)):
        go_on(me, 0.0, None)
    while queue:
        now, _, me, request = heapq.heappop(queue)
        answer: Any = None
        if isinstance(request, Pull):
            answer = server.pull()
            record.events.append(Event(now, me, "pull", answer[1]))
        elif isinstance(request, Push):
            stale = server.push(request)
            kind, staleness = ("refused", 0.0) if stale is None else ("push", stale)
            read, made = request.seen, server.versions
            record.events.append(Event(now, me, kind, read, made, staleness, request.loss))
            answer = None if stale is None else made
        else:
            raise NotImplementedError(request)
        go_on(me, now, answer)
    return record, server


def _next(program: Program, answer: Any) -> Request | None:
    try:
        return program.send(answer)
    except StopIteration:
        return None
