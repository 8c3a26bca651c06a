"""LambdaLR: a formula of one's own."""

from collections.abc import Callable, Sequence

import numpy as np

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.schedule import Schedule

Factor = Callable[[int], float]


class LambdaLR(Schedule):
    """Multiply the rate by a function of the time.

        rate(t) = base * lr_lambda(t)

    `lr_lambda` is one function for all groups, or a list with one for each. It is not saved: give
    the same one when a run is resumed. Vaswani et al. (2017, https://arxiv.org/abs/1706.03762)
    train the Transformer with lr = d**-0.5 * min(t**-0.5, t * warmup**-1.5).

    Raises TypeError for what is no function, and ValueError where a function gives no number of 0
    or more.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.1)
    >>> LambdaLR(rule, lambda t: min((t + 1) / 3, 1)).preview(4).round(3)
    array([0.033, 0.067, 0.1  , 0.1  ])
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor]) -> None:
        count = len(self.groups(optimizer))
        self.lr_lambda = [lr_lambda] * count if callable(lr_lambda) else lr_lambda
        if not (
            isinstance(self.lr_lambda, list | tuple)
            and len(self.lr_lambda) == count
            and all(map(callable, self.lr_lambda))
        ):
            raise TypeError(
                f"{self.name}: lr_lambda is {lr_lambda!r:.60}; give a function of t, or a list of"
                f" {count}, one for each group"
            )
        super().__init__(optimizer)

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        return self.base_lrs * np.array([factor(t) for factor in self.lr_lambda], float)
