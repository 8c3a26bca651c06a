"""microgd, as its users write it."""

import numpy as np

import microgd as mg

from .problem import LR, Problem


class Microgd:
    def __init__(self, problem: Problem) -> None:
        self.model = mg.nn.MLP(problem.sizes, activation="relu", dtype=problem.dtype)
        self.dense = self.model.layers[::2]
        for layer, (weight, bias) in zip(self.dense, problem.layers, strict=True):
            layer.weight.data, layer.bias.data = np.ascontiguousarray(weight.T), bias
        self.x, self.y = mg.tensor(problem.x), problem.y
        self.adam = mg.optim.Adam(self.model.parameters(), lr=LR)

    def step(self) -> mg.Tensor:
        loss = mg.nn.cross_entropy(self.model(self.x), self.y)
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss

    def parameters(self) -> list[np.ndarray]:
        return [p.data.T for layer in self.dense for p in (layer.weight, layer.bias)]
