"""SequentialLR: one schedule after another."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import increasing
from microgd.optim.schedules.schedule import Schedule


class SequentialLR(Schedule):
    """Follow the first schedule until the first milestone, the second until the second, and so on.

        rate(t) = schedules[i].rate(t - milestones[i - 1])      i milestones are <= t

    Each starts anew at its milestone, from its own base rates: what the one before it came to does
    not matter. Usual is a warm-up, and then a cosine down (He et al. 2019, Bag of tricks,
    https://arxiv.org/abs/1812.01187). All are made for the same optimizer, and only this one's
    `step()` is called. They may be sequences themselves.

    This equals PyTorch's, but where a OneCycleLR meets another one: PyTorch keeps its bounds in
    `param_groups`, so that making one changes where those before it start, and a CyclicLR made
    after it changes its momentum. Here each keeps its own.

    Raises ValueError for schedules of several optimizers, a ReduceLROnPlateau, milestones that do
    not increase, or not one milestone less than schedules; TypeError for what is no schedule.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD, CosineAnnealingLR, LinearLR
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.4)
    >>> warm_up, down = LinearLR(rule, 0.25, total_iters=3), CosineAnnealingLR(rule, T_max=4)
    >>> SequentialLR(rule, [warm_up, down], milestones=[3]).preview(8).round(3)
    array([0.1  , 0.2  , 0.3  , 0.4  , 0.341, 0.2  , 0.059, 0.   ])
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Iterable[Schedule], milestones: Iterable[int]
    ) -> None:
        self.groups(optimizer)
        self.schedulers = self._listed(optimizer, schedulers)
        self.milestones = increasing(self.name, "milestones", milestones)
        if len(self.milestones) != len(self.schedulers) - 1:
            raise ValueError(
                f"{self.name}: {len(self.schedulers)} schedules and {len(self.milestones)}"
                " milestones; give one milestone between each two schedules"
            )
        super().__init__(optimizer)

    def at(self, t: int) -> tuple[Schedule, int]:
        """The schedule that holds after `t` steps, and how many of them are its own."""
        number = bisect_right(self.milestones, t)
        return self.schedulers[number], t - (self.milestones[number - 1] if number else 0)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        schedule, own = self.at(t)
        return schedule.rate(own)

    def write(self, t: int) -> None:
        """Put what holds after `t` steps into the optimizer, the momentum as well."""
        schedule, own = self.at(t)
        schedule.write(own)

    def state_dict(self) -> dict[str, Any]:
        """Where it stands, and where its schedules start from."""
        inner = [schedule.state_dict() for schedule in self.schedulers]
        return {**super().state_dict(), "schedulers": inner}

    def check_state(self, state: Any) -> None:
        """Raise ValueError or TypeError where the state cannot be restored."""
        super().check_state(state)
        count = len(self.schedulers)
        if len(state["schedulers"]) != count:
            raise ValueError(
                f"{self.name}.load_state_dict: the state is of {len(state['schedulers'])}"
                f" schedules, and this is a sequence of {count}; make it of as many"
            )
        for schedule, inner in zip(self.schedulers, state["schedulers"], strict=True):
            schedule.check_state(inner)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state that was checked; the optimizer is left alone."""
        super().restore(state)
        for schedule, inner in zip(self.schedulers, state["schedulers"], strict=True):
            schedule.restore(inner)

    def _listed(self, optimizer: Optimizer, schedules: Any) -> list[Schedule]:
        """The schedules, if they can follow one another."""
        if isinstance(schedules, Schedule) or not isinstance(schedules, Iterable):
            raise TypeError(
                f"{self.name}: schedulers is {schedules!r:.60}; give a list of schedules"
            )
        found = list(schedules)
        if not found:
            raise ValueError(f"{self.name}: no schedules; give at least one")
        for number, schedule in enumerate(found):
            if not isinstance(schedule, Schedule):
                raise TypeError(
                    f"{self.name}: schedulers[{number}] is {schedule!r:.60}; give a schedule, such"
                    " as LinearLR(optimizer)"
                )
            if schedule.needs_metric:
                raise ValueError(
                    f"{self.name}: schedulers[{number}] is a {schedule.name}, whose rates are no"
                    " function of the time; call its step(metric) when the sequence is over"
                )
            if schedule.optimizer is not optimizer:
                raise ValueError(
                    f"{self.name}: schedulers[{number}], {schedule}, is of another optimizer; make"
                    " all of them, and the sequence, for the same one"
                )
        return found
