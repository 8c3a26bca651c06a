"""PolynomialLR: down to nothing along a power of what is left of the time."""

from microgd.arguments import whole
from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class PolynomialLR(Schedule):
    """Bring the rate down to 0 in `total_iters` steps, along a power of the time left.

        rate(t) = base * (1 - min(t, total_iters) / total_iters) ** power

    Chen et al. (2017, DeepLab, https://arxiv.org/abs/1606.00915) take power = 0.9. Unless given,
    total_iters = 5 and power = 1, a straight line, as in PyTorch.

    Raises ValueError for a `total_iters` below 1 or a `power` below 0.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.16)
    >>> PolynomialLR(rule, total_iters=4, power=2).preview(6)
    array([0.16, 0.09, 0.04, 0.01, 0.  , 0.  ])
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters = whole(self.name, "total_iters", total_iters, 1, "give 1 step or more")
        self.power = number(self.name, "power", power, "0 or more")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lrs * (1 - min(t, self.total_iters) / self.total_iters) ** self.power
