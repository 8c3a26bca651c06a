"""Synchronous data parallel: one step together, on the shares of one batch."""

from collections.abc import Generator
from typing import Any

import numpy as np

from microgd.arguments import real
from microgd.graph import Array
from microgd.optim import SGD, Optimizer
from microgd.parallel.algorithms.algorithm import Algorithm, Shares
from microgd.parallel.replica import Replica
from microgd.parallel.requests import AllReduce, Barrier, Program, Pull, Push, Request
from microgd.tensor import Tensor

Part = tuple[Array, int]
"""The sum of the gradients of some rows, and how many rows."""


class Synchronous(Algorithm):
    """SGD in step: what one worker would do on the whole batch, shared out by rows.

        g[k] = sum of the gradients of worker k's rows of the batch
        g = (g[0] + ... + g[K - 1]) / rows of the batch          (all-reduce)
        w = w - lr * g                                           (by the server)

    lr        learning rate
    momentum  of the server's rule, from 0 to below 1

    The first worker that had rows hands the reduced gradient to the server, and all wait for it.
    To rounding the same as one worker on the whole batch, whatever the number of workers; all wait
    for the slowest (as in Dean et al. 2012 against Downpour, https://papers.nips.cc/paper/4687;
    Goyal et al. 2017, https://arxiv.org/abs/1706.02677). Raises TypeError or ValueError for an
    option out of range.

    >>> Synchronous(lr=0.1)
    Synchronous(lr=0.1, momentum=0.0)
    """

    shares: Shares = "batches"

    def __init__(self, lr: float = 0.1, momentum: float = 0.0) -> None:
        super().__init__(lr)
        way_out = "give a share from 0 to below 1"
        self.momentum = real(self.name, "momentum", momentum, way_out, 0, np.nextafter(1, 0))

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What each worker does."""
        w, seen = yield Pull()
        for x, y in replica.batches():
            g, mine = yield from self.part(replica, w, x, y, me, workers)
            rows = np.zeros(workers + 1, w.dtype)  # how many each had; at the end, their losses
            rows[me], rows[-1] = mine, mine * replica.loss if mine else 0.0
            total = yield AllReduce(np.concatenate([g, rows]))
            g, rows, loss = total[: len(g)], total[len(g) : -1], total[-1]
            if me == np.flatnonzero(rows)[0]:
                yield Push(g / rows.sum(), seen, float(loss / rows.sum()))
            yield Barrier()
            w, seen = yield Pull()

    def part(
        self,
        replica: Replica,
        w: Array,
        x: Array,
        y: Array,
        me: int,
        workers: int,
    ) -> Generator[Request, Any, Part]:
        """The part of a batch's gradient that this worker has to give."""
        yield from ()  # it needs nobody for it
        return (len(x) * replica.gradient(w, x, y) if len(x) else np.zeros_like(w)), len(x)

    def rule(self, shard: list[Tensor]) -> Optimizer:
        """Gradient descent, with momentum if wanted."""
        return SGD(shard, lr=self.lr, momentum=self.momentum)
