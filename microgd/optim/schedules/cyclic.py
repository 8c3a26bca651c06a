"""CyclicLR: up and down between two rates, again and again."""

from collections.abc import Callable
from typing import Any

from microgd.arguments import whole
from microgd.graph import Array
from microgd.names import choose
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.cycle import Cycle
from microgd.optim.schedules.options import number

# What a mode makes of the number of the cycle, of t, and of gamma
SCALES: dict[str, Callable[[int, int, float], float]] = {
    "triangular": lambda n, t, gamma: 1.0,
    "triangular2": lambda n, t, gamma: 0.5 ** (n - 1),
    "exp_range": lambda n, t, gamma: gamma**t,
}


class CyclicLR(Cycle):
    """Go from `base_lr` up to `max_lr` and down again, in straight lines, cycle after cycle.

        rate(t) = base_lr + (max_lr - base_lr) * h * scale

    h rises from 0 to 1 in `step_size_up` steps and falls back in `step_size_down` (as many, unless
    given). In cycle n = 1, 2, ... the `mode` says

        "triangular"    scale = 1
        "triangular2"   scale = 1 / 2 ** (n - 1)
        "exp_range"     scale = gamma ** t

    or a function `scale_fn` does, of n (`scale_mode` "cycle") or t ("iterations"). Momentum (also
    that of an SGD which was made with 0), or Adam's first beta, goes the other way, if
    `cycle_momentum`: max_momentum - (max_momentum - base_momentum) * h * scale.

    Smith (2017, https://arxiv.org/abs/1506.01186). One number, or a list with one for each group,
    for the rates and the momenta. Unless given: step_size_up = 2000, gamma = 1, momentum from 0.8
    to 0.9, as in PyTorch; the optimizer's own rates do not matter.

    Raises ValueError for an option out of range, ends the wrong way round, or an optimizer that
    has no momentum to cycle.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], momentum=0.9)
    >>> CyclicLR(rule, base_lr=0.1, max_lr=0.3, step_size_up=2).preview(7)
    array([0.1, 0.2, 0.3, 0.2, 0.1, 0.2, 0.3])
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[int], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.8,
        max_momentum: Any = 0.9,
    ) -> None:
        ends = {"base_lr": base_lr, "max_lr": max_lr}
        self.base_lr, self.max_lr = self.between(optimizer, ends, "0 or more")
        way_out = "give 1 step or more"
        self.step_size_up = whole(self.name, "step_size_up", step_size_up, 1, way_out)
        self.step_size_down = step_size_down
        down = step_size_up if step_size_down is None else step_size_down
        self._down = whole(self.name, "step_size_down", down, 1, way_out)
        self.gamma = number(self.name, "gamma", gamma, "above 0")
        self.mode = mode
        self.scale_fn, self.scale_mode = scale_fn, scale_mode
        if scale_fn is None:
            choose(f"{self.name}: mode", mode, SCALES)
        elif not callable(scale_fn):
            raise TypeError(f"{self.name}: scale_fn is {scale_fn!r:.60}; give a function")
        choose(f"{self.name}: scale_mode", scale_mode, {"cycle": 0, "iterations": 0})
        super().__init__(optimizer, self.base_lr, cycle_momentum, base_momentum, max_momentum)

    def height(self, t: int) -> float:
        """How far up between the two ends it is after `t` steps, from 0 to 1."""
        cycle, passed = divmod(t, self.step_size_up + self._down)
        after = passed - self.step_size_up
        h = 1 - after / self._down if after > 0 else passed / self.step_size_up
        if self.scale_fn is None:
            return h * SCALES[self.mode](cycle + 1, t, self.gamma)
        return h * self.scale_fn(cycle + 1 if self.scale_mode == "cycle" else t)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lr + (self.max_lr - self.base_lr) * self.height(t)

    def momentum(self, t: int) -> Array:
        """The momenta after `t` steps."""
        return self.max_momentum - (self.max_momentum - self.base_momentum) * self.height(t)
