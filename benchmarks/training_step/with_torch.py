"""PyTorch eager: `nn.Sequential`, Adam as it comes (on a CPU a loop) or fused into one kernel."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from .problem import LR, Problem

torch.set_num_threads(1)


class TorchEager:
    fused: bool | None = None

    def __init__(self, problem: Problem) -> None:
        dtype = getattr(torch, problem.dtype)
        modules: list[nn.Module] = []
        for n, m in pairwise(problem.sizes):
            modules += [nn.Linear(n, m, dtype=dtype), nn.ReLU()]
        self.model = nn.Sequential(*modules[:-1])
        with torch.no_grad():
            for p, initial in zip(self.model.parameters(), problem.parameters(), strict=True):
                p.copy_(torch.from_numpy(initial.T))
        self.x, self.y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
        self.adam = torch.optim.Adam(self.model.parameters(), lr=LR, fused=self.fused)

    def step(self) -> torch.Tensor:
        loss = nn.functional.cross_entropy(self.model(self.x), self.y)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        return loss

    def parameters(self) -> list[np.ndarray]:
        return [p.detach().numpy().T for p in self.model.parameters()]


class TorchFused(TorchEager):
    fused = True
