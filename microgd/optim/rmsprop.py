"""RMSprop: each gradient divided by the root of a running mean of its squares."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.optim.mean import follow
from microgd.optim.optimizer import Optimizer, Options


class RMSprop(Optimizer):
    """Adagrad that forgets, if wanted with centred squares and with momentum.

        g = g + weight_decay * w
        v = alpha * v + (1 - alpha) * g**2
        m = alpha * m + (1 - alpha) * g               (centered)
        size = sqrt(v - m**2) + eps                   (centered)
             = sqrt(v) + eps                          (otherwise)
        b = momentum * b + g / size                   (momentum)
        direction = b                                 (momentum)
                  = g / size                          (otherwise)
        w = w - lr * direction

    Tieleman and Hinton (2012, lecture 6.5 of Neural Networks for Machine Learning,
    https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf); centred by Graves
    (2013, https://arxiv.org/abs/1308.0850, equations 38 to 45). As in PyTorch, whose defaults these
    are (lr 0.01, alpha 0.99, eps 1e-8), `eps` is outside of the root, where Graves has it inside,
    and the rate is outside of the momentum, where he has it inside. A variance ``v - m**2`` that
    rounding takes below 0 counts as 0.

    Raises ValueError for an option out of range (lr, eps, weight_decay >= 0, alpha and momentum in
    [0, 1), centered True or False).

    >>> from microgd import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> rule = RMSprop([w], lr=0.1, alpha=0.75)
    >>> w.grad = 5.0
    >>> rule.step()
    >>> round(w.item(), 6)  # the first step is lr / sqrt(1 - alpha), whatever the gradient's size
    0.8
    """

    slots = ("square_avg", "grad_avg", "momentum_buffer")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
        )

    def check(self, options: Options) -> None:
        """Raise ValueError for an option out of range."""
        super().check(options)
        self.require(options, "alpha", 0.0, 1.0)
        self.require(options, "eps", 0.0)
        self.require(options, "momentum", 0.0, 1.0)
        self.require_bool(options, "centered")

    def needs(self, options: Options) -> tuple[str, ...]:
        """The squares; the mean if centred; the velocity if there is momentum."""
        used = (True, options["centered"], options["momentum"])
        return tuple(slot for slot, use in zip(self.slots, used, strict=True) if use)

    def direction(self, options: Options, state: dict[str, Array], g: Array, step: int) -> Array:
        """Where to go, from the gradient `g`."""
        v, alpha = state["square_avg"], options["alpha"]
        follow(v, alpha, g * g)
        if options["centered"]:
            m = state["grad_avg"]
            follow(m, alpha, g)
            size = np.sqrt(np.maximum(v - m * m, 0))
        else:
            size = np.sqrt(v)
        size += options["eps"]
        g /= size
        if not options["momentum"]:
            return g
        b = state["momentum_buffer"]
        b *= options["momentum"]
        b += g
        return b
