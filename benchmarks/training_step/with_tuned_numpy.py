"""NumPy by hand, tuned: every output allocated once, the parameters one flat buffer for Adam."""

import numpy as np

from .problem import BETA1, BETA2, EPS, LR, Problem


class NumPyTuned:
    def __init__(self, problem: Problem) -> None:
        self.x, self.y, dtype = problem.x, problem.y, problem.dtype
        initial = problem.parameters()
        self.flat = np.concatenate([p.ravel() for p in initial])
        self.grad, self.m, self.v, self.s, self.u = (np.zeros_like(self.flat) for _ in range(5))
        self.params, self.grads = self._views(self.flat, initial), self._views(self.grad, initial)
        self.t = 0

        n, widths = problem.batch, problem.sizes[1:]
        self.rows = np.arange(n)
        self.out = [np.empty((n, w), dtype) for w in widths]
        self.d = [np.empty((n, w), dtype) for w in widths]
        self.mask = [np.empty((n, w), bool) for w in widths]
        self.column = np.empty((n, 1), dtype)

    @staticmethod
    def _views(flat: np.ndarray, like: list[np.ndarray]) -> list[np.ndarray]:
        ends = np.cumsum([p.size for p in like])
        return [flat[e - p.size : e].reshape(p.shape) for e, p in zip(ends, like, strict=True)]

    def step(self) -> np.floating:
        loss = self._forward()
        self._backward()
        self._adam()
        return loss

    def _forward(self) -> np.floating:
        h, last = self.x, len(self.out) - 1
        for i, out in enumerate(self.out):
            np.matmul(h, self.params[2 * i], out=out)
            np.add(out, self.params[2 * i + 1], out=out)
            if i < last:
                np.maximum(out, 0, out=out)
            h = out
        logits, d, column = self.out[last], self.d[last], self.column
        np.maximum.reduce(logits, axis=1, keepdims=True, out=column)
        np.subtract(logits, column, out=logits)
        np.exp(logits, out=d)
        np.add.reduce(d, axis=1, keepdims=True, out=column)
        np.divide(d, column, out=d)
        np.log(column, out=column)
        return (column[:, 0] - logits[self.rows, self.y]).mean()

    def _backward(self) -> None:
        last = len(self.out) - 1
        d = self.d[last]
        d[self.rows, self.y] -= 1
        np.divide(d, len(self.y), out=d)
        for i in range(last, -1, -1):
            h = self.out[i - 1] if i else self.x
            np.matmul(h.T, d, out=self.grads[2 * i])
            np.add.reduce(d, axis=0, out=self.grads[2 * i + 1])
            if i:
                np.matmul(d, self.params[2 * i].T, out=self.d[i - 1])
                d = self.d[i - 1]
                np.greater(h, 0, out=self.mask[i - 1])
                np.multiply(d, self.mask[i - 1], out=d)

    def _adam(self) -> None:
        self.t += 1
        g, m, v, s, u = self.grad, self.m, self.v, self.s, self.u
        root = (1 - BETA2**self.t) ** 0.5
        np.multiply(m, BETA1, out=m)
        np.multiply(g, 1 - BETA1, out=s)
        np.add(m, s, out=m)
        np.multiply(v, BETA2, out=v)
        np.multiply(g, g, out=s)
        np.multiply(s, 1 - BETA2, out=s)
        np.add(v, s, out=v)
        # rate m / (sqrt(v)/root + eps) = (rate root) m / (sqrt(v) + eps root): one pass fewer
        np.sqrt(v, out=s)
        np.add(s, EPS * root, out=s)
        np.divide(m, s, out=u)
        np.multiply(u, LR * root / (1 - BETA1**self.t), out=u)
        np.subtract(self.flat, u, out=self.flat)

    def parameters(self) -> list[np.ndarray]:
        return self.params
