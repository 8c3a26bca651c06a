"""Bucket: the numbers that go with many parameters, end to end in a few flat arrays."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from microgd.graph import Array, clock
from microgd.tensor import Tensor


class Bucket:
    """Parameters of one dtype, and what an optimizer remembers of them.

    weights  the parameters themselves, end to end: each parameter's array is a view of this one,
             so that one operation changes them all
    state    one such array for each slot that was needed so far
    steps    how many steps each parameter has taken
    places   where each parameter stands in the flat arrays
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
        self._scratch = np.empty(total, dtype)

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

    def shaped(self, flat: Array, i: int) -> Array:
        """The part of a flat array that belongs to parameter `i`, in its shape: a view."""
        return flat[self.places[i]].reshape(self.params[i].shape)

    def runs(self) -> Iterator[tuple[slice, slice]]:
        """Neighbouring parameters that have gradients and have taken equally many steps.

        Which parameters, and where they stand in the flat arrays. Nearly always it is all of them.
        One whose array is not (or no longer) a view of `weights` is taken in on the way.
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

    def _run(self, start: int, end: int) -> tuple[slice, slice]:
        return slice(start, end), slice(self.places[start].start, self.places[end - 1].stop)

    def gradient(self, run: slice, part: slice) -> Array:
        """The gradients of a run, end to end, in an array that may be written to."""
        grads = [p.gradient.ravel() for p in self.params[run] if p.gradient is not None]
        return np.concatenate(grads, out=self._scratch[part])

    def move(self, run: slice, part: slice, way: Array, rate: float) -> None:
        """``w -= rate * way`` for the parameters of a run; counts the step."""
        weights = self.weights[part]
        weights -= np.multiply(way, rate, out=self._scratch[part])
        now = next(clock)
        for p in self.params[run]:
            p.time = now
        self.steps[run] = [self.steps[run.start] + 1] * (run.stop - run.start)
