"""Elastic averaging: each worker explores for itself, on a spring to a common centre."""

from typing import Literal

import numpy as np

from microgd.arguments import real, whole
from microgd.names import choose
from microgd.norms import norm
from microgd.optim import SGD, Optimizer
from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program, Pull, Push, Turn
from microgd.tensor import Tensor


class EASGD(Algorithm):
    """Elastic averaging SGD; with momentum, EAMSGD.

        every tau steps:  pull = alpha * (x - centre),  alpha = lr * rho;  else pull = 0
                          centre = centre + pull
        v = momentum * v - lr * gradient(x + momentum * v, next batch)
        x = x + v - pull

    lr        learning rate, eta in the paper
    rho       strength of the spring: a weaker one leaves more room to explore
    tau       steps from one exchange with the centre to the next
    momentum  of each worker, from 0 to below 1; delta in the paper
    order     "asynchronous": a worker meets the centre when it gets there; or "round-robin": the
              workers take turns

    Gradient and pull are both of x as it was before the step, as in algorithms 1 and 2 of Zhang,
    Choromanska and LeCun (2015, https://arxiv.org/abs/1412.6651). The centre is the model that is
    trained; a worker whose pull is refused, for its x is not finite, starts anew there. Raises
    TypeError or ValueError for an option out of range.

    >>> EASGD(lr=0.1, rho=2.0).alpha
    0.2
    """

    def __init__(
        self,
        lr: float = 0.1,
        rho: float = 1.0,
        tau: int = 1,
        momentum: float = 0.0,
        order: Literal["asynchronous", "round-robin"] = "asynchronous",
    ) -> None:
        super().__init__(lr)
        self.rho = real("EASGD", "rho", rho, "give a strength of 0 or more", 0)
        self.tau = whole("EASGD", "tau", tau, 1, "give 1 or more")
        way_out = "give a share from 0 to below 1"
        self.momentum = real("EASGD", "momentum", momentum, way_out, 0, np.nextafter(1, 0))
        self.order = choose("EASGD: order", order, {o: o for o in ("asynchronous", "round-robin")})

    @property
    def alpha(self) -> float:
        """The share of the way to the centre that the spring pulls in one exchange."""
        return self.lr * self.rho

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What each worker does."""
        x, _ = yield Pull()
        v = np.zeros_like(x)
        for step, (inputs, targets) in enumerate(replica.batches()):
            ahead = self.momentum * v
            v = ahead - self.lr * replica.gradient(x + ahead, inputs, targets)
            pull = None
            if step % self.tau == 0:
                if self.order == "round-robin":
                    yield Turn()
                centre, seen = yield Pull()
                pull = self.alpha * (x - centre)
                apart = norm(x - centre)
                if (yield Push(-pull, seen, replica.loss, place=x, distance=apart)) is None:
                    x, v, pull = centre, np.zeros_like(x), None
            x = x + v if pull is None else x + v - pull

    def rule(self, shard: list[Tensor]) -> Optimizer:
        """The centre takes a pull as it is."""
        return SGD(shard, lr=1.0)
