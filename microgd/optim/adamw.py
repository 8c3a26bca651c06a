"""AdamW: Adam with weight decay that its rates do not scale."""

from collections.abc import Iterable
from typing import Any

from microgd.optim.adam import Adam


class AdamW(Adam):
    """Adam with decoupled weight decay.

        w = w - lr * weight_decay * w
        w = w - lr * direction                        (Adam's, of g without weight decay)

    In Adam, the decay goes through the rule, and weights with large gradients hardly decay; here
    all decay alike. By Loshchilov and Hutter (2019, https://arxiv.org/abs/1711.05101), in PyTorch's
    convention and with its defaults (those of Adam, and weight_decay 0.01): the decay is multiplied
    by lr, where the paper has a schedule's factor alone.

    Raises ValueError as Adam does.

    >>> from microgd import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> rule = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> w.grad = 0.0
    >>> rule.step()
    >>> w.item()
    0.95
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)
