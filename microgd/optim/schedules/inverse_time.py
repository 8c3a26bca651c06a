"""InverseTimeLR: the time-based decay, in the end as 1 / t."""

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import number
from microgd.optim.schedules.schedule import Schedule


class InverseTimeLR(Schedule):
    """Divide the rate by a number that grows with the time: "time-based" decay.

        rate(t) = base / (1 + decay * t)

    Nearly constant until t = 1 / decay, where it is half, and then as 1 / t: "search, then
    converge". Such rates add up to infinity and their squares do not, the conditions under which
    Robbins and Monro (1951, https://doi.org/10.1214/aoms/1177729586) prove that noisy steps
    converge. PyTorch has no class for it. Darken and Moody (1990, Note on learning rate schedules,
    https://papers.neurips.cc/paper/1990/hash/18d8042386b79e2c279fd162df0205c8-Abstract.html).

    Raises ValueError for a `decay` below 0.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> InverseTimeLR(SGD([Tensor(1.0, requires_grad=True)], lr=0.6), decay=0.5).preview(5)
    array([0.6 , 0.4 , 0.3 , 0.24, 0.2 ])
    """

    def __init__(self, optimizer: Optimizer, decay: float) -> None:
        self.decay = number(self.name, "decay", decay, "0 or more")
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lrs / (1 + self.decay * t)
