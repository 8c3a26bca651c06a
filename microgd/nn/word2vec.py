"""word2vec: vectors of words, learned by guessing which words stand near them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.graph import Array
from microgd.nn import init as initialise
from microgd.nn.embedding import Embedding
from microgd.nn.layers import Linear
from microgd.nn.module import Module


class SkipGram(Module):
    """The skip-gram model with the naive softmax: the scores of all words for being near word c.

        scores = vectors[c] @ contexts.T,    p(o near c) = softmax(scores)[o]

    words       the vocabulary, as `data.vocabulary` gives it; a word is meant by its place there
    dimensions  of a vector
    rng, dtype  as for `Linear`

    Trained by `cross_entropy` on the pairs that `data.skip_grams` gives: the gradient at the
    vector is (softmax(scores) - one_hot(o)) @ contexts. "Naive" since it takes the scores of all
    words at every step; word2vec itself samples a few. The vectors start uniform in
    +-0.5 / dimensions and the contexts at zero, as in word2vec's program.

    Shapes: c (n,) whole numbers; scores (n, words). Raises ValueError for no words, or one that
    comes twice.
    Source: Mikolov et al. (2013), https://arxiv.org/abs/1301.3781; the gradient is derived by Rong
    (2014), https://arxiv.org/abs/1411.2738.

    >>> from microgd import data, optim
    >>> from microgd.train import fit
    >>> text = data.words("the red ray, the blue ray; a round hole, a small hole. " * 20)
    >>> words = data.vocabulary(text)
    >>> pairs = data.skip_grams(data.encode(text, words), window=1)
    >>> model = SkipGram(words, 4, rng=0)
    >>> rule = optim.Adam(model.parameters(), lr=0.03)
    >>> history = fit(model, pairs, rule, epochs=15, progress=False)
    >>> model.nearest("red", 1)[0][0]
    'blue'
    """

    def __init__(
        self, words: Sequence[str], dimensions: int, *, rng: Any = None, dtype: Any = float
    ) -> None:
        self.words = tuple(words)
        if len(set(self.words)) < len(self.words):
            twice = next(word for word in self.words if self.words.count(word) > 1)
            raise ValueError(f"SkipGram: the word {twice!r} comes twice; give each word once")
        if not self.words:
            raise ValueError("SkipGram: words is empty; give a vocabulary, as of data.vocabulary")
        whole("SkipGram", "dimensions", dimensions, 1, "give 1 or more")
        small = partial(initialise.uniform, bound=0.5 / dimensions)
        self.vectors = Embedding(len(self.words), dimensions, init=small, rng=rng, dtype=dtype)
        self.contexts = Linear(dimensions, len(self.words), bias=False, init="zeros", dtype=dtype)

    def forward(self, c: Any) -> Any:
        """The scores, of shape (n, words)."""
        return self.contexts(self.vectors(c))

    def nearest(self, word: str, count: int = 5) -> list[tuple[str, float]]:
        """The words whose vectors point most nearly the same way, with the cosines.

        Raises ValueError for a word that is not in the vocabulary.
        """
        if word not in self.words:
            from difflib import get_close_matches  # costs a millisecond, and only an error needs it

            close = get_close_matches(word, self.words, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"nearest: {word!r} is none of the {len(self.words)} words{hint}")
        own = self.words.index(word)
        similar = cosines(self.vectors.weight.data)[own]
        order = [row for row in np.argsort(-similar, kind="stable").tolist() if row != own]
        return [(self.words[row], float(similar[row])) for row in order[:count]]

    def extra_repr(self) -> str:
        """The sizes, for `repr`."""
        return f"{len(self.words)} words, {self.vectors.weight.shape[1]} dimensions"


def cosines(rows: Array) -> Array:
    """The cosine of the angle between each two rows: (n, d) gives (n, n); a row of zeros has 0s.

    >>> cosines(np.array([[3.0, 4.0], [0.0, 2.0]])).round(3).tolist()
    [[1.0, 0.8], [0.8, 1.0]]
    """
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    similar: Array = unit @ unit.T
    return similar
