"""CosineAnnealingWarmRestarts: down along a cosine, and up again at once, many times."""

from microgd.arguments import whole
from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.anneal import cosine
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class CosineAnnealingWarmRestarts(Schedule):
    """Bring the rate down along a cosine, start again from its base, and so on.

        rate(t) = eta_min + (base - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2

    where T_cur steps have passed since the last restart; the first period is T_i = `T_0` steps
    long, and each is `T_mult` times as long as the one before. SGDR, equation 5 of Loshchilov and
    Hutter (2017, https://arxiv.org/abs/1608.03983): with T_0 = 10 and T_mult = 2, restarts are at
    10, 30, 70, 150 epochs. Unless given, T_mult = 1 and eta_min = 0, as in PyTorch.

    Raises ValueError for a `T_0` or `T_mult` below 1 or an `eta_min` below 0.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.4)
    >>> schedule = CosineAnnealingWarmRestarts(rule, T_0=2, T_mult=2)
    >>> schedule.preview(7).round(6)
    array([0.4     , 0.2     , 0.4     , 0.341421, 0.2     , 0.058579,
           0.4     ])
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
    ) -> None:
        self.T_0 = whole(self.name, "T_0", T_0, 1, "give 1 step or more")
        self.T_mult = whole(self.name, "T_mult", T_mult, 1, "give 1 or more")
        self.eta_min = number(self.name, "eta_min", eta_min, "0 or more")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        passed, period = self.place(t)
        return cosine(self.base_lrs, self.eta_min, passed / period)

    def place(self, t: int) -> tuple[int, int]:
        """How many steps after `t` steps have passed since the last restart, of how many."""
        if self.T_mult == 1:
            return t % self.T_0, self.T_0
        period = self.T_0
        while t >= period:  # not by a logarithm, whose rounding can miss a restart
            t -= period
            period *= self.T_mult
        return t, period
