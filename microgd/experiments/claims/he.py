"""He et al. (2015): the variance that carries a signal through thirty rectified layers."""

import math
from collections.abc import Iterator

import numpy as np

from microgd import nn
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.experiments.signals import signals

WIDTH, LAYERS, RUNS, BATCH = 400, 30, 10, 20
INITS = {"his variance": "kaiming_normal", "half of it": "xavier_normal"}


def run(seed: int) -> Iterator[Row | Plot]:
    """Compare first and last layer; the mean over networks, for single ones scatter widely."""
    rng = np.random.default_rng(seed)
    curves = {}
    for name, init in INITS.items():
        forward, backward = [], []
        for _ in range(RUNS):
            net = nn.MLP([WIDTH] * (LAYERS + 2), "relu", init=init, rng=rng)
            found = signals(net, rng.standard_normal((BATCH, WIDTH)), rng)
            forward.append(found.forward / found.forward[0])
            backward.append(found.backward / found.backward[-1])
        q, g = np.mean(forward, axis=0), np.mean(backward, axis=0)
        curves[f"signal, {name}"] = (range(1, LAYERS + 2), q)
        curves[f"gradient, {name}"] = (range(1, LAYERS + 2), g)
        if name == "his variance":
            yield Row("his variance: signal, a layer", 1.0, q[-1] ** (1 / LAYERS), Relative(0.03))
            yield Row("his variance: gradient, a layer back", 1.0, g[0] ** (1 / LAYERS),
                      Relative(0.03))  # fmt: skip
        else:
            why = "log2 of the variance after 30 layers: 2**-30 in the paper"
            yield Row("half of it: signal", -30.0, math.log2(q[-1]), Relative(0.03), why)
            yield Row("half of it: gradient", -30.0, math.log2(g[0]), Relative(0.03), why)
    yield Plot("Variance before each rectifier", "layer", "beside the first or last one",
               curves, log="y")  # fmt: skip


CLAIM = Claim(
    name="he",
    title="Initialisation of rectifiers: 2 / inputs keeps the variance, 1 / inputs halves it",
    source=Source("He, Zhang, Ren and Sun", 2015, "https://arxiv.org/abs/1502.01852"),
    teaches=(
        "A rectifier passes half of the mean square, so the weights have to double it: without that"
        " factor of 2, which is easily forgotten, thirty layers leave a billionth of the signal."
    ),
    kind="within",
    run=run,
)
