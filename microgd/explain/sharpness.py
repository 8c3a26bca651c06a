"""Sharpness: the largest curvature of a loss, and the learning rate up to which descent is stable.

Along the eigenvector of the Hessian's largest eigenvalue L, gradient descent multiplies the
distance to the minimum by 1 - lr * L, so it diverges for lr > 2 / L (LeCun et al. 1998,
https://doi.org/10.1007/3-540-49430-8_2).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgd.explain.untouched import untouched
from microgd.graph import Array, Node
from microgd.nn import Module, cross_entropy
from microgd.tensor import Tensor
from microgd.transforms import hvp


def sharpness(
    model: Module,
    x: Any,
    y: Any,
    loss: Callable[[Any, Any], Any] = cross_entropy,
    *,
    steps: int = 50,
    tolerance: float = 1e-3,
) -> float:
    """L, the largest eigenvalue of the Hessian of the loss on a batch over all parameters.

    Found by power iteration on `hvp`, from a fixed random direction, until it changes by less
    than `tolerance` of itself. 0 if no direction curves upwards.

    >>> from microgd import nn
    >>> line = nn.Linear(1, 1, bias=False, rng=0)
    >>> round(sharpness(line, [[1.0], [3.0]], [[0.0], [0.0]], nn.mse_loss), 6)  # 2 * mean(x**2)
    10.0
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    start = np.concatenate([p.numpy().ravel() for p in parameters])

    def on_batch(flat: Tensor) -> Any:
        with untouched(model):
            _put(model, dict(zip(parameters, _pieces(flat, parameters), strict=True)))
            return loss(model(x), y)

    times = hvp(on_batch)
    largest = _dominant(lambda v: times(start, v).data, start, steps, tolerance)
    if largest < 0:  # the largest in size curves downwards: look from there for the largest one
        floor = largest
        largest += _dominant(lambda v: times(start, v).data - floor * v, start, steps, tolerance)
    return max(largest, 0.0)


def stable_rate(options: Mapping[str, Any], curvature: float) -> float:
    """The learning rate over which gradient descent with these options diverges.

    2 / L; with momentum 2 * (1 + momentum) / L, and with Nesterov's that / (1 + 2 * momentum)
    (Cohen et al. 2021, appendix B, https://arxiv.org/abs/2103.00065).

    >>> stable_rate({"momentum": 0.0}, 4.0), stable_rate({"momentum": 0.9}, 4.0)
    (0.5, 0.95)
    """
    if curvature <= 0:
        return math.inf
    momentum = options.get("momentum", 0.0)
    limit: float = 2 * (1 + momentum) / curvature
    return limit / (1 + 2 * momentum) if options.get("nesterov") else limit


def _dominant(times: Callable[[Array], Array], like: Array, steps: int, tolerance: float) -> float:
    """The eigenvalue that is largest in size, by power iteration."""
    v = np.random.default_rng(0).standard_normal(like.shape).astype(like.dtype)
    value = 0.0
    for _ in range(steps):
        v /= np.linalg.norm(v)
        turned = times(v)
        before, value = value, float(v @ turned)
        size = float(np.linalg.norm(turned))
        if not 0 < size < math.inf or abs(value - before) <= tolerance * abs(value):
            break
        v = turned
    return value


def _pieces(flat: Tensor, parameters: list[Tensor]) -> list[Tensor]:
    """A vector cut into tensors of the shapes of the parameters."""
    found, place = [], 0
    for p in parameters:
        found.append(flat[place : place + p.size].reshape(p.shape))
        place += p.size
    return found


def _put(model: Module, new: Mapping[Node, Tensor]) -> None:
    """Let the modules compute with other tensors in the place of their parameters."""
    for _, part in model.named_modules():
        members = vars(part)
        members.update({name: _replaced(value, new) for name, value in members.items()})


def _replaced(value: Any, new: Mapping[Node, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return new.get(value, value)
    if type(value) in {list, tuple}:
        return type(value)(_replaced(item, new) for item in value)
    if type(value) is dict:
        return {key: _replaced(item, new) for key, item in value.items()}
    return value
