"""word2vec with a naive softmax: the gradient that lectures derive by hand, and autograd's."""

from collections.abc import Iterator

import numpy as np

from microgd.experiments.claim import Absolute, Claim, Row, Source
from microgd.nn import cross_entropy
from microgd.tensor import Tensor

WORDS, SIZE = 50, 8


def run(seed: int) -> Iterator[Row]:
    """The loss of one outside word o given the centre word c, differentiated by the engine."""
    rng = np.random.default_rng(seed)
    centre = Tensor(rng.normal(size=(1, SIZE)), requires_grad=True, name="v_c")
    outside = Tensor(rng.normal(size=(WORDS, SIZE)), requires_grad=True, name="U")
    o = int(rng.integers(WORDS))
    scores = centre @ outside.T
    cross_entropy(scores, np.array([o])).backward()

    chances = np.exp(scores.numpy() - scores.numpy().max())
    error = chances / chances.sum() - np.eye(WORDS)[[o]]  # y_hat - y
    for name, by_hand, word in (
        ("v_c: (y_hat - y) U", error @ outside.data, centre),
        ("U: (y_hat - y) v_c", error.T @ centre.data, outside),
    ):
        difference = float(np.abs(word.grad - by_hand).max())
        yield Row(f"autograd from {name}, at most", 0.0, difference, Absolute(1e-14))


CLAIM = Claim(
    name="word2vec-gradient",
    title="word2vec's naive-softmax gradient is (y_hat - y) U",
    source=Source("Rong", 2014, "https://arxiv.org/abs/1411.2738"),
    teaches="The centre word moves by the error of every guess, each towards or from its word.",
    kind="exact",
    run=run,
)
