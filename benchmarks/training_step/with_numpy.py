"""The reference: idiomatic NumPy by hand, fresh arrays, the derivatives worked out on paper."""

import numpy as np

from .adam import Adam
from .problem import Problem


class NumPyByHand:
    def __init__(self, problem: Problem) -> None:
        self.x, self.y = problem.x, problem.y
        self.params = problem.parameters()
        self.adam = Adam(self.params)

    def step(self) -> np.floating:
        x, y = self.x, self.y
        weights, biases = self.params[::2], self.params[1::2]
        last = len(weights) - 1
        rows = np.arange(len(y))

        inputs = [x]
        for w, b in zip(weights[:last], biases[:last], strict=True):
            inputs.append(np.maximum(inputs[-1] @ w + b, 0))
        logits = inputs[-1] @ weights[last] + biases[last]

        shifted = logits - logits.max(axis=1, keepdims=True)
        exp = np.exp(shifted)
        total = exp.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - shifted[rows, y]).mean()

        d = exp / total
        d[rows, y] -= 1
        d /= len(y)
        grads: list[np.ndarray] = []
        for i in range(last, -1, -1):
            grads += [d.sum(axis=0), inputs[i].T @ d]
            if i > 0:
                d = (d @ weights[i].T) * (inputs[i] > 0)
        self.adam.step(reversed(grads))
        return loss

    def parameters(self) -> list[np.ndarray]:
        return self.params
