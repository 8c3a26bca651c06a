"""MultiStepLR: a smaller rate from certain steps on."""

from bisect import bisect_right
from collections.abc import Iterable

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import increasing, number
from microgd.optim.schedules.schedule import Schedule


class MultiStepLR(Schedule):
    """Multiply the rate by `gamma` at each of the `milestones`.

        rate(t) = base * gamma ** (how many milestones are <= t)

    He et al. (2015, Deep residual learning, https://arxiv.org/abs/1512.03385) divide by 10 after
    32,000 and 48,000 of 64,000 steps: milestones=[32000, 48000]. `gamma` is 0.1 unless given, as in
    PyTorch.

    Raises ValueError for milestones that do not increase (PyTorch would sort them, and take one
    that is given twice as two), or a `gamma` that is not above 0.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.5)
    >>> MultiStepLR(rule, milestones=[2, 3], gamma=0.5).preview(5)
    array([0.5  , 0.5  , 0.25 , 0.125, 0.125])
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones = increasing(self.name, "milestones", milestones)
        self.gamma = number(self.name, "gamma", gamma, "above 0")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lrs * self.gamma ** bisect_right(self.milestones, t)
