"""Schoenholz et al. (2017): a gradient's factor a layer, and how deep a signal goes."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from microgd import nn
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.experiments.signals import signals
from microgd.explain import meanfield

WIDTH, BATCH = 500, 4
RUNS, FORWARD_RUNS = 2, 12  # a distance scatters more than a gradient
REST, LAYERS = 6, 20  # layers to come to rest, and layers to measure over
CASES = (  # activation, weight variance, bias variance
    ("sigmoid", 1.0, 0.0), ("sigmoid", 4.0, 0.0), ("sigmoid", 16.0, 0.0),
    ("tanh", 0.5, 0.05), ("tanh", 1.0, 0.05), ("tanh", 3.0, 0.05),
    ("relu", 1.0, 0.0), ("relu", 2.0, 0.0), ("relu", 3.0, 0.0),
)  # fmt: skip


def run(seed: int) -> Iterator[Row | Plot]:
    """Measure wide random networks beside the theory's integrals."""
    rng = np.random.default_rng(seed)
    curves = {}
    for activation, weights, biases in CASES:
        where = f"{activation}, weights {weights:g}, biases {biases:g}"
        nets = [network(activation, weights, biases, rng) for _ in range(RUNS)]
        logs = [
            np.log(signals(net, rng.standard_normal((BATCH, WIDTH)), rng).backward) for net in nets
        ]
        g = np.exp(np.mean(logs, axis=0) / 2)
        rest = meanfield.resting_variance(activation, weights, biases)
        rest = rest if math.isfinite(rest) else 1.0  # chi_1 of a rectifier is the same for any
        factor = meanfield.gain(activation, weights, rest)
        measured = (g[REST] / g[REST + LAYERS]) ** (1 / LAYERS)
        yield Row(f"gradient a layer back: {where}", factor, measured, Relative(0.03))
        curves[where] = (range(LAYERS + 1), g[REST:] / g[-1])
        if activation == "tanh" and factor < 1:
            depth = -1 / math.log(factor**2)
            near = [
                apart(network(activation, weights, biases, rng), rng) for _ in range(FORWARD_RUNS)
            ]
            yield Row(f"layers for inputs to come nearer by e in square: {where}", depth,
                      -LAYERS / float(np.mean(near)), Relative(0.05))  # fmt: skip
    yield Plot("Norm of the gradient, going back", "layer", "beside the last one", curves, log="y")


def network(activation: str, weights: float, biases: float, rng: np.random.Generator) -> nn.MLP:
    """A random network with these variances: `weights` / inputs of a weight, `biases` of a bias."""
    init = partial(nn.init.normal, std=math.sqrt(weights / WIDTH))
    net = nn.MLP([WIDTH] * (REST + LAYERS + 2), activation, init=init, rng=rng)
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):
            parameter.data = rng.normal(0.0, math.sqrt(biases), WIDTH)
    return net


def apart(net: nn.MLP, rng: np.random.Generator) -> float:
    """log of the factor by which near inputs' squared distances change over the measured layers."""
    x = rng.standard_normal((BATCH, WIDTH))
    both = np.concatenate([x, x + 1e-4 * rng.standard_normal(x.shape)])
    distances = []
    for number, layer in enumerate(net.layers):
        both = layer(both)
        if number % 2 == 0:  # a dense one
            z = both.numpy()
            distances.append(float(np.square(z[:BATCH] - z[BATCH:]).sum()))
    return math.log(distances[REST + LAYERS] / distances[REST])


CLAIM = Claim(
    name="schoenholz",
    title="A gradient grows by sqrt(chi_1) a layer, whatever the activation and the variances",
    source=Source(
        "Schoenholz, Gilmer, Ganguli and Sohl-Dickstein", 2017, "https://arxiv.org/abs/1611.01232"
    ),
    teaches=(
        "Before any training, two variances and the shape of the activation say whether gradients"
        " vanish or explode, and how many layers a signal, and so learning, can cross."
    ),
    kind="within",
    run=run,
)
