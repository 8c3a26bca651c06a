"""Parameters that all may write to without a lock, and an account of what is lost thereby."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.requests import Push, Versions


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """A write under way: what was read is moved already, and not yet stored.

    at    where
    new   the numbers to be stored there
    held  how many updates each held when it was read
    seen  the version that the update was computed from
    """

    at: Any
    new: Array
    held: Array
    seen: int


class Shared:
    """The parameters, how many writes there were, and how many updates each number still holds.

    A write reads, adds and stores; one that stores what it read before another's store undoes the
    other. For every number, writes stored = updates held + updates lost.

    >>> one = Shared(np.zeros(2), Algorithm(lr=1.0))
    >>> a, b = (one.begin(Push(np.ones(2), (0,), 0.0)) for _ in range(2))
    >>> one.finish(a), one.finish(b), one.weights
    (0, 2, array([-1., -1.]))
    """

    def __init__(self, weights: Array, algorithm: Algorithm) -> None:
        self.weights, self.algorithm, self.version = weights, algorithm, 0
        self.held = np.zeros(len(weights), np.int64)

    @property
    def versions(self) -> Versions:
        """How many writes have been stored."""
        return (self.version,)

    def pull(self) -> tuple[Array, Versions]:
        """A copy of the parameters, and their version."""
        return self.weights.copy(), self.versions

    def begin(self, push: Push) -> Write:
        """Read, and add."""
        at = slice(None) if push.at is None else push.at
        new = self.weights[at] + self.algorithm.change(push.update)
        return Write(at, new, self.held[at].copy(), push.seen[0])

    def finish(self, write: Write) -> int:
        """Store; how many updates of single numbers are lost thereby."""
        lost = int((self.held[write.at] - write.held).sum())
        self.weights[write.at] = write.new
        self.held[write.at] = write.held + 1
        self.version += 1
        return lost
