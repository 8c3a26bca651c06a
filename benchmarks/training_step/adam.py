"""Adam (Kingma and Ba 2014, https://arxiv.org/abs/1412.6980) as a NumPy user writes it.

The hand-written step uses it, and so do the peers that bring no optimizer of their own.
"""

from collections.abc import Iterable

import numpy as np

from .problem import BETA1, BETA2, EPS, LR


class Adam:
    """A loop over the parameters; the moments are updated in place."""

    def __init__(self, params: list[np.ndarray]) -> None:
        self.params = params
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: Iterable[np.ndarray]) -> None:
        self.t += 1
        rate = LR / (1 - BETA1**self.t)
        correction = 1 - BETA2**self.t
        for p, g, m, v in zip(self.params, grads, self.m, self.v, strict=True):
            m *= BETA1
            m += (1 - BETA1) * g
            v *= BETA2
            v += (1 - BETA2) * g**2
            p -= rate * m / (np.sqrt(v / correction) + EPS)
