"""What cyclic schedules share: while the rate goes up, the momentum goes down."""

from typing import Any

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import numbers, shown
from microgd.optim.schedules.schedule import Schedule


class Cycle(Schedule):
    """A schedule that may also set `momentum`, or the first of `betas`, of every group.

    A large rate and a large momentum together would be too much of a good thing (Smith 2018,
    https://arxiv.org/abs/1803.09820). As in PyTorch, an SGD that was made with momentum 0 has one
    from then on. A subclass says, beside `rate`, the `momentum` at t.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lrs: Array,
        cycle_momentum: bool,
        base_momentum: Any,
        max_momentum: Any,
    ) -> None:
        span = "from 0 to below 1"
        self.base_momentum, self.max_momentum = self.between(
            optimizer, {"base_momentum": base_momentum, "max_momentum": max_momentum}, span
        )
        self.cycle_momentum = bool(cycle_momentum)
        if self.cycle_momentum and not _kind(optimizer):
            raise ValueError(
                f"{self.name}: {optimizer.name} has neither momentum nor betas; give"
                " cycle_momentum=False"
            )
        super().__init__(optimizer, base_lrs)

    def between(self, optimizer: Optimizer, ends: dict[str, Any], span: str) -> tuple[Array, Array]:
        """The lower and the upper end of what is gone through, for each group."""
        count = len(self.groups(optimizer))
        (low_name, low), (high_name, high) = (
            (name, numbers(self.name, name, value, span, count)) for name, value in ends.items()
        )
        if (low > high).any():
            raise ValueError(
                f"{self.name}: {low_name}={ends[low_name]} is above {high_name}={ends[high_name]};"
                " give the smaller one first"
            )
        return low, high

    def momentum(self, t: int) -> Array:
        """The momentum of each group after `t` steps, an array of shape (groups,)."""
        raise NotImplementedError(f"{self.name}: write a momentum method")

    def write(self, t: int) -> None:
        """Put what holds after `t` steps into the optimizer."""
        if not self.cycle_momentum:
            super().write(t)
            return
        momenta = self.momentum(t).tolist()
        if not all(0 <= momentum < 1 for momentum in momenta):
            raise ValueError(
                f"{self.name}: the momentum at t = {t} is {shown(momenta)}; it is to be a"
                " number from 0 to below 1"
            )
        super().write(t)
        kind = _kind(self.optimizer)
        for group, momentum in zip(self.optimizer.param_groups, momenta, strict=True):
            group[kind] = (momentum, *group["betas"][1:]) if kind == "betas" else momentum


def _kind(optimizer: Optimizer) -> str:
    """The option that is the momentum of a rule, or nothing."""
    kinds = (name for name in ("betas", "momentum") if name in optimizer.param_groups[0])
    return next(kinds, "")
