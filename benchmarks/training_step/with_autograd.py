"""HIPS autograd: `value_and_grad` over the list of parameters, Adam by hand."""

import autograd.numpy as np
import numpy
from autograd import value_and_grad
from autograd.scipy.special import logsumexp

from .adam import Adam
from .problem import Problem


def loss(params: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> np.floating:
    for w, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        x = np.maximum(x @ w + b, 0)
    logits = x @ params[-2] + params[-1]
    return np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(y)), y])


loss_and_grads = value_and_grad(loss)


class Autograd:
    def __init__(self, problem: Problem) -> None:
        self.x, self.y = problem.x, problem.y
        self.params = problem.parameters()
        self.adam = Adam(self.params)

    def step(self) -> np.floating:
        value, grads = loss_and_grads(self.params, self.x, self.y)
        self.adam.step(grads)
        return value

    def parameters(self) -> list[numpy.ndarray]:
        return self.params
