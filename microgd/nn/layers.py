"""Layers: the dense layer, and chains of modules."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.nn import functional
from microgd.nn import init as initialise
from microgd.nn.module import Module, Parameter
from microgd.ops import linalg


class Linear(Module):
    """A dense layer, x @ weight.T + bias, for x of shape (..., in_features).

    weight (out_features, in_features) and bias (out_features,), as in PyTorch. `init` is the name
    of an initialisation in `nn.init` or a function of (shape, rng) for the weight, and the bias
    starts at zero; without it both are uniform in +-1 / sqrt(in_features), PyTorch's default.
    `rng` is a seed or a Generator; without it, one Generator that `manual_seed` starts anew.

    Raises ValueError for sizes that are not positive, an unknown initialisation, or one that makes
    another shape; TypeError for sizes that are not whole.

    >>> layer = Linear(3, 2, rng=0)
    >>> layer([1.0, 2.0, 3.0]).shape
    (2,)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: str | Callable[..., Any] | None = None,
        rng: Any = None,
        dtype: Any = float,
    ) -> None:
        way_out = "give a whole number of at least 1"
        inputs = whole("Linear", "in_features", in_features, 1, way_out)
        outputs = whole("Linear", "out_features", out_features, 1, way_out)
        rng = initialise.generator(rng)
        bound, shape = inputs**-0.5, (outputs, inputs)
        if init is None:
            weight, start = rng.uniform(-bound, bound, shape), rng.uniform(-bound, bound, outputs)
        else:
            weight, start = initialise.drawn("Linear", init, shape, rng), np.zeros(outputs)
        self.weight = Parameter(weight, dtype=dtype)
        self.bias = Parameter(start, dtype=dtype) if bias else None

    def forward(self, x: Any) -> Any:
        """The outputs, of shape (..., out_features)."""
        if self.bias is None:
            return linalg.matmul(x, self.weight.T)
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes, for `repr`."""
        outputs, inputs = self.weight.shape
        return f"{inputs} -> {outputs}" + ("" if self.bias is not None else ", no bias")


class Sequential(Module):
    """Modules one after another: the output of each is the input of the next.

    `net[i]` is a part, `len(net)` their number, and a loop goes through them. Raises TypeError
    for what is no Module.

    >>> from microgd.nn import ReLU
    >>> net = Sequential(Linear(2, 4, rng=0), ReLU(), Linear(4, 1, rng=1))
    >>> net([[1.0, 2.0]]).shape
    (1, 1)
    >>> net[1]
    ReLU()
    """

    def __init__(self, *modules: Module) -> None:
        for number, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential: part {number} is {module!r:.60}; give Modules, one by one"
                )
            setattr(self, str(number), module)

    def forward(self, x: Any) -> Any:
        """The output of the last module."""
        for module in self:
            x = module(x)
        return x

    def __iter__(self) -> Iterator[Module]:
        return iter([part for part in vars(self).values() if isinstance(part, Module)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, place: int) -> Module:
        if not -len(self) <= operator.index(place) < len(self):
            raise IndexError(f"Sequential: part {place} of {len(self)}")
        return list(self)[place]
