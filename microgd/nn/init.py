"""Initialisation: first weights, drawn so that signals and gradients keep their size.

A weight is (out, in).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.names import choose
from microgd.nn import activations
from microgd.nn.module import Module

_shared: Any = None


def generator(rng: Any) -> Any:
    global _shared
    if rng is None:
        if _shared is None:
            _shared = np.random.default_rng()
        return _shared
    return np.random.default_rng(rng)


def manual_seed(seed: int) -> None:
    global _shared
    _shared = np.random.default_rng(seed)


def xavier_uniform(shape: tuple[int, ...], *, rng: Any = None, gain: float = 1.0) -> Array:
    bound = gain * math.sqrt(6 / (shape[0] + shape[1]))
    return generator(rng).uniform(-bound, bound, shape)


def kaiming_normal(shape: tuple[int, ...], *, rng: Any = None, negative_slope: float = 0.0) -> Array:
    std = math.sqrt(2 / (1 + negative_slope**2) / shape[1])
    return generator(rng).normal(0.0, std, shape)


def named(init: str | Callable[..., Any]) -> Callable[..., Any]:
    if callable(init):
        return init
    return choose("init", "initialisation", init,
                  {f.__name__: f for f in (xavier_uniform, kaiming_normal)})


def meant_for(activation: Module) -> Callable[..., Any]:
    if isinstance(activation, activations.ReLU):
        return kaiming_normal
    return xavier_uniform
