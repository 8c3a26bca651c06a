"""ExponentialLR: the same factor in every step."""

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class ExponentialLR(Schedule):
    """Multiply the rate by `gamma` in every step.

        rate(t) = base * gamma ** t

    Szegedy et al. (2016, https://arxiv.org/abs/1512.00567) let the rate of Inception-v3 decay so,
    by 0.94 every two epochs. With a `gamma` above 1 the rate grows, which is a way to find out
    where training begins to diverge (Smith 2017, https://arxiv.org/abs/1506.01186).

    Raises ValueError for a `gamma` that is not above 0.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> ExponentialLR(SGD([Tensor(1.0, requires_grad=True)], lr=0.5), gamma=0.5).preview(4)
    array([0.5   , 0.25  , 0.125 , 0.0625])
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = number(self.name, "gamma", gamma, "above 0")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lrs * self.gamma**t
