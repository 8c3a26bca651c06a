"""StepLR: a smaller rate after every so many steps."""

from microgd.arguments import whole
from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class StepLR(Schedule):
    """Multiply the rate by `gamma` after every `step_size` steps.

        rate(t) = base * gamma ** floor(t / step_size)

    With step_size = 8 epochs and gamma = 0.96 it is the schedule of GoogLeNet (Szegedy et al. 2014,
    https://arxiv.org/abs/1409.4842). `gamma` is 0.1 unless given, as in PyTorch.

    Raises ValueError for a `step_size` below 1 or a `gamma` that is not above 0.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> StepLR(SGD([Tensor(1.0, requires_grad=True)], lr=0.5), step_size=2, gamma=0.5).preview(6)
    array([0.5  , 0.5  , 0.25 , 0.25 , 0.125, 0.125])
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = whole(self.name, "step_size", step_size, 1, "give 1 step or more")
        self.gamma = number(self.name, "gamma", gamma, "above 0")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lrs * self.gamma ** (t // self.step_size)
