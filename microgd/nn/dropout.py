"""Dropout: in training, some of the units are left out at random."""

from typing import Any

import numpy as np

from microgd.arguments import real
from microgd.nn.init import generator
from microgd.nn.module import Module
from microgd.op import as_array
from microgd.tensor import Tensor


class Dropout(Module):
    """In training each element is 0 with probability p, else x / (1 - p); in evaluation it is x.

    So the expectation of the output is x in both ("inverted" dropout), and no unit can rely on
    another one being there (Srivastava et al. 2014,
    https://jmlr.org/papers/v15/srivastava14a.html).

    p    0 to 1, the share that is left out
    rng  a seed or a Generator; without it a new one, a child of the one that `manual_seed` starts
         anew. Its state goes into checkpoints, so that a resumed run drops the same units.

    x may have any shape, and the output has the same. Raises ValueError or TypeError for a p that
    is no share.

    >>> dropout = Dropout(0.5, rng=0)
    >>> dropout([1.0, 1.0, 1.0, 1.0]).tolist()
    [2.0, 2.0, 2.0, 0.0]
    >>> dropout.eval()([1.0, 1.0])
    [1.0, 1.0]
    """

    def __init__(self, p: float = 0.5, *, rng: Any = None) -> None:
        self.p = real("Dropout", "p", p, "give the share to leave out, from 0 to 1", 0, 1)
        self.rng = generator(rng) if rng is not None else generator(None).spawn(1)[0]

    def forward(self, x: Any) -> Any:
        """x with elements left out, of the same shape."""
        if not self.training or self.p == 0:
            return x
        x = as_array(x)
        dtype = x.dtype if x.dtype.kind == "f" else float
        stays = self.rng.random(x.shape, np.float32) >= self.p  # half the bits, half the time
        factor = 1 / (1 - self.p) if self.p < 1 else 0.0
        return x * Tensor(np.multiply(stays, factor, dtype=dtype), name="mask")

    def extra_repr(self) -> str:
        """The share, for `repr`."""
        return f"{self.p}"
