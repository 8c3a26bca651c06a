"""Adagrad: a rate for each weight, smaller the further its gradients have gone in all."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer, Options


class Adagrad(Optimizer):
    """Adaptive subgradient method.

        g = g + weight_decay * w
        s = s + g**2                        (before the first step, s = initial_accumulator_value)
        size = (sqrt(s) + eps) * (1 + (t - 1) * lr_decay)
        direction = g / size
        w = w - lr * direction

    The diagonal rule of Duchi, Hazan and Singer (2011, https://jmlr.org/papers/v12/duchi11a.html),
    with `eps` outside of the root, as theirs; `lr_decay`, and lr 0.01 and eps 1e-10 by default,
    are PyTorch's. A weight with rare gradients, as those of sparse features, keeps a large rate;
    none ever gets its rate back.

    Raises ValueError for an option out of range (all are numbers of at least 0).

    >>> from microgd import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> rule = Adagrad([w], lr=0.1)
    >>> for _ in range(3):
    ...     w.grad = 5.0
    ...     rule.step()
    ...     print(round(w.item(), 4))  # a constant gradient: step t is lr / sqrt(t)
    0.9
    0.8293
    0.7716
    """

    slots = ("sum",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )

    def check(self, options: Options) -> None:
        """Raise ValueError for an option out of range."""
        super().check(options)
        for name in ("lr_decay", "initial_accumulator_value", "eps"):
            self.require(options, name, 0.0)

    def direction(self, options: Options, state: dict[str, Array], g: Array, step: int) -> Array:
        """Where to go, from the gradient `g`."""
        s = state["sum"]
        if step == 1:
            s[:] = options["initial_accumulator_value"]
        s += g * g
        size = np.sqrt(s)
        size += options["eps"]
        size *= 1 + (step - 1) * options["lr_decay"]
        return np.divide(g, size, out=g)
