"""Activations as modules: the nonlinearity between two layers.

Each applies an operation of `microgd.ops` to every element (`Softmax` and `LogSoftmax`: to every
row), keeps the shape, and has no parameters. Value, derivative and source stand there.
"""

import copy
from collections.abc import Callable
from typing import Any

from microgd.names import choose
from microgd.nn import functional
from microgd.nn.module import Module
from microgd.ops import elementwise, softmax

__all__ = [
    "ACTIVATIONS", "ELU", "GELU", "Identity", "LeakyReLU", "LogSoftmax", "ReLU", "SiLU", "Sigmoid",
    "Softmax", "Softplus", "Tanh", "make_activation",
]  # fmt: skip


class Sigmoid(Module):
    """The logistic function, 1 / (1 + e**-x), between 0 and 1; its slope is at most 1/4.

    >>> Sigmoid()([-1000.0, 0.0]).tolist()
    [0.0, 0.5]
    """

    def forward(self, x: Any) -> Any:
        """sigmoid(x), of the same shape."""
        return elementwise.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent, between -1 and 1.

    >>> Tanh()([-1000.0, 0.0]).tolist()
    [-1.0, 0.0]
    """

    def forward(self, x: Any) -> Any:
        """tanh(x), of the same shape."""
        return elementwise.tanh(x)


class ReLU(Module):
    """The rectifier, max(x, 0) (Nair and Hinton 2010).

    >>> ReLU()([-2.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def forward(self, x: Any) -> Any:
        """relu(x), of the same shape."""
        return elementwise.relu(x)


class LeakyReLU(Module):
    """x if x > 0, else negative_slope * x (Maas et al. 2013).

    >>> LeakyReLU(0.25)([-2.0, 2.0]).tolist()
    [-0.5, 2.0]
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        """leaky_relu(x), of the same shape."""
        return functional.leaky_relu(x, negative_slope=self.negative_slope)

    def extra_repr(self) -> str:
        """The slope, for `repr`."""
        return f"{self.negative_slope}"


class ELU(Module):
    """x if x > 0, else alpha * (e**x - 1) (Clevert et al. 2016).

    >>> ELU(alpha=0.5)([-1000.0, 2.0]).tolist()
    [-0.5, 2.0]
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        """elu(x), of the same shape."""
        return functional.elu(x, alpha=self.alpha)

    def extra_repr(self) -> str:
        """Alpha, for `repr`."""
        return f"{self.alpha}"


class GELU(Module):
    """x * P(a standard normal is below x) (Hendrycks and Gimpel 2016); "tanh" approximates it.

    Raises ValueError for another form than "none" and "tanh".

    >>> GELU()([-1.0, 1.0]).round(4).tolist()
    [-0.1587, 0.8413]
    >>> GELU("tanh")([-1.0, 1.0]).round(4).tolist()
    [-0.1588, 0.8412]
    """

    def __init__(self, approximate: str = "none") -> None:
        choose("GELU: approximate", approximate, {"none": None, "tanh": None})
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        """gelu(x), of the same shape."""
        return functional.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        """Which form, for `repr`."""
        return "" if self.approximate == "none" else self.approximate


class SiLU(Module):
    """x * sigmoid(x), also called swish (Elfwing et al. 2018).

    >>> SiLU()([0.0, 1000.0]).tolist()
    [0.0, 1000.0]
    """

    def forward(self, x: Any) -> Any:
        """silu(x), of the same shape."""
        return functional.silu(x)


class Softplus(Module):
    """The smooth rectifier, log(1 + e**x).

    >>> Softplus()([-1000.0, 1000.0]).tolist()
    [0.0, 1000.0]
    """

    def forward(self, x: Any) -> Any:
        """softplus(x), of the same shape."""
        return functional.softplus(x)


class Softmax(Module):
    """Positive numbers that sum to 1 along an axis, e**x / sum(e**x).

    >>> Softmax()([[0.0, 0.0], [1000.0, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """softmax(x), of the same shape."""
        return softmax.softmax(x, axis=self.axis)

    def extra_repr(self) -> str:
        """The axis, for `repr`."""
        return f"axis={self.axis}"


class LogSoftmax(Module):
    """The logarithm of the softmax along an axis, x - logsumexp(x).

    >>> LogSoftmax()([1000.0, 0.0]).tolist()
    [0.0, -1000.0]
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """log_softmax(x), of the same shape."""
        return softmax.log_softmax(x, axis=self.axis)

    def extra_repr(self) -> str:
        """The axis, for `repr`."""
        return f"axis={self.axis}"


class Identity(Module):
    """x as it is: no nonlinearity, to compare with.

    >>> Identity()([1.0, -1.0])
    [1.0, -1.0]
    """

    def forward(self, x: Any) -> Any:
        """x itself."""
        return x


ACTIVATIONS: dict[str, type[Module]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "gelu": GELU,
    "silu": SiLU,
    "softplus": Softplus,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
    "identity": Identity,
}


def make_activation(activation: str | Module | Callable[[], Module]) -> Module:
    """A new activation module: from its name, from a function (a class) that makes it, or a copy.

    Raises ValueError for an unknown name, TypeError for what makes no module.

    >>> make_activation("leaky_relu")
    LeakyReLU(0.01)
    >>> make_activation(LeakyReLU(0.2))
    LeakyReLU(0.2)
    """
    if isinstance(activation, Module):
        return copy.deepcopy(activation)
    make: Any = activation
    if isinstance(activation, str):
        make = choose("activation:", activation, ACTIVATIONS)
    made, cause = None, None
    try:
        made = make()
    except TypeError as error:  # it cannot be called, or asks for an x, as mg.tanh does
        cause = error
    if not isinstance(made, Module):
        raise TypeError(
            f"activation: {activation!r:.60} makes no Module; write a name such as 'relu', or a"
            " class such as nn.ReLU"
        ) from cause
    return made
