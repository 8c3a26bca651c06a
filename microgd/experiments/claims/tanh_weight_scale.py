"""Ten tanh layers of 500 with weights of 0.01: each shrinks the signal by 0.01 * sqrt(500)."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from microgd import nn
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source

WIDTH, LAYERS, BATCH, SCALE = 500, 10, 1000, 0.01
PUBLISHED = (0.213081, 0.047551, 0.010630, 0.002378, 0.000532)  # layers 1 to 5


def run(seed: int) -> Iterator[Row | Plot]:
    """Send standard normal inputs through the network, and look at each layer."""
    rng = np.random.default_rng(seed)
    init = partial(nn.init.normal, std=SCALE)
    net = nn.MLP([WIDTH] * (LAYERS + 2), "tanh", init=init, rng=rng)
    a = rng.standard_normal((BATCH, WIDTH))
    stds = []
    for dense, tanh in zip(net.layers[:-1:2], net.layers[1::2], strict=True):
        a = tanh(dense(a)).numpy()
        stds.append(float(a.std()))
    for layer, published in enumerate(PUBLISHED, 1):
        yield Row(f"standard deviation after layer {layer}", published, stds[layer - 1],
                  Relative(0.03))  # fmt: skip
    ratio = (stds[-1] / stds[1]) ** (1 / (LAYERS - 2))
    yield Row("ratio a layer, layers 3 to 10", 0.01 * 500**0.5, ratio, Relative(0.01),
              "small signals, on which tanh acts as the identity")  # fmt: skip
    yield Plot("Standard deviation of the activations", "layer", "standard deviation",
               {f"weights of {SCALE}": (range(1, LAYERS + 1), stds)}, log="y")  # fmt: skip


CLAIM = Claim(
    name="tanh-weight-scale",
    title="Small weights let the signal die out: a tanh network with weights of 0.01",
    source=Source(
        "Karpathy, Johnson and Li, CS231n, lecture 5",
        2016,
        "http://cs231n.stanford.edu/slides/2016/winter1516_lecture5.pdf",
    ),
    teaches=(
        "A layer multiplies the signal by scale * sqrt(inputs), here 0.2236: after ten of them"
        " there is nothing left to learn from, and the gradient of the weights, which is made of"
        " the signal, is nothing, too."
    ),
    kind="within",
    run=run,
)
