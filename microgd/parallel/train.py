"""train: one model, many workers."""

from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.data._check import Rng
from microgd.data.dataset import Dataset
from microgd.names import choose
from microgd.nn import Module, cross_entropy
from microgd.parallel import algorithms
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.events import Event, Record
from microgd.parallel.job import Job
from microgd.train.evaluate import pair

BACKENDS = {
    "simulated": "microgd.parallel.simulated",
    "processes": "microgd.parallel.processes",
    "ray": "microgd.parallel.on_ray",
}
"""Each offers `Options`, a dataclass that checks itself, and ``run(algorithm, job, options, record)
-> weights``, which adds the events to the record, and raises ValueError, before anything has
begun, for an algorithm that it cannot run."""


def train(
    model: Module,
    data: Dataset | tuple[Any, Any],
    algorithm: str | Algorithm = "downpour",
    workers: int = 2,
    backend: str = "processes",
    *,
    epochs: int = 5,
    batch_size: int | None = 32,
    loss: Callable[[Any, Any], Any] = cross_entropy,
    shards: int = 1,
    rng: Rng = 0,
    trace: bool = False,
    progress: Callable[[Event], None] | None = None,
    **options: Any,
) -> Record:
    """Train `model` on `data` by many workers, and tell who did what when.

    data        a Dataset or a pair (x, y)
    algorithm   its name ("downpour", "hogwild", "adadelay", "adaptive-revision", "easgd",
                "eamsgd", "synchronous", "model-parallel"), or one made with options of one's own
    workers     how many; each computes gradients with a copy of the model
    backend     where: "simulated", in one process, with a clock and delays drawn from a seed, so
                that the run repeats to the bit; "processes" of this machine; or "ray", a cluster
    epochs      times through the data, by all workers together
    batch_size  rows from which a worker computes a gradient; None: all that it has
    loss        of (outputs, targets): the mean over the rows of the batch
    shards      into how many parts the server cuts the parameters
    rng         a seed or a generator, for the shares and batches of the data, and for delays
    trace       whether the record holds the parameters at every push, as pictures of paths need
    progress    called with each `Event`, as it happens
    options     of the backend, see its `Options`

    The trained parameters are then in `model`; after an error they are as before. Raises TypeError
    or ValueError for arguments that cannot work, `ImportError` if Ray is not installed.

    >>> from microgd import data, nn
    >>> model = nn.MLP([2, 16, 2], rng=0)
    >>> moons = data.moons(200, rng=0)
    >>> record = train(model, moons, "downpour", workers=4, backend="simulated", epochs=10)
    >>> bool(record.losses[-10:].mean() < record.losses[:10].mean())
    True
    """
    chosen = _algorithm(algorithm)
    x, y = pair("train", data)
    seed = _seed(rng)
    job = Job(
        model, x, y, loss, workers, shards, chosen.shares, batch_size, epochs, seed, bool(trace)
    )
    chosen.check(model, workers)
    where = import_module(choose("train: backend", backend, BACKENDS))
    settings = _options(where.Options, backend, options)
    shown = {"shards": shards, "batch_size": batch_size, "epochs": epochs, "seed": seed}
    record = Record(
        chosen.name, backend, workers, {**vars(chosen), **shown, **options}, listen=progress
    )
    job.whole().load(where.run(chosen, job, settings, record))
    return record


def _algorithm(given: Any) -> Algorithm:
    """The algorithm of that name, or the one given."""
    if isinstance(given, Algorithm):
        return given
    if isinstance(given, str):
        made = choose("train: algorithm", given, algorithms.NAMES)()
        assert isinstance(made, Algorithm)
        return made
    raise TypeError(
        f"train: algorithm is {given!r:.60}; give a name, one of {', '.join(algorithms.NAMES)},"
        " or one made, such as parallel.Downpour(lr=0.1)"
    )


def _options(kind: Any, backend: str, given: dict[str, Any]) -> Any:
    """The options of a backend."""
    known = {field.name: field for field in fields(kind)}
    for name in given:
        choose(f"train: backend {backend!r}: option", name, known)
    return kind(**given)


def _seed(rng: Any) -> int:
    """The seed given, or one drawn from the generator given."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**32))
    return whole("train", "rng", rng, 0, "give a seed of 0 or more, or a generator")
