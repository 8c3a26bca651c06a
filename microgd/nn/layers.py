"""Layers: the dense layer, chains of modules, and the multilayer perceptron."""

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from microgd.nn import functional
from microgd.nn import init as initialise
from microgd.nn.activations import make_activation
from microgd.nn.module import Module, Parameter
from microgd.ops import linalg


class Linear(Module):
    """A dense layer, x @ weight.T + bias, for x of shape (..., in_features).

    weight (out_features, in_features) and bias (out_features,), as in PyTorch. `init` is the name
    of an initialisation in `nn.init` or a function of (shape, rng) for the weight, and the bias
    starts at zero; without it both are uniform in +-1 / sqrt(in_features), PyTorch's default.
    `rng` is a seed or a Generator; without it, one Generator that `manual_seed` starts anew.

    Raises ValueError for sizes that are not positive, an unknown initialisation, or one that makes
    another shape.

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
        sizes: dict[str, Any] = {"in_features": in_features, "out_features": out_features}
        for what, size in sizes.items():
            if not isinstance(size, int | np.integer) or size < 1:
                raise ValueError(f"Linear: {what}={size!r}; give a whole number of at least 1")
        rng = initialise.generator(rng)
        shape = (int(out_features), int(in_features))
        bound = in_features**-0.5
        if init is None:
            weight, start = rng.uniform(-bound, bound, shape), rng.uniform(-bound, bound, shape[0])
        else:
            weight, start = initialise.named(init)(shape, rng=rng), np.zeros(shape[0])
        self.weight = Parameter(weight, dtype=dtype)
        if self.weight.shape != shape:
            raise ValueError(
                f"Linear: init={init!r:.60} made {self.weight.shape}, asked for {shape}"
            )
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


class MLP(Module):
    """A multilayer perceptron: dense layers of the given sizes with an activation between them.

    sizes       inputs, hidden layers, outputs: ``[64, 32, 10]`` has one hidden layer of 32
    activation  its name (``"relu"``), a module to copy, or a function (a class) that makes one
    init        of the weights, as for `Linear`; without it the one meant for the activation: He
                for the rectifiers (He et al. 2015), Xavier for the others (Glorot and Bengio 2010)
    rng, dtype  as for `Linear`; the layers draw one after another

    The outputs are scores: a loss such as `cross_entropy` applies the last nonlinearity.
    Raises ValueError for fewer than two sizes, a size below 1, or an unknown name.

    >>> MLP([2, 16, 2], activation="tanh", rng=0)([[0.0, 1.0]]).shape
    (1, 2)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Module | Callable[[], Module] = "relu",
        *,
        init: str | Callable[..., Any] | None = None,
        rng: Any = None,
        dtype: Any = float,
    ) -> None:
        self.sizes: tuple[int, ...] = tuple(np.atleast_1d(np.array(sizes, object)).tolist())
        if len(self.sizes) < 2:
            raise ValueError(
                f"MLP: sizes={sizes!r}; give at least inputs and outputs, as [2, 16, 2]"
            )
        rng = initialise.generator(rng)
        layers: list[Module] = []
        for inputs, outputs in itertools.pairwise(self.sizes):
            between = make_activation(activation)
            chosen = init if init is not None else initialise.meant_for(between)
            layers += [Linear(inputs, outputs, init=chosen, rng=rng, dtype=dtype), between]
        self.layers = layers[:-1]

    def forward(self, x: Any) -> Any:
        """The scores, of shape (..., sizes[-1])."""
        for layer in self.layers:
            x = layer(x)
        return x

    def extra_repr(self) -> str:
        """The sizes, for `repr`."""
        return " -> ".join(map(str, self.sizes))
