"""Glorot and Bengio (2010): what the first weights do to the signal and to the gradient."""

from collections.abc import Callable, Iterator

import numpy as np

import microgd as mg
from microgd import data, nn
from microgd.experiments.claim import Absolute, Claim, Plot, Relative, Row, Source
from microgd.experiments.signals import signals
from microgd.graph import Array

WIDTH, HIDDEN, RUNS, BATCH = 500, 5, 3, 100
SMALL = 0.1  # of the pixels, for the linear regime that the paper's variances assume


def standard(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """The usual weights of 2010, uniform in +-1 / sqrt(inputs): inputs * variance is 1/3."""
    return nn.init.uniform(shape, rng=rng, bound=shape[1] ** -0.5)


# name: (the weights, variance a layer, mean singular value)
INITS: dict[str, tuple[str | Callable[..., Array], float, float]] = {
    "standard": (standard, 1 / 3, 0.5),
    "normalised": ("xavier_uniform", 1.0, 0.8),
}


def run(seed: int) -> Iterator[Row | Plot]:
    """Measure tanh networks of five hidden layers on real digits, before any training."""
    rng = np.random.default_rng(seed)
    forward, backward = {}, {}
    for name, (init, factor, singular) in INITS.items():
        nets = [
            nn.MLP([64, *[WIDTH] * HIDDEN, 10], "tanh", init=init, rng=rng) for _ in range(RUNS)
        ]
        digits = [data.digits().take(rng.choice(1797, BATCH, replace=False)).x for _ in nets]
        found = [signals(net, SMALL * x, rng) for net, x in zip(nets, digits, strict=True)]
        # from the first hidden layer to the last, all of the same size
        q = np.exp(np.mean([np.log(s.forward[:HIDDEN]) for s in found], axis=0))
        g = np.exp(np.mean([np.log(s.backward[:HIDDEN]) for s in found], axis=0))
        yield Row(f"{name}: variance of the signal, a layer", factor,
                  (q[-1] / q[0]) ** (1 / (HIDDEN - 1)), Relative(0.03))  # fmt: skip
        yield Row(f"{name}: variance of the gradient, a layer back", factor,
                  (g[0] / g[-1]) ** (1 / (HIDDEN - 1)), Relative(0.03))  # fmt: skip
        values = [mean_singular_value(net, x[0]) for net, x in zip(nets, digits, strict=True)]
        yield Row(f"{name}: mean singular value of a layer's Jacobian", singular,
                  float(np.mean(values)), Absolute(0.05), "the paper gives one digit")  # fmt: skip
        forward[name], backward[name] = (range(1, HIDDEN + 1), q), (range(1, HIDDEN + 1), g)
    yield Plot("Variance of the signal", "layer", "variance", forward, log="y")
    yield Plot("Variance of the gradient", "layer", "variance", backward, log="y")


def mean_singular_value(net: nn.MLP, x: Array) -> float:
    """Of d z / d a for the third hidden layer z = tanh(W a + b), at one digit."""
    first, last = net.layers[:4], net.layers[4:6]
    for layer in first:
        x = layer(x)
    jacobian = mg.jacobian(lambda a: last[1](last[0](a)))(x)
    return float(np.linalg.svd(jacobian.numpy(), compute_uv=False).mean())


CLAIM = Claim(
    name="glorot",
    title="Standard against normalised initialisation of a tanh network",
    source=Source("Glorot and Bengio", 2010, "https://proceedings.mlr.press/v9/glorot10a.html"),
    teaches=(
        "A layer multiplies the variance of signal and gradient by size * variance of a weight: 1/3"
        " for what was usual, and 1 for weights drawn with that in mind, so that five or fifty"
        " layers leave both as they were."
    ),
    kind="within",
    run=run,
)
