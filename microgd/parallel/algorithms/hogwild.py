"""Hogwild!: workers write to the shared parameters without asking anybody."""

import numpy as np

from microgd.graph import Array
from microgd.names import choose
from microgd.nn import Embedding, Module
from microgd.parallel.algorithms.algorithm import Algorithm
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Program, Pull, Push


class Hogwild(Algorithm):
    """Lock-free SGD on shared parameters.

        w = the parameters as they are now
        g = gradient(w, next batch)
        for every v with g[v] != 0:  parameters[v] = parameters[v] - lr * g[v]

    lr      learning rate
    sparse  whether to write only where the gradient is not zero, or everywhere; or the name of
            the Embedding whose rows the inputs name, as "table": then only these are read,
            differentiated and written, and a step takes as long however long the table is

    Algorithm 1 of Niu, Recht, Ré and Wright (2011, https://arxiv.org/abs/1106.5730). Theirs adds
    to each number in one atomic step; here, as with NumPy on shared memory, a write reads, adds
    and stores, and undoes what others stored in between. With sparse data two workers rarely meet
    in the same place, so hardly anything is lost. Raises TypeError or ValueError for a rate below
    0, or for a model without such an Embedding.

    >>> Hogwild(lr=0.1, sparse=False)
    Hogwild(lr=0.1, sparse=False)
    """

    lock_free = True

    def __init__(self, lr: float = 0.1, sparse: bool | str = True) -> None:
        super().__init__(lr)
        self.sparse = sparse if isinstance(sparse, str) else bool(sparse)

    def check(self, model: Module, workers: int) -> None:
        """Raise ValueError if the model has no Embedding of that name, or one that skips a row."""
        if isinstance(self.sparse, str):
            tables = {p: m for p, m in model.named_modules() if isinstance(m, Embedding)}
            table = choose(
                f"Hogwild: sparse: Embedding of {type(model).__name__}", self.sparse, tables
            )
            if table.padding_idx is not None:
                raise ValueError(
                    f"Hogwild: sparse: {self.sparse} has padding_idx={table.padding_idx}, and rows"
                    " are renumbered in a step; sparse=True works with it"
                )

    def worker(self, replica: Replica, me: int, workers: int) -> Program:
        """What each worker does."""
        for x, y in replica.batches():
            w, seen = yield Pull()
            g, at = self.gradient(replica, w, x, y)
            yield Push(g, seen, replica.loss, at)

    def gradient(
        self, replica: Replica, w: Array, x: Array, y: Array
    ) -> tuple[Array, Array | None]:
        """The gradient, and where it is to be written."""
        if isinstance(self.sparse, str):
            return replica.gradient_of_rows(w, x, y, f"{self.sparse}.weight")
        g = replica.gradient(w, x, y)
        at = np.flatnonzero(g) if self.sparse else None
        return (g, None) if at is None else (g[at], at)
