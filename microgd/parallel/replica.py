"""Replica: a worker's own copy of the model and its share of the data."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, chain, islice, pairwise
from typing import Any

import numpy as np

from microgd.graph import Array, clock
from microgd.nn import Module
from microgd.tensor import Tensor


class Replica:
    """A model whose parameters stand in one flat array, and the batches that it learns from.

    size   how many numbers the parameters are
    loss   mean loss of the last batch
    work   what has been computed since the transport last looked, each piece in gradients of a
           batch: [1.0] is one gradient, [0.25, 0.25] are two pieces of a quarter each
    taken  how many batches have been handed out; one that takes the place of a worker that died
           begins after the `taken` batches of that one
    """

    def __init__(
        self,
        model: Module,
        batches: Iterable[tuple[Array, Array]],
        loss: Callable[[Any, Any], Tensor],
        epochs: int,
        taken: int = 0,
    ) -> None:
        self.model, self.of, self.epochs, self._batches = model, loss, epochs, batches
        self.taken = taken
        trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.names, self.params = list(trained), list(trained.values())
        ends = list(accumulate((p.size for p in self.params), initial=0))
        self.places = [slice(a, b) for a, b in pairwise(ends)]
        self.size, self.loss = ends[-1], float("nan")
        self.work: list[float] = []

    def batches(self) -> Iterator[tuple[Array, Array]]:
        """All batches of all epochs, but for those that were taken before."""
        every = chain.from_iterable(self._batches for _ in range(self.epochs))
        for batch in islice(every, self.taken, None):
            self.taken += 1
            yield batch

    def weights(self) -> Array:
        """The parameters, end to end: a copy."""
        return np.concatenate([p.data.ravel() for p in self.params])

    def load(self, weights: Array) -> None:
        """Take parameters from a flat array."""
        for p, place in zip(self.params, self.places, strict=True):
            p.data = weights[place].reshape(p.shape)

    def look_at(self, weights: Array) -> None:
        """Let the parameters be views of a flat array, in which they change as it does."""
        for p, place in zip(self.params, self.places, strict=True):
            p.value = weights[place].reshape(p.shape).astype(p.dtype, copy=False)
            p.time = next(clock)

    def gradient(self, weights: Array, x: Array, y: Array) -> Array:
        """d loss / d weights at `weights` on a batch, end to end; the loss is then in `loss`."""
        self.look_at(weights)
        return self._differentiate(x, y)

    def gradient_of_rows(
        self, weights: Array, x: Array, y: Array, name: str
    ) -> tuple[Array, Array]:
        """As `gradient`, if `x` names rows of the table `name`: only of these, and where they are.

        A table of these rows stands in for the whole one meanwhile, so that the work does not grow
        with it. Raises IndexError for a row that the table does not have.
        """
        rows, short = np.unique(x, return_inverse=True)
        self.look_at(weights)
        number = self.names.index(name)
        table, place = self.params[number], self.places[number]
        if rows[0] < 0 or rows[-1] >= len(table):
            wrong = rows[0] if rows[0] < 0 else rows[-1]
            raise IndexError(f"{name} {table.shape} has no row {wrong}")
        width = table.size // len(table)
        used = place.start + np.add.outer(rows * width, np.arange(width)).ravel()
        whole, table.value = table.value, table.value[rows]
        try:
            update = self._differentiate(short.reshape(x.shape), y)
        finally:
            table.value = whole
        at = [np.arange(p.start, p.stop) if p != place else used for p in self.places]
        return update, np.concatenate(at)

    def _differentiate(self, x: Array, y: Array) -> Array:
        loss = self.of(self.model(x), y)
        for p in self.params:
            p.zero_grad()
        loss.backward()
        self.loss = loss.item()
        self.work.append(1.0)
        return self.gradients()

    def gradients(self) -> Array:
        """The gradients that the parameters hold, end to end; zeros where there is none."""
        grads = [np.zeros(p.shape, p.dtype) if p.grad is None else p.grad for p in self.params]
        return np.concatenate([g.ravel() for g in grads])
