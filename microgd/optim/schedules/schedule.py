"""What all schedules share: one formula, a count of steps, saving, and a look ahead."""

import math
from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.graph import Array
from microgd.optim.optimizer import Optimizer, Options
from microgd.optim.schedules.options import numbers, shown


class Schedule:
    """A learning rate that changes with the time: ``lr = rate(t)`` after t steps of the schedule.

    Call `step()` after the optimizer's, once a step or once an epoch: that is the unit of t. A
    schedule is a subclass with one formula, `rate`, which starts from `base_lrs`: the rates with
    which the optimizer's groups were made. As the rate depends on t alone, it can be looked at
    before use (`preview`), taken up at any t (`load_state_dict`), and put after another one
    (`SequentialLR`).

    As in PyTorch, making a schedule sets the rates for t = 0, and keeps the optimizer's own as
    `initial_lr` in `param_groups`, from which a schedule that is made later starts, too. Unlike
    there, a rate that is set by hand, or by a second schedule, holds until the next step only:
    PyTorch's go on from it in some schedules and not in others.

    Raises TypeError for an `optimizer` that is none.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> class Harmonic(Schedule):  # a schedule of one's own
    ...     def rate(self, t):
    ...         return self.base_lrs / (t + 1)
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.6)
    >>> schedule = Harmonic(rule)
    >>> schedule.preview(3)
    array([0.6, 0.3, 0.2])
    >>> schedule.step()
    >>> rule.param_groups[0]["lr"]
    0.3
    """

    needs_metric = False  # whether `step` is to be given one

    def __init__(self, optimizer: Optimizer, base_lrs: Array | None = None) -> None:
        groups = self.groups(optimizer)
        if base_lrs is None:
            base_lrs = np.array([group.get("initial_lr", group["lr"]) for group in groups], float)
        self.optimizer = optimizer
        self.base_lrs = base_lrs
        self.last_epoch = 0  # PyTorch's name for t, whatever is counted
        self.write(0)
        for group, base in zip(groups, base_lrs, strict=True):
            group.setdefault("initial_lr", float(base))

    @property
    def name(self) -> str:
        """The name of the schedule."""
        return type(self).__name__

    def groups(self, optimizer: Any) -> list[Options]:
        """The groups of an optimizer. Raises TypeError for what is none."""
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{self.name}: optimizer is {optimizer!r:.60}; give one such as"
                " optim.SGD(model.parameters(), lr=0.1)"
            )
        return optimizer.param_groups

    def rate(self, t: int) -> Array:
        """The rate of each group after `t` steps, an array of shape (groups,)."""
        raise NotImplementedError(f"{self.name}: write a rate method")

    def rates(self, t: int) -> list[float]:
        """The same as numbers. Raises ValueError where one is no rate."""
        try:
            rate = np.asarray(self.rate(t), float)
        except OverflowError:  # 1.1**9999
            rate = np.array(math.inf)
        found: list[float] = np.broadcast_to(rate, self.base_lrs.shape).tolist()
        if not all(0 <= rate < math.inf for rate in found):
            raise ValueError(
                f"{self.name}: the rate at t = {t} is {shown(found)}; a rate is a finite"
                " number of 0 or more"
            )
        return found

    def write(self, t: int) -> None:
        """Put what holds after `t` steps into the optimizer."""
        for group, rate in zip(self.optimizer.param_groups, self.rates(t), strict=True):
            group["lr"] = rate

    def step(self, metric: float | None = None) -> None:
        """One unit of time has passed; a `metric` is for those that look at it."""
        self.write(self.last_epoch + 1)
        self.last_epoch += 1

    def preview(self, steps: int) -> Array:
        """The rates for t = 0 ... steps - 1, from the beginning, wherever the schedule stands.

        Shape (steps,), or (steps, groups) if there are several. Nothing is changed by it. Raises
        ValueError for fewer than 1 step.
        """
        count = whole(f"{self.name}.preview", "steps", steps, 1, "give 1 step or more")
        return table([self.rates(t) for t in range(count)])

    def get_last_lr(self) -> list[float]:
        """The rate of each group, as it is now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    # Saving and loading

    def state_dict(self) -> dict[str, Any]:
        """Where it stands: the name of the schedule, t, and the base rates; not the options."""
        return {
            "schedule": self.name,
            "last_epoch": self.last_epoch,
            "base_lrs": self.base_lrs.tolist(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken, and put the rates of that time into the optimizer.

        The options are those with which this schedule was made. Raises ValueError, and changes
        nothing, where the state is malformed, of another schedule, or of other groups.
        """
        mine = self.state_dict()
        self.check_state(state)
        self.restore(state)
        try:
            self.write(self.last_epoch)
        except Exception:
            self.restore(mine)
            raise

    def check_state(self, state: Any) -> None:
        """Raise ValueError or TypeError where the state cannot be restored."""
        op, way_out = f"{self.name}.load_state_dict", "give what state_dict() gave"
        if not isinstance(state, Mapping) or "schedule" not in state:
            raise ValueError(f"{op}: the state is {state!r:.60}; {way_out}")
        if state["schedule"] != self.name:
            raise ValueError(
                f"{op}: the state is of {state['schedule']!s:.40}; make a schedule of that kind"
            )
        if set(state) != set(self.state_dict()):
            raise ValueError(f"{op}: the state has {sorted(state)}; {way_out}")
        whole(op, "last_epoch", state["last_epoch"], 0, way_out)
        numbers(op, "base_lrs", list(state["base_lrs"]), "0 or more", len(self.base_lrs))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state that was checked; the optimizer is left alone."""
        self.base_lrs = np.array(state["base_lrs"], float)
        self.last_epoch = int(state["last_epoch"])

    def __str__(self) -> str:
        """How it was made, without what went without saying."""
        options = {
            name: getattr(self, name)
            for name, parameter in signature(type(self).__init__).parameters.items()
            if name not in {"self", "optimizer"}
            and hasattr(self, name)
            and shown(getattr(self, name)) != shown(parameter.default)
        }
        return f"{self.name}({', '.join(f'{k}={shown(v)}' for k, v in options.items())})"

    def __repr__(self) -> str:
        rates = ", ".join(f"{rate:.6g}" for rate in self.get_last_lr())
        return f"{self} at t = {self.last_epoch}: lr={rates}"


def table(rates: list[list[float]]) -> Array:
    """A row for each time and a column for each group, if there are several."""
    found = np.array(rates)
    return found[:, 0] if found.shape[1] == 1 else found
