"""Activity: what share of an activation's units is saturated, and what share is dead.

A squashing unit is saturated where its slope is under 6 % of its largest one. For tanh that is
abs(out) > 0.97, the mark of Karpathy's lecture on activations and gradients (makemore, part 3,
2022, https://youtu.be/P6sfmUTpUmc); for the sigmoid, which is a tanh in other units, it is
out < 0.015 or out > 0.985. ELU saturates on its negative side, at out < -0.94 * alpha (Clevert et
al. 2016, https://arxiv.org/abs/1511.07289).

A rectifier is dead when it is 0 for every row of the batch: then nothing that the batch says can
change its weights (Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network
acoustic models; Lu et al. 2020, https://arxiv.org/abs/1903.06733).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.graph import Array, Node

SLOPE = 1 - 0.97**2  # of the largest; under it a unit is saturated

_SLOPES: dict[str, Callable[..., Array]] = {  # as a share of the largest
    "sigmoid": lambda out: 4 * out * (1 - out),
    "tanh": lambda out: 1 - out * out,
    "elu": lambda out, alpha=1.0: np.where(out > 0, 1.0, (out + alpha) / alpha),
}
_RECTIFIERS = frozenset({"relu"})


def saturated(node: Node) -> float | None:
    """The share of elements, 0 to 1, at which the slope is small; None for what has no such side.

    >>> import microgd as mg
    >>> x = mg.tensor([0.0, 1.0, 3.0, -9.0], requires_grad=True)
    >>> saturated(mg.tanh(x)), saturated(mg.relu(x))
    (0.5, None)
    """
    if node.op is None or node.op.name not in _SLOPES:
        return None
    slope = _SLOPES[node.op.name](node.value, **node.params)
    return float((slope < SLOPE).mean())


def dead(node: Node) -> float | None:
    """The share of units, 0 to 1, that are 0 for every row; None for what is no rectifier.

    >>> import microgd as mg
    >>> x = mg.tensor([[1.0, -1.0], [-1.0, -2.0]], requires_grad=True)
    >>> dead(mg.relu(x)), dead(mg.tanh(x))
    (0.5, None)
    """
    if node.op is None or node.op.name not in _RECTIFIERS:
        return None
    return float((units(node.value) == 0).all(axis=0).mean())


def units(value: Any) -> Array:
    """A batch as (rows, units): all axes but the last are rows."""
    return np.reshape(value, (-1, np.shape(value)[-1] if np.ndim(value) else 1))
