"""LinearLR: warm-up along a straight line."""

from microgd.arguments import whole
from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class LinearLR(Schedule):
    """Warm up: from a share of the rate to all of it in `total_iters` steps, in a straight line.

        rate(t) = base * (start + (end - start) * min(t, total_iters) / total_iters)

    where start and end are `start_factor` and `end_factor`; with end < start it cools down instead.
    Goyal et al. (2017, https://arxiv.org/abs/1706.02677) warm up so, for the large steps that large
    batches ask for would be too large at first. Unless given, start_factor = 1/3, end_factor = 1
    and total_iters = 5, as in PyTorch.

    Raises ValueError for a `start_factor` that is not above 0 and up to 1, an `end_factor` outside
    of 0 to 1, or a `total_iters` below 1.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.8)
    >>> LinearLR(rule, start_factor=0.25, total_iters=3).preview(5)
    array([0.2, 0.4, 0.6, 0.8, 0.8])
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        self.start_factor = number(self.name, "start_factor", start_factor, "above 0 and up to 1")
        self.end_factor = number(self.name, "end_factor", end_factor, "from 0 to 1")
        self.total_iters = whole(self.name, "total_iters", total_iters, 1, "give 1 step or more")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        done = min(t, self.total_iters) / self.total_iters
        return self.base_lrs * (self.start_factor + (self.end_factor - self.start_factor) * done)
