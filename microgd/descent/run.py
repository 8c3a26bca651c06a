"""One rule's way down a surface, step by step, with all that it remembers on the way."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.descent.rules import Make
from microgd.descent.surface import Function, Point, Surface
from microgd.graph import Array
from microgd.nn.utils import add_grad_noise_, clip_grad_norm_
from microgd.optim import Optimizer
from microgd.tensor import Tensor

Noise = float | tuple[float, float]
Schedule = Callable[[Optimizer], Any]


@dataclass(frozen=True)
class Run:
    """Where a rule was after k steps, for k = 0 ... n, and what it knew there.

    points     (n + 1, 2)  the places
    losses     (n + 1,)    the surface there
    gradients  (n + 1, 2)  the surface's gradient there
    seen       (n + 1, 2)  the gradient that the rule was given: of a batch, with noise, clipped
    rates      (n + 1,)    the learning rate of the step from there
    state      slot -> (n + 1, 2): what the optimizer remembers, under the names of its state_dict
    options    of the optimizer, as it began
    diverged   the step after which something was not finite, None if all was; it is not recorded
    """

    name: str
    points: Array
    losses: Array
    gradients: Array
    seen: Array
    rates: Array
    state: Mapping[str, Array]
    options: Mapping[str, Any]
    diverged: int | None = None

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.losses) - 1

    def reached(self, loss: float) -> int | None:
        """The number of steps after which the loss stays at most this; None if it does not."""
        above = np.flatnonzero(~(self.losses <= loss))
        steps = int(above[-1]) + 1 if above.size else 0
        return steps if steps <= len(self) and self.diverged is None else None

    def left(self, surface: Surface) -> int | None:
        """The step after which it left the surface's view for good; None if it ended in view."""
        x0, x1, y0, y1 = surface.box
        x, y = self.points.T
        inside = np.flatnonzero((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))
        last = int(inside[-1]) if inside.size else -1
        return None if last == len(self) and self.diverged is None else last + 1


def run(
    surface: Surface,
    name: str,
    make: Make,
    start: Point,
    steps: int,
    *,
    schedule: Schedule | None = None,
    noise: Noise | None = None,
    clip: float | None = None,
    sample: Callable[[int], Function] | None = None,
    rng: int = 0,
) -> Run:
    """Descend with one optimizer, and write everything down; see `race`.

    sample  gives the function whose gradient step t follows, if that is not the surface's own
    """
    w = Tensor(np.array(start), requires_grad=True, name="w")
    optimizer = made(name, make, w)
    options = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    scheduled = schedule(optimizer) if schedule else None
    generator = np.random.default_rng(rng)
    eta, gamma = noise if isinstance(noise, tuple) else ((noise or 0.0) ** 2, 0.0)
    rows: list[tuple[Any, ...]] = []
    diverged = None
    with np.errstate(all="ignore"):  # to run off to infinity is one of the things to be shown
        for step in range(steps + 1):
            loss, gradient = _slope(surface.at(w), w)
            if not (math.isfinite(loss) and np.isfinite(gradient).all()):
                diverged = step
                break
            if sample:
                _slope(sample(step)(w[0], w[1]), w)
            if eta:
                add_grad_noise_([w], step, eta, gamma, rng=generator)
            if clip is not None:
                clip_grad_norm_([w], clip)
            assert w.grad is not None
            state = optimizer.state_dict()["state"].get(0, {})
            rate = optimizer.param_groups[0]["lr"]
            rows.append((w.data.copy(), loss, gradient, w.grad.copy(), rate, state))
            if step < steps:
                optimizer.step()
                if scheduled:
                    scheduled.step(loss)
    if not rows:
        raise ValueError(
            f"race: {surface.name} or its gradient is not finite at {start}; take another start"
        )
    *numbers, states = zip(*rows, strict=True)
    points, losses, gradients, seen, rates = (np.array(column, dtype=float) for column in numbers)
    slots = [slot for slot in optimizer.slots if slot in states[-1]]
    remembered = {
        slot: np.array([state.get(slot, np.zeros(2)) for state in states]) for slot in slots
    }
    return Run(name, points, losses, gradients, seen, rates, remembered, options, diverged)


def made(name: str, make: Make, w: Tensor) -> Optimizer:
    """The optimizer of one parameter. Raises TypeError if `make` gives anything else."""
    optimizer = make([w])
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"race: {name} gave {optimizer!r:.60}, which is no optimizer; give a function that"
            " makes one, as lambda params: optim.Adam(params, lr=0.1)"
        )
    return optimizer


def _slope(value: Tensor, w: Tensor) -> tuple[float, Array]:
    """A value and its gradient in `w`, by the pass that trains."""
    w.zero_grad()
    if value.requires_grad:
        value.backward()
    if w.grad is None:  # f does not depend on w
        w.gradient = np.zeros(2)
    assert w.grad is not None
    return value.item(), w.grad.copy()
