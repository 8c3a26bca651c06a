"""A crowd of small networks, each with weights of its own, trained side by side in one graph.

A loss that is the sum over all networks gives each of them just its own gradient, and a rule that
works element by element, such as SGD, trains each as if it were alone: a hundred runs for little
more than the price of one.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.nn import Module, Parameter
from microgd.optim import Optimizer


class Crowd(Module):
    """`runs` multilayer perceptrons of the same sizes.

    activation  a function after every layer but the last
    last        one after the last
    draw        ``draw(shape)`` for weights (runs, inputs, outputs) and biases (runs, 1, outputs)

    Shapes: x (n, inputs), or (runs, n, inputs) for other data in each run; (runs, n, outputs).

    >>> net = Crowd(5, [2, 3, 1], np.tanh, draw=np.zeros)
    >>> net(np.ones((4, 2))).shape
    (5, 4, 1)
    """

    def __init__(
        self,
        runs: int,
        sizes: Sequence[int],
        activation: Callable[[Any], Any],
        last: Callable[[Any], Any] | None = None,
        *,
        draw: Callable[[tuple[int, ...]], Any],
    ) -> None:
        pairs = list(itertools.pairwise(sizes))
        self.weights = [Parameter(draw((runs, inputs, outputs))) for inputs, outputs in pairs]
        self.biases = [Parameter(draw((runs, 1, outputs))) for _, outputs in pairs]
        self.activation, self.last = activation, last

    def forward(self, x: Any) -> Any:
        """What all networks say, (runs, n, outputs)."""
        return self.hidden(x)[-1]

    def hidden(self, x: Any) -> list[Any]:
        """What each layer gives, the outputs at the end."""
        layers = []
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True), 1):
            x = x @ weight + bias
            phi = self.activation if number < len(self.weights) else self.last
            x = x if phi is None else phi(x)
            layers.append(x)
        return layers


def learn(
    net: Crowd, x: Array, target: Array, rule: Optimizer, sweeps: int, within: float = 0.1
) -> Array:
    """Train on all of the data at once; the sweeps after which each network had learned it.

    The error is sum(error**2) / 2 over outputs and cases, as Rumelhart, Hinton and Williams have
    it (1986, https://doi.org/10.1038/323533a0); learned is what is within `within` of all targets.
    Infinite for a network that has not learned in `sweeps`; training ends before if all have.
    """
    learned = np.full(len(net.weights[0]), np.inf)
    for sweep in range(sweeps):
        rule.zero_grad()
        error = net(x) - target
        worst = np.abs(error.numpy()).max(axis=(1, 2))
        learned[(worst < within) & np.isinf(learned)] = sweep
        if np.isfinite(learned).all():
            break
        (0.5 * (error * error).sum()).backward()
        rule.step()
    return learned


def learned_by(learned: Array) -> tuple[Array, Array]:
    """A curve: the share of networks that have learned, against the sweeps."""
    sweeps = np.sort(learned)
    share = np.arange(1, len(sweeps) + 1) / len(sweeps)
    return sweeps[np.isfinite(sweeps)], share[np.isfinite(sweeps)]
