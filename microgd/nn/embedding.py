"""Embedding: a table with one trained row for each word, class or other whole number."""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.dispatch import plain
from microgd.nn import functional
from microgd.nn import init as initialise
from microgd.nn.module import Module, Parameter


class Embedding(Module):
    """weight[x]: the rows of a table for an array x of whole numbers.

    The same as one_hot(x) @ weight without the zeros, so the gradient of a row is the sum over
    all places where it is used (Bengio et al. 2003, https://jmlr.org/papers/v3/bengio03a.html).

    num_embeddings  rows: x holds numbers from 0 to num_embeddings - 1, in any shape
    embedding_dim   columns: the output has the shape (*x.shape, embedding_dim)
    padding_idx     a row that stands for nothing: it starts at 0 and gets no gradient; negative:
                    counted from the end
    init            of the weight, as for `Linear`; without it standard normal, as in PyTorch
    rng, dtype      as for `Linear`

    Raises ValueError for sizes that are not positive, IndexError for a number that has no row,
    TypeError for numbers that are not whole.

    >>> words = Embedding(3, 2, init="zeros", rng=0)
    >>> words.weight.data = [[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]]
    >>> words([2, 0, 2]).tolist()
    [[2.0, 2.1], [0.0, 0.1], [2.0, 2.1]]
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        init: str | Callable[..., Any] | None = None,
        rng: Any = None,
        dtype: Any = float,
    ) -> None:
        way_out = "give a whole number of at least 1"
        rows = whole("Embedding", "num_embeddings", num_embeddings, 1, way_out)
        shape = rows, whole("Embedding", "embedding_dim", embedding_dim, 1, way_out)
        self.padding_idx = None if padding_idx is None else _row(padding_idx, rows)
        init, rng = init or initialise.normal, initialise.generator(rng)
        weight = initialise.drawn("Embedding", init, shape, rng)
        if self.padding_idx is not None:
            weight[self.padding_idx] = 0
        self.weight = Parameter(weight, dtype=dtype)

    def forward(self, x: Any) -> Any:
        """The rows, of shape (*x.shape, embedding_dim)."""
        x = np.asarray(plain(x))
        if x.dtype.kind not in "iu":
            raise TypeError(
                f"{self.place()}: x holds {x.dtype}, rows are chosen by whole numbers; write"
                " x.astype(int)"
            )
        wrong = (x < 0) | (x >= len(self.weight))
        if wrong.any():
            first = tuple(np.argwhere(wrong)[0].tolist())
            place = f"x[{', '.join(map(str, first))}]" if first else "x"
            raise IndexError(
                f"{self.place()}: {place} is {x[first]}, and there are the rows"
                f" 0..{len(self.weight) - 1}"
            )
        return functional.embedding(self.weight, x=x, padding_idx=self.padding_idx)

    def extra_repr(self) -> str:
        """The sizes, for `repr`."""
        rows, columns = self.weight.shape
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{rows}, {columns}{padding}"


def _row(padding_idx: Any, rows: int) -> int:
    """The padding row, counted from the start."""
    way_out = f"give a row from {-rows} to {rows - 1}"
    row = whole("Embedding", "padding_idx", padding_idx, -rows, way_out)
    if row >= rows:
        raise ValueError(f"Embedding: padding_idx is {row}; {way_out}")
    return row % rows
