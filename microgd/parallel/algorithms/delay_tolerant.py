"""Delay-tolerant SGD: an update counts the less, the longer it has been on its way."""

import math

import numpy as np

from microgd.arguments import real
from microgd.graph import Array
from microgd.optim import Optimizer
from microgd.optim.optimizer import Options
from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program, Pull, Push
from microgd.tensor import Tensor


class _PullPush(Algorithm):
    """Workers that compute one gradient after the other, each from fresh parameters.

    naive  whether the server takes every gradient for fresh: to see what its delay costs
    """

    def __init__(self, lr: float, naive: bool) -> None:
        super().__init__(lr)
        self.naive = bool(naive)

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What each worker does."""
        for x, y in replica.batches():
            w, seen = yield Pull()
            yield Push(replica.gradient(w, x, y), seen, replica.loss)


class AdaDelay(_PullPush):
    """A rate that falls with the number of updates and with the delay of this one.

        rate(t, tau) = lr / (lr * smoothness + sqrt(t + tau))
        w = w - rate(t, tau) * g

    t counts the server's updates from 1, and tau those since the gradient's parameters were read.

    lr          1 / c in the paper
    smoothness  L, the largest curvature, which keeps the first rates below 1 / L
    naive       whether tau is taken for 0

    Sra, Yu, Li and Smola (2016, https://proceedings.mlr.press/v51/sra16.html), where
    rate = 1 / (L + c * sqrt(t + tau)). Raises TypeError or ValueError for an option out of range.

    >>> rule = AdaDelay(lr=1.0)
    >>> rule.rate(t=1, tau=0), rule.rate(t=1, tau=3)
    (1.0, 0.5)
    """

    def __init__(self, lr: float = 1.0, smoothness: float = 0.0, naive: bool = False) -> None:
        super().__init__(lr, naive)
        way_out = "give a curvature of 0 or more"
        self.smoothness = real("AdaDelay", "smoothness", smoothness, way_out, 0)

    def rate(self, t: int, tau: int) -> float:
        """The rate of update number t, whose gradient is tau updates old."""
        return self.lr / (self.lr * self.smoothness + math.sqrt(t + tau))

    def weigh(self, rule: Optimizer, staleness: int, version: int) -> None:
        """Set the rate of this update."""
        rate = self.rate(version + 1, 0 if self.naive else staleness)
        rule.param_groups[0]["lr"] = rate


class AdaptiveRevision(_PullPush):
    """Adagrad that knows of delays, and takes back what it did too fast.

        back = sum of the gradients applied since this one's parameters were read
        old = lr / sqrt(z_max);  z = z + g**2 + 2 * g * back;  z_max = max(z_max, z)
        new = lr / sqrt(z_max)
        w = w - new * g + (old - new) * back

    for each weight, from z = z_max = 1. The last term revises the updates that this gradient could
    not see yet: had it been there in time, they would have had the new rate.

    lr     alpha in the paper
    naive  whether `back` is taken for 0, which leaves Adagrad

    McMahan and Streeter (2014, https://papers.nips.cc/paper/5242). Raises TypeError or ValueError
    for an option out of range.

    >>> AdaptiveRevision(lr=0.5)
    AdaptiveRevision(lr=0.5, naive=False)
    """

    def __init__(self, lr: float = 0.1, naive: bool = False) -> None:
        super().__init__(lr, naive)

    def rule(self, shard: list[Tensor]) -> Optimizer:
        """The rule above."""
        return Revision(shard, lr=self.lr)

    def read(self, rule: Optimizer, version: int) -> None:
        """Keep the sum of the gradients up to this version."""
        assert isinstance(rule, Revision)
        if not self.naive:
            rule.keep(version)

    def weigh(self, rule: Optimizer, staleness: int, version: int) -> None:
        """Say from which version the next gradient is."""
        assert isinstance(rule, Revision)
        rule.see(None if self.naive else rule.kept(version - staleness))


class Revision(Optimizer):
    """The server's part of `AdaptiveRevision`.

    Of its slots, `sum` is of all gradients, and `seen` of those up to the version that the next one
    was computed from.
    """

    slots = ("sum", "seen", "z", "z_max")

    def __init__(self, params: list[Tensor], lr: float) -> None:
        super().__init__(params, lr=lr, weight_decay=0.0)
        self._kept: dict[int, tuple[int, Array]] = {}  # by version: how many may ask, and the sum

    def keep(self, version: int) -> None:
        """Remember the sum at this version until a gradient from there comes."""
        asking, total = self._kept.get(version, (0, None))
        if total is None:
            total = self._sums()["sum"].copy()
        self._kept[version] = asking + 1, total

    def kept(self, version: int) -> Array:
        """The sum at this version; forgotten when nobody else can ask for it."""
        asking, total = self._kept.pop(version)
        if asking > 1:
            self._kept[version] = asking - 1, total
        return total

    def see(self, total: Array | None) -> None:
        """Say what the sum was where the next gradient was computed; None: what it is now."""
        sums = self._sums()
        sums["seen"][:] = sums["sum"] if total is None else total

    def _sums(self) -> dict[str, Array]:
        ((_, bucket),) = self._buckets
        bucket.make_room(self.slots)
        return bucket.state

    def direction(self, options: Options, state: dict[str, Array], g: Array, step: int) -> Array:
        """Where to go, from the gradient `g`."""
        total, seen, z, largest = (state[slot] for slot in self.slots)
        if step == 1:
            z[:] = largest[:] = 1
        back = total - seen
        old = 1 / np.sqrt(largest)
        z += g * g + 2 * g * back
        np.maximum(largest, z, out=largest)
        new = 1 / np.sqrt(largest)
        total += g
        return new * g - (old - new) * back
