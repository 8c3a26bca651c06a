"""MLP: the multilayer perceptron, plain or with the remedies that make a deep one train."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgd.arguments import real
from microgd.names import choose
from microgd.nn import init as initialise
from microgd.nn.activations import make_activation
from microgd.nn.batch_norm import BatchNorm1d
from microgd.nn.dropout import Dropout
from microgd.nn.layer_norm import LayerNorm
from microgd.nn.layers import Linear, Sequential
from microgd.nn.module import Module
from microgd.nn.residual import Residual

_NORMS: dict[str, Callable[..., Module]] = {"batch": BatchNorm1d, "layer": LayerNorm}


class MLP(Module):
    """A multilayer perceptron: dense layers of the given sizes with an activation between them.

    sizes       inputs, hidden layers, outputs: ``[64, 32, 10]`` has one hidden layer of 32
    activation  its name (``"relu"``), a module to copy, or a function (a class) that makes one
    init        of the weights, as for `Linear`; without it the one meant for the activation: He
                for the rectifiers (He et al. 2015), Xavier for the others (Glorot and Bengio 2010)
    norm        "batch" or "layer": a `BatchNorm1d` or `LayerNorm` before each activation; a dense
                layer before a BatchNorm1d has no bias, which would have no effect
    dropout     0 to 1: a `Dropout` of this share after each activation
    residual    whether to add a hidden layer's input to what it makes of it, where the two have
                the same size (`Residual`)
    rng, dtype  as for `Linear`; the layers draw one after another, the same numbers whatever the
                options above

    A hidden layer is Linear, norm, activation, dropout, one after another in `layers`; a residual
    one is a single part there, and these are the parts of its module. The outputs are scores: a
    loss such as `cross_entropy` applies the last nonlinearity.

    Raises ValueError for fewer than two sizes, a size below 1, an unknown name or a dropout out of
    range; TypeError for a size that is not whole.

    >>> MLP([2, 16, 2], activation="tanh", rng=0)([[0.0, 1.0]]).shape
    (1, 2)
    >>> MLP([2, 16, 16, 2], norm="layer", residual=True, rng=0).layers[3]
    Residual()  304 parameters
      (module) Sequential()  304 parameters
        (0) Linear(16 -> 16)  272 parameters
        (1) LayerNorm((16,), eps=1e-05)  32 parameters
        (2) ReLU()
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Module | Callable[[], Module] = "relu",
        *,
        norm: str | None = None,
        dropout: float = 0.0,
        residual: bool = False,
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
        normalise = None if norm is None else choose("MLP: norm", norm, _NORMS)
        share = real("MLP", "dropout", dropout, "give the share to leave out, from 0 to 1", 0, 1)
        layers: list[Module] = []
        for number, (inputs, outputs) in enumerate(itertools.pairwise(self.sizes), 2):
            between = make_activation(activation)
            hidden = number < len(self.sizes)
            dense = Linear(
                inputs,
                outputs,
                bias=not (hidden and norm == "batch"),
                init=init if init is not None else initialise.meant_for(between),
                rng=rng,
                dtype=dtype,
            )
            layer: list[Module] = [dense]
            if hidden:
                layer += [normalise(outputs, dtype=dtype)] if normalise else []
                layer += [between]
                # a child, so that the weights are those of a network without dropout
                layer += [Dropout(share, rng=rng.spawn(1)[0])] if share else []
                if residual and inputs == outputs:
                    layer = [Residual(Sequential(*layer))]
            layers += layer
        self.layers = layers

    def forward(self, x: Any) -> Any:
        """The scores, of shape (..., sizes[-1])."""
        for layer in self.layers:
            x = layer(x)
        return x

    def extra_repr(self) -> str:
        """The sizes, for `repr`."""
        return " -> ".join(map(str, self.sizes))
