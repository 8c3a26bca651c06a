"""Gradient descent, with momentum."""

from collections.abc import Iterable
from typing import Any

from microgd.graph import Array
from microgd.optim.optimizer import Optimizer, Options


class SGD(Optimizer):
    """Gradient descent, if wanted with momentum or Nesterov's momentum.

        g = g + weight_decay * w
        v = momentum * v + (1 - dampening) * g       (v = g in the first step)
        direction = g + momentum * v                 (nesterov)
                  = v                                (momentum)
                  = g                                (neither)
        w = w - lr * direction

    This is PyTorch's convention: the rate is outside of the velocity, so a change of the rate
    takes effect at once. Polyak (1964) and Sutskever et al. (2013,
    https://proceedings.mlr.press/v28/sutskever13.html) have it inside, and Sutskever's Nesterov
    looks ahead where PyTorch's takes one more share of the velocity.

    Raises ValueError for an option out of range (lr >= 0, 0 <= momentum < 1, weight_decay >= 0)
    or Nesterov without momentum or with dampening.

    >>> from microgd import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> rule = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> rule.step()
    >>> w.item()
    0.8
    """

    slots = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
        )

    def check(self, options: Options) -> None:
        """Raise ValueError for an option out of range."""
        super().check(options)
        self.require(options, "momentum", 0.0, 1.0)
        self.require(options, "dampening", 0.0)
        self.require_bool(options, "nesterov")
        if options["nesterov"] and (not options["momentum"] or options["dampening"]):
            raise ValueError(
                f"SGD: nesterov=True with momentum={options['momentum']} and dampening="
                f"{options['dampening']}; it takes a momentum and no dampening"
            )

    def needs(self, options: Options) -> tuple[str, ...]:
        """The velocity, if there is momentum."""
        return self.slots if options["momentum"] else ()

    def direction(self, options: Options, state: dict[str, Array], g: Array, step: int) -> Array:
        """Where to go, from the gradient `g`."""
        momentum = options["momentum"]
        if not momentum:
            return g
        v = state["momentum_buffer"]
        if step == 1:
            v[:] = g
        else:
            v *= momentum
            v += (1 - options["dampening"]) * g
        return g + momentum * v if options["nesterov"] else v
