"""Adadelta: steps in the units of the weights, from past steps and past gradients."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.optim.mean import follow
from microgd.optim.optimizer import Optimizer, Options


class Adadelta(Optimizer):
    """Adagrad that forgets, with past steps in the place of a rate.

        g = g + weight_decay * w
        v = rho * v + (1 - rho) * g**2
        direction = sqrt(d + eps) / sqrt(v + eps) * g
        d = rho * d + (1 - rho) * direction**2
        w = w - lr * direction

    Algorithm 1 of Zeiler (2012, https://arxiv.org/abs/1212.5701), who has rho 0.95, eps 1e-6 and
    no lr; lr 1.0, rho 0.9 and eps 1e-6 by default are PyTorch's. The ratio of the two roots has
    the unit of w / g, so that the step has that of w. All steps grow out of `eps`: the first is
    about ``sqrt(eps / (1 - rho))``, whatever the gradient's size.

    Raises ValueError for an option out of range (lr, eps, weight_decay >= 0, 0 <= rho < 1).

    >>> from microgd import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> rule = Adadelta([w], rho=0.95)
    >>> w.grad = 1.0
    >>> rule.step()
    >>> round(1.0 - w.item(), 7)
    0.0044721
    """

    slots = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)

    def check(self, options: Options) -> None:
        """Raise ValueError for an option out of range."""
        super().check(options)
        self.require(options, "rho", 0.0, 1.0)
        self.require(options, "eps", 0.0)

    def direction(self, options: Options, state: dict[str, Array], g: Array, step: int) -> Array:
        """Where to go, from the gradient `g`."""
        v, d = state["square_avg"], state["acc_delta"]
        rho, eps = options["rho"], options["eps"]
        follow(v, rho, g * g)
        g *= np.sqrt(d + eps)
        g /= np.sqrt(v + eps)
        follow(d, rho, g * g)
        return g
