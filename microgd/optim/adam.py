"""Adam: a rate for each weight, from running means of the gradient and of its square."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.optim.mean import follow
from microgd.optim.optimizer import Optimizer, Options


class Adam(Optimizer):
    """Adaptive moment estimation, if wanted with a memory of the largest squares (amsgrad).

        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        u = max(u, v)                                 (amsgrad)
          = v                                         (otherwise)
        direction = (m / (1 - beta1**t)) / (sqrt(u / (1 - beta2**t)) + eps)
        w = w - lr * direction

    Algorithm 1 of Kingma and Ba (2015, https://arxiv.org/abs/1412.6980), with their defaults
    (lr 0.001, betas 0.9 and 0.999, eps 1e-8); `eps` is added to the root of the corrected u, as in
    PyTorch. AMSGrad is by Reddi, Kale and Kumar (2018, https://arxiv.org/abs/1904.09237), who
    correct neither m nor u; as in PyTorch, u is the largest v before its correction.

    Raises ValueError for an option out of range (lr, eps, weight_decay >= 0, betas in [0, 1),
    amsgrad True or False).

    >>> from microgd import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> rule = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> rule.step()
    >>> round(w.item(), 6)  # the first step is lr, whatever the gradient's size
    0.9
    """

    slots = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad
        )

    def check(self, options: Options) -> None:
        """Raise ValueError for an option out of range."""
        super().check(options)
        self.require(options, "eps", 0.0)
        betas = options["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(f"{self.name}: betas={betas!r}; give two numbers, as (0.9, 0.999)")
        self.require(options, "betas", 0.0, 1.0, 0)
        self.require(options, "betas", 0.0, 1.0, 1)
        self.require_bool(options, "amsgrad")

    def needs(self, options: Options) -> tuple[str, ...]:
        """Both means; the largest squares for amsgrad."""
        return self.slots if options["amsgrad"] else self.slots[:2]

    def direction(self, options: Options, state: dict[str, Array], g: Array, step: int) -> Array:
        """Where to go, from the gradient `g`."""
        m, u = state["exp_avg"], state["exp_avg_sq"]
        beta1, beta2 = options["betas"]
        follow(m, beta1, g)
        g *= g
        follow(u, beta2, g)
        if options["amsgrad"]:
            u = np.maximum(state["max_exp_avg_sq"], u, out=state["max_exp_avg_sq"])
        # both corrections in one factor, and in place: this is where a step spends its time
        correction1, correction2 = 1 - beta1**step, math.sqrt(1 - beta2**step)
        size = np.sqrt(u, out=g)
        size *= correction1 / correction2
        size += options["eps"] * correction1
        return np.divide(m, size, out=size)
