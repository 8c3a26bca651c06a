"""Model parallel: each worker has some of the layers, and micro-batches flow through them."""

from collections.abc import Generator
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.graph import Array
from microgd.nn import MLP, Module, Sequential
from microgd.parallel.algorithms.synchronous import Part, Synchronous
from microgd.parallel.replica import Replica
from microgd.parallel.requests import Receive, Request, Send
from microgd.tensor import Tensor


class ModelParallel(Synchronous):
    """A pipeline: worker k computes stage k, and works on one micro-batch while k + 1 has the last.

        forward, i = 1 ... m:   h[k, i] = stage k (h[k - 1, i]),       sent to worker k + 1
        backward, i = m ... 1:  d loss / d h[k - 1, i]  by the chain rule, sent to worker k - 1
        gradient of stage k  =  sum over i of d loss / d its weights

    lr             learning rate
    micro_batches  into how many parts a batch is cut, m
    momentum       of the server's rule, from 0 to below 1

    The workers idle for (K - 1) / (m + K - 1) of the time at K equal stages, the bubble of Huang
    et al. (2019, GPipe, https://arxiv.org/abs/1811.06965). The gradients are those of the unsplit
    model, to rounding. A stage begins with a layer that has parameters, and the model is a
    Sequential or an MLP; raises TypeError or ValueError for another one, for more workers than
    such layers, or for an option out of range. Layers that look at the whole batch see a
    micro-batch.

    >>> ModelParallel(lr=0.1, micro_batches=8)
    ModelParallel(lr=0.1, momentum=0.0, micro_batches=8)
    """

    shares = "all"

    def __init__(self, lr: float = 0.1, micro_batches: int = 4, momentum: float = 0.0) -> None:
        super().__init__(lr, momentum)
        way_out = "give 1 or more"
        self.micro_batches = whole(self.name, "micro_batches", micro_batches, 1, way_out)

    def check(self, model: Module, workers: int) -> None:
        """Raise TypeError or ValueError for a model that cannot be split so often."""
        stages(model, workers)

    def part(
        self, replica: Replica, w: Array, x: Array, y: Array, me: int, workers: int
    ) -> Generator[Request, Any, Part]:
        """The gradient of one's own layers, and zeros for the others."""
        replica.load(w)
        replica.model.zero_grad()
        layers = stages(replica.model, workers)[me]
        last = me == workers - 1
        count = min(self.micro_batches, len(x))
        rows = [np.arange(len(x))[i::count] for i in range(count)]
        flight: list[tuple[Any, Tensor, Any]] = []
        losses = 0.0
        for here in rows:
            h: Any = x[here] if me == 0 else Tensor((yield Receive(me - 1)), requires_grad=True)
            out = h
            for layer in layers:
                out = layer(out)
            seed = None
            if last:
                out, seed = replica.of(out, y[here]), float(len(here))
                losses += len(here) * out.item()
            flight.append((h, out, seed))
            replica.work.append(1 / 3 / workers / count)
            if not last:
                yield Send(me + 1, out.numpy())
        for h, out, seed in reversed(flight):
            g = seed if last else (yield Receive(me + 1))
            if last or out.requires_grad:  # not so in a first stage that is frozen
                out.backward(g)
            replica.work.append(2 / 3 / workers / count)
            if me:
                yield Send(me - 1, h.grad)
        replica.loss = losses / len(x)
        return replica.gradients(), len(x) if last else 0


def stages(model: Module, workers: int) -> list[list[Module]]:
    """The layers of a model, for each of `workers`; each stage begins with one that has parameters.

    >>> [len(stage) for stage in stages(MLP([2, 4, 4, 2], rng=0), 2)]
    [4, 1]
    """
    if not isinstance(model, Sequential | MLP):
        raise TypeError(
            f"ModelParallel: {type(model).__name__} is no chain of layers; give a Sequential or an"
            " MLP"
        )
    layers = model.layers if isinstance(model, MLP) else list(model)
    starts = [i for i, layer in enumerate(layers) if layer.parameters()]
    if workers > len(starts):
        raise ValueError(
            f"ModelParallel: workers is {workers}, and {type(model).__name__} has {len(starts)}"
            f" layers with parameters; give at most {len(starts)}"
        )
    first = [int(part[0]) for part in np.array_split(starts, workers)]
    ends = [*first[1:], len(layers)]
    return [
        layers[0 if k == 0 else a : b] for k, (a, b) in enumerate(zip(first, ends, strict=True))
    ]
