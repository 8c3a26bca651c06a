"""The parameter server: it holds the parameters in shards, each with an update rule of its own."""

from itertools import pairwise

import numpy as np

from microgd.graph import Array
from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.requests import Push, Versions
from microgd.tensor import Tensor


class Shard:
    """A part of the parameters, its rule, and how many updates it has applied."""

    def __init__(self, weights: Array, algorithm: Algorithm) -> None:
        self.tensor = Tensor(weights, requires_grad=True)
        self.algorithm, self.rule, self.version = algorithm, algorithm.rule([self.tensor]), 0

    def pull(self) -> tuple[Array, int]:
        """A copy of the weights, and their version."""
        self.algorithm.read(self.rule, self.version)
        return self.tensor.numpy(), self.version

    def push(self, update: Array, seen: int) -> int:
        """Apply an update computed from version `seen`; its staleness."""
        staleness = self.version - seen
        self.algorithm.weigh(self.rule, staleness, self.version)
        self.tensor.grad = update
        self.rule.step()
        self.version += 1
        return staleness


def cuts(size: int, shards: int) -> list[slice]:
    """Where each of `shards` parts of about equal size stands in a flat array."""
    ends = np.linspace(0, size, shards + 1).astype(int).tolist()
    return [slice(a, b) for a, b in pairwise(ends)]


class Server:
    """All shards, in one place: what the simulated transport and the server process hold."""

    def __init__(self, weights: Array, algorithm: Algorithm, shards: int = 1) -> None:
        self.places = cuts(len(weights), shards)
        self.shards = [Shard(weights[place], algorithm) for place in self.places]

    @property
    def versions(self) -> Versions:
        """How many updates each shard has applied."""
        return tuple(shard.version for shard in self.shards)

    @property
    def weights(self) -> Array:
        """All weights, end to end: a copy."""
        return np.concatenate([shard.tensor.data for shard in self.shards])

    def pull(self) -> tuple[Array, Versions]:
        """All weights, end to end, with their versions, for a worker."""
        read = [shard.pull() for shard in self.shards]
        return np.concatenate([part for part, _ in read]), tuple(version for _, version in read)

    def push(self, push: Push) -> float | None:
        """Apply an update; its mean staleness, or None for one that is refused: not finite."""
        if not push.finite():
            return None
        stale = [
            shard.push(push.update[place], seen)
            for shard, place, seen in zip(self.shards, self.places, push.seen, strict=True)
        ]
        return float(np.mean(stale))
