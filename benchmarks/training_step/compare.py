"""Check that all contenders train alike, then time their steps in interleaved rounds."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from ..timing import Call, Timing, interleave
from .contenders import REFERENCE, Make
from .problem import Problem

TOLERANCE = {"float64": 1e-8, "float32": 1e-3}


def disagreement(make: Make, reference: Make, problem: Problem, steps: int = 5) -> float:
    """Largest |w - w_ref| / max |w_ref| over the arrays of weights after `steps` steps."""
    pair = [make(problem), reference(problem)]
    for contender in pair:
        for _ in range(steps):
            contender.step()
    ours, theirs = (contender.parameters() for contender in pair)
    for a, b in zip(ours, theirs, strict=True):
        if a.dtype != problem.dtype or a.shape != b.shape:
            return float("inf")
    return max(
        float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, theirs, strict=True)
    )


def check(contenders: Mapping[str, Make], problem: Problem) -> dict[str, float]:
    """Every contender's disagreement with the reference; raises ValueError past the tolerance."""
    reference, tolerance = contenders[REFERENCE], TOLERANCE[problem.dtype]
    found = {name: disagreement(make, reference, problem) for name, make in contenders.items()}
    wrong = {name: error for name, error in found.items() if not error <= tolerance}
    if wrong:
        raise ValueError(
            f"{problem}: after 5 steps these weights are not those of {REFERENCE} to within "
            f"{tolerance:g}, so their times would mean nothing: {wrong}"
        )
    return found


def compare(contenders: Mapping[str, Make], problem: Problem, rounds: int) -> dict[str, Timing]:
    """Time one step of every contender, each round from the initial weights."""

    def prepare(make: Make) -> Call:
        return make(problem).step

    return interleave(
        {name: partial(prepare, make) for name, make in contenders.items()},
        rounds=rounds,
    )
