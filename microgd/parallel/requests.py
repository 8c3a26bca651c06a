"""What a worker asks of the transport. Its program is a generator; what it yields is one of these.

The transport, simulated, processes or Ray, answers each by sending the result back into the
generator. So an algorithm is written once, and does not know where it runs.

What waits for others (`AllReduce`, `Barrier`, `Turn`, `Receive`) waits for those that are still at
work: a worker that is done or died holds nobody up, except one that waits to receive from it.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.graph import Array

Versions = tuple[int, ...]
"""How many updates each shard of the server had applied when it was read."""


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """The parameters as they are now. Answer: (flat array of one's own, versions)."""


@dataclass(frozen=True, slots=True, eq=False)
class Push:
    """An update for the server, with the versions that it was computed from.

    update    flat array, as long as the parameters, or as `at`
    seen      the versions that `Pull` gave
    loss      of the batch that it came from
    at        where a lock-free write of a sparse update is to go; None: everywhere
    place     the worker's own parameters, where it keeps some (EASGD); None if it does not
    distance  how far these are from the server's

    Answer: the versions afterwards, or None if it was refused: not finite.
    """

    update: Array
    seen: Versions
    loss: float
    at: Array | None = None
    place: Array | None = None
    distance: float = float("nan")

    def finite(self) -> bool:
        """Whether it may be applied: one NaN would spoil the work of all."""
        return bool(np.isfinite(self.update).all())


@dataclass(frozen=True, slots=True, eq=False)
class AllReduce:
    """The sum of what all workers give here; waits for all. Answer: an array of one's own.

    The sum is taken in the order of the workers' numbers, so that it does not depend on who came
    first.
    """

    array: Array


@dataclass(frozen=True, slots=True, eq=False)
class Barrier:
    """Wait until all workers are here. Answer: None."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """Wait for one's turn, which ends with the Push that follows it. Answer: None.

    The workers take turns by their numbers, round and round; one that is done is left out.
    """


@dataclass(frozen=True, slots=True, eq=False)
class Send:
    """An array for another worker. Answer: None, at once."""

    to: int
    array: Array


@dataclass(frozen=True, slots=True, eq=False)
class Receive:
    """The next array from another worker; waits for it. Answer: the array."""

    sender: int


Request = Pull | Push | AllReduce | Barrier | Turn | Send | Receive
Program = Generator[Request, Any, None]
"""What a worker does."""
