"""The cliff of a recurrent unit: at the wall one step is thrown far away, unless it is clipped."""

from collections.abc import Iterator, Sequence

import numpy as np

from microgd import stack
from microgd.descent import SURFACES
from microgd.experiments.claim import Claim, Plot, Row, Source
from microgd.experiments.statistics import share, sign_test
from microgd.graph import Array
from microgd.nn.utils import clip_grad_norm_
from microgd.optim import SGD
from microgd.tensor import Tensor

RUNS, STEPS, RATE, THRESHOLD = 100, 100, 0.5, 1.0
MAP = ((4.0, -4.0), (7.0, -1.0))  # corners (w, b); the wall goes across
WIDTH = 3.0
ARRIVED = 0.01  # the error when the output is 0.1 away from the target


def run(seed: int) -> Iterator[Row | Plot]:
    """Descend from all over the map, with clipping and without, from the same starts."""
    starts = np.random.default_rng(seed).uniform(*MAP, (RUNS, 2))
    errors, longest = _descend(starts)
    clipped, short = _descend(starts, THRESHOLD)
    thrown, luck = int((longest > WIDTH).sum()), sign_test(list(clipped[-1]), list(errors[-1]))
    arrived = [int((found[-1] < ARRIVED).sum()) for found in (errors, clipped)]
    yield Row(
        "runs thrown farther than the map is wide, share",
        (0.1, 1.0),
        thrown / RUNS,
        note=f"in one step, {share(thrown, RUNS)}",
    )
    yield Row("longest step when clipped, by rate x threshold", (0.0, 1.0), short.max() / RATE)
    yield Row(
        "probability of this if clipping were no better",
        (0.0, 0.01),
        luck,
        note=(
            f"sign test over pairs from the same start; of {RUNS} runs {arrived[0]} end within 0.1"
            f" of the target, and {arrived[1]} if clipped"
        ),
    )
    steps = range(STEPS + 1)
    means = {"plain": errors.mean(axis=1), "clipped at 1": clipped.mean(axis=1)}
    curves = {name: (steps, mean.tolist()) for name, mean in means.items()}
    yield Plot("Descent at the cliff, mean of all runs", "step", "error", curves, log="y")


def _descend(starts: Array, threshold: float = np.inf) -> tuple[Array, Array]:
    """The error of each run at each step, and the longest step of each; each run is by itself."""
    places = [Tensor(start, requires_grad=True, name="(w, b)") for start in starts]
    rule = SGD(places, lr=RATE)
    errors, longest = [], np.zeros(len(starts))
    for _ in range(STEPS):
        rule.zero_grad()
        error = _error(places)
        error.sum().backward()
        for place in places:
            clip_grad_norm_([place], threshold)
        before = np.array([place.data for place in places])
        rule.step()
        moved = np.array([place.data for place in places]) - before
        longest = np.maximum(longest, np.hypot(*moved.T))
        errors.append(error.numpy())
    return np.array([*errors, _error(places).numpy()]), longest


def _error(places: Sequence[Tensor]) -> Tensor:
    """The unit's error after 50 steps, at each place (w, b) of the map."""
    error: Tensor = SURFACES["cliff"].at(stack(places).T)
    return error


CLAIM = Claim(
    name="cliff",
    title="The cliff of a recurrent unit, survived by clipping",
    source=Source("Pascanu, Mikolov and Bengio", 2013, "https://arxiv.org/abs/1211.5063"),
    teaches=(
        "Where the gradient explodes the error has a wall: a step from there goes anywhere, and"
        " clipped it goes a little way in the right direction."
    ),
    kind="distribution",
    run=run,
)
