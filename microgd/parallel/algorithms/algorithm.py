"""What an algorithm says: what each worker does, and how the server applies an update."""

from microgd.optim import SGD, Optimizer
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program
from microgd.tensor import Tensor


class Algorithm:
    """A way to train with many workers.

    lr         learning rate
    lock_free  whether workers write to the shared parameters themselves, without a server
    """

    lock_free = False

    def __init__(self, lr: float) -> None:
        self.lr = lr

    @property
    def name(self) -> str:
        """The name of the class."""
        return type(self).__name__

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What worker number `me` does: a generator of requests."""
        raise NotImplementedError(f"{self.name}: write a worker method")

    def rule(self, shard: list[Tensor]) -> Optimizer:
        """The rule by which the server applies updates."""
        return SGD(shard, lr=self.lr)

    def weigh(self, rule: Optimizer, staleness: int, version: int) -> None:
        """Change the rule's options before an update, in view of how stale it is."""
