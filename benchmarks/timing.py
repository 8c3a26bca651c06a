"""Fair timing on a machine that other work shares: interleaved rounds, ratios within a round.

In a round every contender is measured once, and the order rotates from round to round. A slow spell
of the machine then falls on all contenders alike, and the ratio of two contenders *in the same
round* hardly feels it; the figure reported is the median of those ratios.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter

Measure = Callable[[], float]
"""Runs a contender once and returns its seconds."""

Call = Callable[[], object]
"""What is timed: one training step, one epoch, ..."""

Prepare = Callable[[], Call]
"""Makes a fresh call, so that every round starts from the same state."""


@dataclass(frozen=True)
class Timing:
    """The seconds of one call, a figure for each round."""

    rounds: tuple[float, ...]

    @property
    def best(self) -> float:
        return min(self.rounds)

    def over(self, other: "Timing") -> float:
        """Median over the rounds of this time / the other's time in the same round."""
        return median(a / b for a, b in zip(self.rounds, other.rounds, strict=True))


def take_turns(measures: Mapping[str, Measure], rounds: int) -> dict[str, Timing]:
    """Measure all contenders in interleaved rounds, in rotating order."""
    names = list(measures)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            seconds[name].append(measures[name]())
    return {name: Timing(tuple(figures)) for name, figures in seconds.items()}


def interleave(
    contenders: Mapping[str, Prepare],
    *,
    rounds: int,
    seconds: float = 0.01,
    most: int = 250,
    warm: int = 3,
    collector: bool = True,
) -> dict[str, Timing]:
    """Time calls in interleaved rounds; each round times a chunk of about `seconds` seconds.

    A chunk is at most `most` calls, after `warm` calls that are not counted. With `collector` the
    cyclic garbage collector is on, as users run their programs; without, it is off.
    """

    def measure(prepare: Prepare, calls: int) -> float:
        call = prepare()
        gc.collect()  # what one contender left behind is no burden to the next
        return _time(call, calls, warm)

    with collecting(collector):
        chunks = {name: _chunk(prepare(), seconds, most) for name, prepare in contenders.items()}
        return take_turns(
            {name: partial(measure, prepare, chunks[name]) for name, prepare in contenders.items()},
            rounds,
        )


@contextmanager
def collecting(on: bool) -> Iterator[None]:
    """Set the cyclic collector; what exists already (the peers' modules) is left out of its walks.

    Without the freeze every full collection would walk PyTorch's and JAX's modules, which a
    program that uses one library only does not have.
    """
    was_on = gc.isenabled()
    gc.collect()
    gc.freeze()
    _switch(on)
    try:
        yield
    finally:
        gc.unfreeze()
        _switch(was_on)
        gc.collect()


def _switch(on: bool) -> None:
    if on:
        gc.enable()
    else:
        gc.disable()


def _chunk(call: Call, seconds: float, most: int) -> int:
    """How many calls fill about `seconds`, judged by the quicker of two calls."""
    quickest = min(_time(call, 1, warm=1), _time(call, 1, warm=0))
    return max(1, min(most, round(seconds / quickest)))


def _time(call: Call, calls: int, warm: int) -> float:
    """Seconds a call."""
    for _ in range(warm):
        call()
    start = perf_counter()
    for _ in range(calls):
        call()
    return (perf_counter() - start) / calls
