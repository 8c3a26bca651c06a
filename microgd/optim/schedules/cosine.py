"""CosineAnnealingLR: down along half a period of the cosine."""

from microgd.arguments import whole
from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.anneal import cosine
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class CosineAnnealingLR(Schedule):
    """Bring the rate down to `eta_min` in `T_max` steps, along a cosine.

        rate(t) = eta_min + (base - eta_min) * (1 + cos(pi * t / T_max)) / 2

    Slow at first, fastest in the middle, slow at the end. Equation 5 of Loshchilov and Hutter
    (2017, https://arxiv.org/abs/1608.03983), without the restarts. After `T_max` the rate rises
    again, and is back at its base at 2 * T_max, as PyTorch's does; stop there, or put another
    schedule after it (`SequentialLR`). `eta_min` is 0 unless given.

    Raises ValueError for a `T_max` below 1 or an `eta_min` below 0.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.4)
    >>> CosineAnnealingLR(rule, T_max=3).preview(5).round(6)
    array([0.4, 0.3, 0.1, 0. , 0.1])
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803
        eta_min: float = 0.0,
    ) -> None:
        self.T_max = whole(self.name, "T_max", T_max, 1, "give 1 step or more")
        self.eta_min = number(self.name, "eta_min", eta_min, "0 or more")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return cosine(self.base_lrs, self.eta_min, t / self.T_max)
