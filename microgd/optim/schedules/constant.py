"""ConstantLR: a smaller rate for a while."""

from microgd.arguments import whole
from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class ConstantLR(Schedule):
    """A share of the rate for `total_iters` steps, and then all of it.

        rate(t) = base * factor      while t < total_iters
                = base               from then on

    He et al. (2015, https://arxiv.org/abs/1512.03385, section 4.2) warm their 110 layers up so, at
    a tenth of the rate. Unless given, factor = 1/3 and total_iters = 5, as in PyTorch.

    Raises ValueError for a `factor` outside of 0 to 1 or a `total_iters` below 1.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.5)
    >>> ConstantLR(rule, factor=0.5, total_iters=2).preview(4)
    array([0.25, 0.25, 0.5 , 0.5 ])
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5) -> None:
        self.factor = number(self.name, "factor", factor, "from 0 to 1")
        self.total_iters = whole(self.name, "total_iters", total_iters, 1, "give 1 step or more")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lrs * (self.factor if t < self.total_iters else 1.0)
