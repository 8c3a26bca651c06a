"""Mean-field theory: the gain of a layer, predicted from its activation and two variances.

In a wide layer z = W a + b with random weights, each z is nearly normal over the neurons, whatever
a is. So its variance q, and the growth of a gradient on its way back, are averages over a standard
normal number (Poole et al. 2016, https://arxiv.org/abs/1606.05340; Schoenholz et al. 2017,
https://arxiv.org/abs/1611.01232):

    q'    = weight_variance * E[phi(sqrt(q) * u)**2] + bias_variance
    chi_1 = weight_variance * E[phi'(sqrt(q) * u)**2]

`weight_variance` is fan_in times the variance of one weight. A gradient's norm grows by
sqrt(chi_1) a layer: below 1 it vanishes, above 1 it explodes, and at 1 the layer is critical. For
rectifiers, chi_1 = weight_variance / 2, and 1 asks for He's initialisation (He et al. 2015,
https://arxiv.org/abs/1502.01852); for a slope of 1 at zero and small q it is weight_variance, and
1 asks for Xavier's (Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html).

An activation is given by its name (``"tanh"``), as a module, or as a function of Tensors.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.nn.activations import make_activation
from microgd.nn.module import Module
from microgd.tensor import Tensor

Activation = str | Module | Callable[[Any], Any]

_PANELS, _NODES, _END = 24, 16, 12.0  # of the quadrature, on each side of 0
_STILL = 1e-14  # a relative change that is rounding
_LEAST = 1e-14  # a variance that is none


def chi(activation: Activation, weight_variance: float, input_variance: float) -> float:
    """chi_1 = weight_variance * E[phi'(sqrt(input_variance) * u)**2], with u standard normal.

    Raises ValueError for a variance that is negative or not finite.

    >>> round(chi("relu", weight_variance=2.0, input_variance=3.0), 12)
    1.0
    """
    _check("chi", weight_variance=weight_variance, input_variance=input_variance)
    _, slope = _at_nodes(activation, input_variance)
    return weight_variance * _mean(slope**2)


def gain(activation: Activation, weight_variance: float, input_variance: float) -> float:
    """sqrt(chi_1): by how much the norm of a gradient grows on its way back through a layer.

    Raises as `chi`.

    >>> round(gain("sigmoid", 1.0, resting_variance("sigmoid", 1.0)), 3)
    0.236
    """
    return math.sqrt(chi(activation, weight_variance, input_variance))


def next_variance(
    activation: Activation,
    weight_variance: float,
    input_variance: float,
    bias_variance: float = 0.0,
) -> float:
    """q' = weight_variance * E[phi(sqrt(q) * u)**2] + bias_variance, one layer on. Raises as `chi`.

    >>> round(next_variance("relu", 2.0, input_variance=3.0), 12)
    3.0
    """
    _check(
        "next_variance",
        weight_variance=weight_variance,
        input_variance=input_variance,
        bias_variance=bias_variance,
    )
    value, _ = _at_nodes(activation, input_variance)
    return weight_variance * _mean(value**2) + bias_variance


def resting_variance(
    activation: Activation,
    weight_variance: float,
    bias_variance: float = 0.0,
    input_variance: float = 1.0,
) -> float:
    """The q that deep layers come to, q = q', from `input_variance` on.

    0 where the signal dies out, as tanh's with a weight variance of 1 or less; infinite where it
    grows without bound. Raises as `chi`.

    >>> round(resting_variance("sigmoid", 1.0), 3)
    0.265
    """

    def drift(q: float) -> int:
        """Whether a signal of variance q grows (1), shrinks (-1) or rests (0)."""
        new = next_variance(activation, weight_variance, q, bias_variance)
        return 0 if abs(new - q) <= _STILL * q else int(math.copysign(1, new - q))

    # q' rises with q, so a signal comes to the next point of rest on its way, which is bracketed
    # and then halved; a critical one would creep there, as 1 / layers.
    near, way = input_variance, drift(input_variance)
    far = near
    while way and drift(far) == way:
        near, far = far, max(far * 4.0**way, _LEAST)
        if far >= 1 / _LEAST:
            return math.inf
        if way < 0 and far <= _LEAST:
            return 0.0
    while abs(far - near) > _STILL * near:
        middle = (near + far) / 2
        near, far = (middle, far) if drift(middle) == way else (near, middle)
    return far


def _mean(values: Array) -> float:
    """E[values] over a standard normal."""
    return float(_rule()[1] @ values)


@cache
def _rule() -> tuple[Array, Array]:
    """Places and weights of the quadrature: Gauss-Legendre on panels that halve towards 0.

    Gauss-Hermite would do for small variances only: at 100, its nodes miss the narrow middle in
    which a tanh has a slope. Here no panel holds a kink at 0, and the smallest ones are as narrow
    as 1e-6.
    """
    places, weights = np.polynomial.legendre.leggauss(_NODES)
    ends = np.concatenate([[0.0], _END * 0.5 ** np.arange(_PANELS - 1, -1, -1)])
    middles, halves = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    u = (middles[:, None] + halves[:, None] * places).ravel()
    density = (halves[:, None] * weights).ravel() * np.exp(-u * u / 2)
    return np.concatenate([-u, u]), np.tile(density / density.sum() / 2, 2)


def _at_nodes(activation: Activation, variance: float) -> tuple[Array, Array]:
    """phi and phi' where the quadrature wants them."""
    phi = make_activation(activation) if isinstance(activation, str) else activation
    # For a variance of 0, its limit: a rectifier has no slope at 0 itself
    z = Tensor(math.sqrt(max(variance, 1e-30)) * _rule()[0], requires_grad=True)
    out = phi(z)
    if out is z:  # the identity records nothing
        return z.value, np.ones_like(z.value)
    out.backward(np.ones_like(z.value))
    assert z.gradient is not None
    return out.value, z.gradient


def _check(op: str, **variances: float) -> None:
    for name, value in variances.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{op}: {name}={value!r}; give a finite number of at least 0")
