"""Job: all that it takes to make a worker's replica, so that it can be made where the worker is."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.data.batches import Batches
from microgd.graph import Array
from microgd.nn import Module
from microgd.parallel.algorithms.algorithm import Shares
from microgd.parallel.replica import Replica
from microgd.tensor import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What is to be trained, on what, by how many.

    model       of which each worker gets a copy, with its parameters as they were given
    x, y        inputs (n, ...) and targets (n, ...)
    loss        of (outputs, targets): the mean over the rows of a batch
    workers     how many
    shards      into how many parts the server cuts the parameters
    shares      "rows", "batches" or "all", see `Algorithm`
    batch_size  rows in a batch; None: all that a worker has
    epochs      times through the data
    seed        of everything that is drawn
    trace       whether events of pushes hold the parameters

    A Job can be pickled if its loss can: a function defined in a module, no lambda. Raises
    TypeError or ValueError for parts that cannot work together.
    """

    model: Module
    x: Array
    y: Array
    loss: Callable[[Any, Any], Tensor]
    workers: int
    shards: int = 1
    shares: Shares = "rows"
    batch_size: int | None = 32
    epochs: int = 5
    seed: int = 0
    trace: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.model, Module):
            raise TypeError(f"train: model is {self.model!r:.60}; give a Module, such as nn.MLP")
        if not callable(self.loss):
            raise TypeError(
                f"train: loss is {self.loss!r:.60}; give a function such as nn.cross_entropy"
            )
        for name, value in {"workers": self.workers, "shards": self.shards}.items():
            whole("train", name, value, 1, "give 1 or more")
        whole("train", "epochs", self.epochs, 1, "give 1 or more")
        whole("train", "rng", self.seed, 0, "give a seed of 0 or more, or a generator")
        if self.batch_size is not None:
            way_out = "give 1 or more, or None for all rows of a worker"
            whole("train", "batch_size", self.batch_size, 1, way_out)
        self._check_sizes()
        self._check_buffers()

    def _check_sizes(self) -> None:
        kind, rows = type(self.model).__name__, len(self.x)
        size = sum(p.size for p in self.model.parameters() if p.requires_grad)
        if not size:
            raise ValueError(f"train: {kind} has no parameters to train, so nothing can be learned")
        if self.shards > size:
            raise ValueError(
                f"train: shards is {self.shards}, and {kind} has {size} parameters; give at most"
                f" {size}"
            )
        if self.shares == "rows" and self.workers > rows:
            raise ValueError(
                f"train: workers is {self.workers}, and there are {rows} rows to share out; give"
                f" at most {rows}"
            )
        batch = min(self.batch_size or rows, rows)
        if self.shares == "batches" and self.workers > batch:
            raise ValueError(
                f"train: workers is {self.workers}, and a batch has {batch} rows to share out;"
                f" give at most {batch} workers, or larger batches"
            )

    def _check_buffers(self) -> None:
        trained = {path for path, _ in self.model.named_parameters()}
        buffers = [path for path in self.model.state_dict() if path not in trained]
        if buffers:
            raise ValueError(
                f"train: {buffers[0]} is a buffer, which each worker would change for itself, as"
                " batch norm does its running means; LayerNorm has none"
            )

    def replica(self, me: int, taken: int = 0) -> Replica:
        """Worker number `me`: its own model, and its share of the data after `taken` batches.

        One worker alone sees the batches that `train.fit` would see with ``rng=seed``.
        """
        model = deepcopy(self.model).train()
        if me:  # else all workers would drop the same units of their batches
            for _, part in model.named_modules():
                if isinstance(own := getattr(part, "rng", None), np.random.Generator):
                    vars(part)["rng"] = own.spawn(me)[-1]
        return Replica(model, _Share(self, me), self.loss, self.epochs, taken)

    def whole(self) -> Replica:
        """The model itself, without data: where the parameters come from, and go in the end."""
        return Replica(self.model, (), self.loss, 0)


class _Share:
    """The batches of a worker; each loop over them is an epoch."""

    def __init__(self, job: Job, me: int) -> None:
        x, y, apart = job.x, job.y, job.shares == "rows" and job.workers > 1
        if apart:
            # Drawn, not cut: data that stand in order of their classes are shared out evenly
            rows = np.random.default_rng(job.seed).permutation(len(x))[me :: job.workers]
            x, y = x.take(rows, 0), y.take(rows, 0)
        seed = np.random.default_rng([job.seed, me]) if apart else job.seed
        self.batches = Batches(x, y, job.batch_size, rng=seed)
        split = job.shares == "batches"
        self.part = slice(me, None, job.workers) if split else slice(None)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for x, y in self.batches:
            yield x[self.part], y[self.part]
