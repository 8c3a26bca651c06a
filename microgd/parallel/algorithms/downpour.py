"""Downpour SGD: workers fetch and push when it suits them, and a server adds up what comes."""

import numpy as np

from microgd.arguments import whole
from microgd.optim import SGD, Adagrad, Optimizer
from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program, Pull, Push
from microgd.tensor import Tensor


class Downpour(Algorithm):
    """Asynchronous SGD with a parameter server.

        every n_fetch steps:  w = the server's parameters
        g = gradient(w, next batch);  accrued += g;  w = w - lr * g
        every n_push steps:   the server takes accrued as its gradient;  accrued = 0

    lr       learning rate, of the server and of the steps between fetches
    n_fetch  steps from one fetch to the next
    n_push   steps from one push to the next; what has accrued in the end is pushed, too
    adagrad  whether the server gives each parameter a rate of its own

    Algorithm 7.1 of Dean et al. (2012, https://papers.nips.cc/paper/4687), appendix; Adagrad as
    there in section 4.1. After a push that the server refused, the worker fetches anew. Raises
    TypeError or ValueError for an option out of range.

    >>> Downpour(n_push=0)
    Traceback (most recent call last):
    ValueError: Downpour: n_push is 0; give 1 or more
    """

    def __init__(
        self, lr: float = 0.1, n_fetch: int = 1, n_push: int = 1, adagrad: bool = False
    ) -> None:
        super().__init__(lr)
        self.n_fetch = whole("Downpour", "n_fetch", n_fetch, 1, "give 1 or more")
        self.n_push = whole("Downpour", "n_push", n_push, 1, "give 1 or more")
        self.adagrad = bool(adagrad)

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What each worker does."""
        fetch, accrued, steps = True, np.zeros(0), 0
        for step, (x, y) in enumerate(replica.batches()):
            if fetch or step % self.n_fetch == 0:
                w, seen = yield Pull()
            g = replica.gradient(w, x, y)
            accrued = accrued + g if steps else g
            w -= self.lr * g
            steps, fetch = steps + 1, False
            if steps == self.n_push:
                fetch = (yield Push(accrued, seen, replica.loss)) is None
                steps = 0
        if steps:
            yield Push(accrued, seen, replica.loss)

    def rule(self, shard: list[Tensor]) -> Optimizer:
        """Gradient descent, or Adagrad."""
        return (Adagrad if self.adagrad else SGD)(shard, lr=self.lr)
