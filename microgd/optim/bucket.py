"""Bucket: the numbers that go with many parameters, end to end in a few flat arrays."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from microgd.graph import Array, clock
from microgd.tensor import Tensor

BLOCK = 1 << 18  # bytes: five such arrays fit into the second cache of most processors


class Bucket:
    """Parameters of one dtype, and what an optimizer remembers of them.

    weights    the parameters themselves, end to end: each parameter's array is a view of this one,
               so that one operation changes them all
    ways       room for their gradients in a step, and for what a rule makes of them
    state      one such array for each slot that was needed so far
    steps      how many steps each parameter has taken
    places     where each parameter stands in the flat arrays
    """

    def __init__(self, params: Sequence[Tensor]) -> None:
        ends = list(accumulate((p.size for p in params), initial=0))
        total, dtype = ends[-1], params[0].dtype
        self.params = list(params)
        self.places = [slice(a, b) for a, b in pairwise(ends)]
        self.weights = np.empty(total, dtype)
        self.state: dict[str, Array] = {}
        self.steps = [0] * len(params)
        self._views = [self.shaped(self.weights, i) for i in range(len(params))]
        self.ways = np.empty(total, dtype)
        self._runs: dict[tuple[int, int], Run] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What makes a copy: views do not survive copying, so they are made anew."""
        return {"params": self.params, "state": self.state, "steps": self.steps}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        Bucket.__init__(self, kept["params"])
        self.state, self.steps = kept["state"], kept["steps"]

    def make_room(self, slots: Iterable[str]) -> None:
        """Remember zeros in those of the slots that are new."""
        for name in slots:
            if name not in self.state:
                self.state[name] = np.zeros_like(self.weights)
                self._runs.clear()  # which do not know of it

    def shaped(self, flat: Array, i: int) -> Array:
        """The part of a flat array that belongs to parameter `i`, in its shape: a view."""
        return flat[self.places[i]].reshape(self.params[i].shape)

    def forget(self) -> None:
        """Start anew: no step taken, nothing remembered."""
        self.state, self.steps = {}, [0] * len(self.params)
        self._runs.clear()

    def runs(self) -> Iterator["Run"]:
        """Neighbouring parameters that have gradients and have taken equally many steps.

        Nearly always it is all of them. A parameter whose array is not (or no longer) a view of
        `weights` is taken in on the way.
        """
        start, ends = 0, len(self.params)
        for i, p in enumerate(self.params):
            if p.value is not self._views[i]:
                self._views[i][...] = p.value
                p.value = self._views[i]
            if p.gradient is None or self.steps[i] != self.steps[start]:
                if start < i:
                    yield self._run(start, i)
                start = i if p.gradient is not None else i + 1
        if start < ends:
            yield self._run(start, ends)

    def _run(self, start: int, end: int) -> "Run":
        if (start, end) not in self._runs:
            if len(self._runs) > len(self.params):  # gradients that come and go at random
                self._runs.clear()
            self._runs[start, end] = Run(self, start, end)
        return self._runs[start, end]

    def move(self, run: "Run") -> None:
        """``w -= way`` for the parameters of a run; counts the step."""
        now = next(clock)
        for p in run.params:
            p.time = now
        run.weights -= run.ways
        self.steps[run.start : run.end] = [self.steps[run.start] + 1] * len(run.params)


class Run:
    """Neighbouring parameters that take a step together, and views of what goes with them.

    weights  the parameters, end to end
    ways     their gradients, until a rule puts in the place of each how far its weight is to go
    blocks   (weights, ways, state) in stretches that are short enough to stay in the processor's
             cache for all that a rule does with them
    """

    def __init__(self, bucket: Bucket, start: int, end: int) -> None:
        self.start, self.end, self.params = start, end, bucket.params[start:end]
        first, last = bucket.places[start].start, bucket.places[end - 1].stop
        self.weights, self.ways = bucket.weights[first:last], bucket.ways[first:last]
        self.blocks: list[tuple[Array, Array, dict[str, Array]]] = []
        size = BLOCK // bucket.weights.itemsize
        for place in range(first, last, size):
            part = slice(place, min(place + size, last))
            state = {name: flat[part] for name, flat in bucket.state.items()}
            self.blocks.append((bucket.weights[part], bucket.ways[part], state))

    def gather(self) -> None:
        """Put the gradients of the parameters end to end."""
        grads = [p.gradient.ravel() for p in self.params if p.gradient is not None]
        np.concatenate(grads, out=self.ways)
