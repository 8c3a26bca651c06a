"""Downpour SGD: workers fetch and push when it suits them, and a server adds up what comes."""

import numpy as np

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

    Algorithm 7.1 of Dean et al. (2012, https://papers.nips.cc/paper/4687), appendix; with
    `adagrad` the server gives each parameter a rate of its own, as there in section 4.1.
    """

    def __init__(
        self, lr: float = 0.1, n_fetch: int = 1, n_push: int = 1, adagrad: bool = False
    ) -> None:
        super().__init__(lr)
        self.n_fetch, self.n_push, self.adagrad = n_fetch, n_push, adagrad

    def worker(self, replica: Replica, me: int, workers: int) -> Program:  # noqa: ARG002
        """What each worker does."""
        accrued = np.zeros(replica.size)
        for step, (x, y) in enumerate(replica.batches()):
            if step % self.n_fetch == 0:
                w, seen = yield Pull()
            g = replica.gradient(w, x, y)
            accrued += g
            w -= self.lr * g
            if (step + 1) % self.n_push == 0:
                yield Push(accrued, seen, replica.loss)
                accrued = np.zeros(replica.size)

    def rule(self, shard: list[Tensor]) -> Optimizer:
        """Gradient descent, or Adagrad."""
        return (Adagrad if self.adagrad else SGD)(shard, lr=self.lr)
