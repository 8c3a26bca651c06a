"""A chain of a million scalar operations: its time beside PyTorch's, and is it linear in length?"""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from .report import Section, Table, Verdict
from .timing import Measure, Timing, collecting, take_turns

Scalar = Any
"""A 0-d microgd or PyTorch tensor."""

Leaf = Callable[..., Scalar]
"""leaf(value, requires_grad=True) is a 0-d float64 leaf."""

Build = Callable[[Leaf, Scalar, int], Scalar]
"""Applies n operations to a leaf."""


def with_floats(leaf: Leaf, x: Scalar, n: int) -> Scalar:
    for _ in range(n // 2):
        x = x * 1.0000001
        x = x + 1e-9
    return x


def with_tensors(leaf: Leaf, x: Scalar, n: int) -> Scalar:
    factor, term = leaf(1.0000001, requires_grad=False), leaf(1e-9, requires_grad=False)
    for _ in range(n // 2):
        x = x * factor
        x = x + term
    return x


def with_one_leaf(leaf: Leaf, x: Scalar, n: int) -> Scalar:
    """Every operation uses the leaf `x` once more."""
    total = x
    for _ in range(n):
        total = total + x
    return total


GRADIENTS = {with_floats: 1.0000001**50, with_tensors: 1.0000001**50, with_one_leaf: 101.0}
"""What 100 operations must give, before anything is timed."""


def microgd_leaf() -> Leaf:
    import microgd as mg

    return lambda value, requires_grad=True: mg.tensor(value, requires_grad=requires_grad)


def torch_leaf() -> Leaf:
    import torch

    torch.set_num_threads(1)
    return lambda value, requires_grad=True: torch.tensor(
        value, dtype=torch.float64, requires_grad=requires_grad
    )


LEAVES = {"microgd": microgd_leaf, "PyTorch": torch_leaf}


@dataclass
class Stages:
    """The last run's seconds: forward, backward, and freeing the graph."""

    forward: float = 0.0
    backward: float = 0.0
    free: float = 0.0


def run_chain(leaf: Leaf, build: Build, n: int, stages: Stages) -> float:
    """Forward and backward in seconds; freeing comes on top, in `stages`."""
    x = leaf(1.0)
    gc.collect()
    start = perf_counter()
    z = build(leaf, x, n)
    forward = perf_counter()
    z.backward()
    backward = perf_counter()
    del z
    stages.free = perf_counter() - backward
    stages.forward, stages.backward = forward - start, backward - forward
    return backward - start


def available() -> tuple[dict[str, Leaf], list[str]]:
    """Those whose short chains have the right gradients, and a line for each that has not."""
    leaves, notices = {}, []
    for name, make in LEAVES.items():
        try:
            leaf = make()
            for build, expected in GRADIENTS.items():
                x = leaf(1.0)
                build(leaf, x, 100).backward()
                if abs(float(x.grad) - expected) > 1e-12:
                    raise ValueError(f"{build.__name__}: gradient {x.grad}, not {expected}")
        except Exception as error:  # a peer may fail in any way; the other still runs
            notices.append(f"{name} is skipped: {type(error).__name__}: {error}")
        else:
            leaves[name] = leaf
    return leaves, notices


def run(quick: bool) -> Section:
    n, rounds = (100_000, 3) if quick else (1_000_000, 5)
    section = Section(f"A chain of {n:,} scalar operations: time")
    leaves, section.notices = available()
    _against_torch(section, leaves, n, rounds)
    if "microgd" in leaves:
        leaf = leaves["microgd"]
        _linear(section, leaf, with_floats, n, n // 100, rounds)
        _linear(section, leaf, with_one_leaf, n, n // 10, rounds)
    return section


def _against_torch(section: Section, leaves: dict[str, Leaf], n: int, rounds: int) -> None:
    rows = []
    for build in (with_floats, with_tensors):
        for on in (True, False):
            label = f"{build.__name__.replace('_', ' ')}, collector {'on' if on else 'off'}"
            stages = {name: Stages() for name in leaves}
            with collecting(on):
                timings = take_turns(
                    {name: _measure(leaves[name], build, n, stages[name]) for name in leaves},
                    rounds if on else 3,  # off is told for comparison
                )
            for name, timing in timings.items():
                last = stages[name]
                parts = (timing.best, last.forward, last.backward, last.free)
                rows.append([f"{name} {label}", *(f"{p / n * 1e9:.0f} ns" for p in parts)])
                section.figures[f"{name} {label}"] = timing.rounds
            if len(leaves) == 2:
                ratio = timings["microgd"].over(timings["PyTorch"])
                target = f"chain of {n:,} {label}: at most 0.9x PyTorch"
                section.verdicts.append(Verdict.at_most(target, ratio, 0.9))
    columns = ["", "both (best)", "forward (last)", "backward (last)", "freeing (last)"]
    section.tables.append(Table("Time an operation, forward and backward", columns, rows))


def _linear(
    section: Section, leaf: Leaf, build: Build, n: int, short: int, rounds: int, limit: float = 1.5
) -> None:
    """An operation of a long chain costs what an operation of a short one costs."""
    with collecting(True):
        timings = take_turns(
            {
                "short": _averaged(leaf, build, short, times=max(1, 200_000 // short)),
                "long": _measure(leaf, build, n, Stages()),
            },
            rounds,
        )
    an_operation = {
        name: Timing(tuple(seconds / count for seconds in timings[name].rounds))
        for name, count in (("short", short), ("long", n))
    }
    ratio = an_operation["long"].over(an_operation["short"])
    label = build.__name__.replace("_", " ")
    target = f"chain {label}: an operation of {n:,} at most {limit}x one of {short:,}"
    section.verdicts.append(Verdict.at_most(target, ratio, limit))
    section.figures[f"{label}, {n} against {short}"] = ratio


def _measure(leaf: Leaf, build: Build, n: int, stages: Stages) -> Measure:
    return lambda: run_chain(leaf, build, n, stages)


def _averaged(leaf: Leaf, build: Build, n: int, times: int) -> Measure:
    """Mean of several short runs, so that a short chain is not judged by one lucky moment."""
    stages = Stages()
    return lambda: sum(run_chain(leaf, build, n, stages) for _ in range(times)) / times
