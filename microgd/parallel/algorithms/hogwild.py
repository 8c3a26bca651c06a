"""Hogwild!: workers write to the shared parameters without asking anybody."""

import numpy as np

from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program, Pull, Push


class Hogwild(Algorithm):
    """Lock-free SGD on shared parameters.

        w = the parameters as they are now
        g = gradient(w, next batch)
        for every v with g[v] != 0:  parameters[v] = parameters[v] - lr * g[v]

    lr      learning rate
    sparse  whether to write only where the gradient is not zero; else everywhere

    Algorithm 1 of Niu, Recht, Ré and Wright (2011, https://arxiv.org/abs/1106.5730). Theirs adds
    to each number in one atomic step; here, as with NumPy on shared memory, a write reads, adds
    and stores, and undoes what others stored in between. With sparse data two workers rarely meet
    in the same place, so hardly anything is lost. Raises TypeError or ValueError for a rate below
    0.

    >>> Hogwild(lr=0.1, sparse=False)
    Hogwild(lr=0.1, sparse=False)
    """

    lock_free = True

    def __init__(self, lr: float = 0.1, sparse: bool = True) -> None:
        super().__init__(lr)
        self.sparse = bool(sparse)

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What each worker does."""
        for x, y in replica.batches():
            w, seen = yield Pull()
            g = replica.gradient(w, x, y)
            at = np.flatnonzero(g) if self.sparse else None
            yield Push(g if at is None else g[at], seen, replica.loss, at)
