"""Bucket: the numbers that go with many parameters, end to end in a few flat arrays."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import numpy as np

from microgd.graph import Array, clock
from microgd.tensor import Tensor


class Bucket:
    """Parameters of one dtype with what an optimizer remembers of them.

    state   one flat array for each slot, with room for every weight
    steps   how many steps each parameter has taken
    places  where each parameter stands in the flat arrays
    """

    def __init__(self, params: Sequence[Tensor], slots: Sequence[str]) -> None:
        ends = list(accumulate((p.size for p in params), initial=0))
        self.params = list(params)
        self.places = [slice(a, b) for a, b in pairwise(ends)]
        self.state = {name: np.zeros(ends[-1], params[0].dtype) for name in slots}
        self.steps = [0] * len(params)
        self._flat = np.empty(ends[-1], params[0].dtype)
        self._shaped = [self.shaped(self._flat, i) for i in range(len(params))]

    def shaped(self, flat: Array, i: int) -> Array:
        """The part of a flat array that belongs to parameter `i`, in its shape: a view."""
        return flat[self.places[i]].reshape(self.params[i].shape)

    def runs(self) -> Iterator[slice]:
        """Neighbouring parameters that have gradients and have taken equally many steps.

        Nearly always this is all of them at once.
        """
        start = 0
        for i, p in enumerate(self.params):
            if p.gradient is None or self.steps[i] != self.steps[start]:
                if start < i:
                    yield slice(start, i)
                start = i if p.gradient is not None else i + 1
        if start < len(self.params):
            yield slice(start, len(self.params))

    def part(self, run: slice) -> slice:
        """Where the parameters of a run stand in the flat arrays."""
        return slice(self.places[run.start].start, self.places[run.stop - 1].stop)

    def gradient(self, run: slice) -> Array:
        """The gradients of a run, end to end, in an array that may be written to."""
        grads = [p.gradient.ravel() for p in self.params[run] if p.gradient is not None]
        return np.concatenate(grads, out=self._flat[self.part(run)])

    def weights(self, run: slice) -> Array:
        """The weights of a run, end to end: a copy."""
        return np.concatenate([p.value.ravel() for p in self.params[run]])

    def move(self, run: slice, way: Array, rate: float) -> None:
        """``w -= rate * way`` for the parameters of a run; counts the step."""
        np.multiply(way, rate, out=self._flat[self.part(run)])
        for p, change in zip(self.params[run], self._shaped[run], strict=True):
            p.value -= change
            p.time = next(clock)
        self.steps[run] = [n + 1 for n in self.steps[run]]
