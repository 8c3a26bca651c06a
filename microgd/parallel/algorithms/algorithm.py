"""What an algorithm says: what each worker does, and how the server applies an update."""

from typing import Literal

from microgd.arguments import real
from microgd.graph import Array
from microgd.nn import Module
from microgd.optim import SGD, Optimizer
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program
from microgd.tensor import Tensor

Shares = Literal["rows", "batches", "all"]


class Algorithm:
    """A way to train with many workers.

    lr         learning rate, at least 0
    lock_free  whether workers write to the shared parameters themselves, without a server
    shares     how the data are shared out: each worker has "rows" of its own, in batches of its
               own; or a share of the rows of all "batches"; or "all", as everybody has

    Raises TypeError or ValueError for an option out of range.
    """

    lock_free = False
    shares: Shares = "rows"

    def __init__(self, lr: float) -> None:
        self.lr = real(self.name, "lr", lr, "give a rate of 0 or more", 0)

    @property
    def name(self) -> str:
        """The name of the class."""
        return type(self).__name__

    def check(self, model: Module, workers: int) -> None:
        """Raise TypeError or ValueError for a model or a number of workers that it cannot serve."""

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What worker number `me` does: a generator of requests."""
        raise NotImplementedError(f"{self.name}: write a worker method")

    def rule(self, shard: list[Tensor]) -> Optimizer:
        """The rule by which the server applies updates."""
        return SGD(shard, lr=self.lr)

    def read(self, rule: Optimizer, version: int) -> None:
        """Take note that a worker has read this version, and may push what it makes of it."""

    def weigh(self, rule: Optimizer, staleness: int, version: int) -> None:
        """Change the rule's options before an update, in view of how stale it is."""

    def change(self, update: Array) -> Array:
        """What a lock-free write adds to the parameters."""
        return -self.lr * update

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{self.name}({options})"
