"""Mazur's 2-2-2 network: backpropagation worked by hand, compared digit by digit."""

from collections.abc import Iterator

import numpy as np

from microgd import sigmoid
from microgd.experiments.claim import Absolute, Claim, Row, Source
from microgd.nn.functional import linear
from microgd.optim import SGD
from microgd.tensor import Tensor

LAST_DIGIT = Absolute(5.1e-10)  # his page prints nine decimals
ROUNDED = (
    "his page prints 0.291027924, from numbers rounded on the way: his own weights after the step"
    " give 0.291027774"
)


def run(_: int) -> Iterator[Row]:
    """One step of gradient descent on the weights; the biases stay."""
    x, target = np.array([0.05, 0.10]), np.array([0.01, 0.99])
    hidden = Tensor([[0.15, 0.20], [0.25, 0.30]], requires_grad=True, name="w1 to w4")
    output = Tensor([[0.40, 0.45], [0.50, 0.55]], requires_grad=True, name="w5 to w8")

    def loss() -> Tensor:
        inside = sigmoid(linear(x, hidden, np.full(2, 0.35)))
        error = target - sigmoid(linear(inside, output, np.full(2, 0.60)))
        total: Tensor = (error * error).sum() / 2
        return total

    before = loss()
    before.backward()
    SGD([hidden, output], lr=0.5).step()
    yield Row("loss", 0.298371109, before.item(), LAST_DIGIT)
    for name, expected, weight in (
        ("w1 after a step", 0.149780716, hidden.data[0, 0]),
        ("w4 after a step", 0.299502290, hidden.data[1, 1]),
        ("w5 after a step", 0.358916480, output.data[0, 0]),
        ("w8 after a step", 0.561370121, output.data[1, 1]),
    ):
        yield Row(name, expected, weight, Absolute(5.1e-9))
    yield Row(
        "loss after a step", 0.291027924, loss().item(), LAST_DIGIT, ROUNDED, instead=0.291027774
    )


CLAIM = Claim(
    name="mazur",
    title="Mazur's 2-2-2 network, one step of backpropagation",
    source=Source(
        "Mazur",
        2015,
        "https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/",
    ),
    teaches="Backpropagation is arithmetic: worked by hand or by an engine, the digits agree.",
    kind="exact",
    run=run,
)
