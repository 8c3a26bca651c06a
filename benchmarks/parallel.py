"""Two worker processes beside one, on a machine with two cores: `python -m benchmarks.parallel`.

Every figure is a ratio of two measurements in the same round, or the time of one message to the
parameter server and back. The time of a run is that of its last update: it begins when all workers
are ready, so the start of processes is not in it.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np

from microgd import data, nn, optim, parallel
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.on_ray.cluster import cluster
from microgd.parallel.requests import Pull, Push

from .report import Section, Table, Verdict
from .timing import Measure, Timing, take_turns

FEATURES, ACTIVE = 100_000, 20


class Sparse(nn.Module):
    """Logistic regression on rows with few features: logit = sum of the weights of those."""

    def __init__(self) -> None:
        self.table = nn.Embedding(FEATURES, 1, init="zeros", rng=0)

    def forward(self, x: Any) -> Any:
        return self.table(x).sum(axis=(1, 2))


class Empty(Algorithm):
    """A pull and a push of zeros for each batch, and no gradient."""

    def worker(self, replica: Any, me: int, workers: int) -> Any:  # noqa: ARG002
        for _ in replica.batches():
            w, seen = yield Pull()
            yield Push(w, seen, 0.0)


def elapsed(
    model: nn.Module,
    task: Any,
    algorithm: Algorithm,
    workers: int,
    backend: str = "processes",
    **options: Any,
) -> float:
    """Seconds from the moment when all workers are ready to the last update."""
    record = parallel.train(model, task, algorithm, workers, backend, **options)
    return float(record.times[-1])


def hogwild(quick: bool) -> Section:
    rng = np.random.default_rng(0)
    x, w = rng.integers(0, FEATURES, (2000 if quick else 10_000, ACTIVE)), rng.normal(size=FEATURES)
    task = x, (w[x].sum(1) > 0).astype(float)
    loss = nn.binary_cross_entropy_with_logits

    def measure(workers: int) -> float:
        algorithm = parallel.Hogwild(lr=0.5, sparse="table")
        options = {"epochs": 2, "batch_size": 1, "loss": loss}
        return elapsed(Sparse(), task, algorithm, workers, **options) / (2 * len(x))

    timings = take_turns({str(n): partial(measure, n) for n in (1, 2)}, rounds=3 if quick else 9)
    title = (
        f"Hogwild!, sparse logistic regression: {ACTIVE} of {FEATURES:,} features a row, batch 1"
    )
    section = Section("Hogwild!, sparse", [_speeds(title, "update", timings, "1")])
    section.figures = {name: timing.rounds for name, timing in timings.items()}
    target = "Hogwild!: updates/s of two processes at least 1.7x those of one"
    section.verdicts.append(_at_least(target, timings["1"].over(timings["2"]), 1.7))
    return section


def digits(quick: bool) -> Section:
    task, batch = data.digits(), 256
    x, y = task.x / 16.0, task.y
    epochs = 10 if quick else 40

    def network() -> nn.Module:
        return nn.MLP([64, 256, 128, 10], rng=0)

    def serial() -> float:
        model, batches = network(), data.Batches(x, y, batch)
        rule = optim.SGD(model.parameters(), lr=0.1)
        start = perf_counter()
        for _ in range(epochs):
            for rows, labels in batches:
                value = nn.cross_entropy(model(rows), labels)
                rule.zero_grad()
                value.backward()
                rule.step()
        return (perf_counter() - start) / (epochs * len(x))

    def measure(algorithm: Algorithm, workers: int) -> float:
        seconds = elapsed(network(), (x, y), algorithm, workers, epochs=epochs, batch_size=batch)
        return seconds / (epochs * len(x))

    made: dict[str, tuple[Algorithm, int]] = {
        "Hogwild!, 1": (parallel.Hogwild(lr=0.1, sparse=False), 1),
        "Hogwild!, 2": (parallel.Hogwild(lr=0.1, sparse=False), 2),
        "Downpour, 2": (parallel.Downpour(lr=0.1), 2),
        "EASGD tau=10, 2": (parallel.EASGD(lr=0.1, tau=10), 2),
        "synchronous, 2": (parallel.Synchronous(lr=0.1), 2),
    }
    contenders = {name: partial(measure, *how) for name, how in made.items()}
    timings = take_turns({"serial loop": serial, **contenders}, rounds=3 if quick else 9)
    step = timings["serial loop"].best * batch * 1e3
    title = (
        f"Digits, MLP 64-256-128-10, batch {batch}, float64: a step takes {step:.2f} ms serially"
    )
    section = Section("Digits", [_speeds(title, "sample", timings, "serial loop")])
    section.figures = {name: timing.rounds for name, timing in timings.items()}
    target = f"digits, steps of {step:.1f} ms: samples/s of two Hogwild! processes, serial loop 1x"
    ratio = timings["serial loop"].over(timings["Hogwild!, 2"])
    section.verdicts.append(_at_least(target + ": at least 1.5x", ratio, 1.5))
    if step < 1:
        section.notices.append(f"a step took {step:.2f} ms, and the target is for 1 ms or more")
    return section


def server(quick: bool) -> Section:
    """What an update costs beside its gradient: a pull and a push, with one worker."""
    section = Section("Parameter server")
    backends = {"processes": 200 if quick else 2000}
    place: AbstractContextManager[Any] = nullcontext()
    if find_spec("ray"):
        backends["ray"] = 200 if quick else 1000
        place = cluster(None, workers=2, threads=1)  # once, for all runs
    else:
        section.notices.append("Ray is not installed: pip install 'microgd[cluster]'")

    def measure(backend: str, width: int, workers: int) -> float:
        updates = backends[backend]
        task = np.zeros((updates, 1)), np.zeros(updates, int)  # only counted
        model = nn.Linear(1, width, bias=False, rng=0)
        return elapsed(model, task, Empty(0.0), workers, backend, epochs=1, batch_size=1) / updates

    measures: dict[str, Measure] = {
        f"{backend}, {width:,} parameters, {workers} worker{'s' * (workers > 1)}": partial(
            measure, backend, width, workers
        )
        for backend in backends
        for width in (1000, 100_000)
        for workers in (1, 2)
    }
    with place:
        timings = take_turns(measures, rounds=3 if quick else 5)
    rows = [[name, f"{timing.best * 1e6:.0f} µs"] for name, timing in timings.items()]
    title = "Pull and push of one update, without a gradient, float64"
    section.tables.append(Table(title, ["", "an update (best)"], rows))
    section.figures = {name: timing.rounds for name, timing in timings.items()}
    return section


def _speeds(title: str, unit: str, timings: dict[str, Timing], one: str) -> Table:
    rows = [
        [name, f"{timing.best * 1e6:.1f} µs", f"{timings[one].over(timing):.2f}x"]
        for name, timing in timings.items()
    ]
    return Table(title, ["processes", f"per {unit} (best)", f"{unit}s a second, median"], rows)


def _at_least(target: str, figure: float, limit: float) -> Verdict:
    return Verdict(target, f"{figure:.2f}x", figure >= limit)


if __name__ == "__main__":
    from .peers import main  # which a worker, that imports this file as well, does without

    main({"hogwild": hogwild, "digits": digits, "server": server}, "parallel", __doc__)
