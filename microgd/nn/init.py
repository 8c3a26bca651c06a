"""Initialisation: the first weights, drawn so that signals and gradients keep their size.

A weight is (out, in), as in `Linear`: its fan_in is `in`, its fan_out is `out`. Every function
takes the shape and gives an array of it. `rng` is a seed or a Generator (None: the one that
`manual_seed` starts anew); numbers are drawn in float64 and rounded to `dtype`, so that the
same seed gives the same network in either precision.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from microgd.graph import Array
from microgd.names import choose
from microgd.nn import activations
from microgd.nn.module import Module

# Quoted, for NumPy loads its random module at first use, and that is a sixth of its import time.
Rng: TypeAlias = "np.random.Generator | int | None"
Shape: TypeAlias = tuple[int, ...]

_shared: dict[str, Any] = {}  # holds the generator of those who bring none, from its first use


def manual_seed(seed: int) -> None:
    """Start anew the generator that serves wherever `rng` is not given.

    >>> manual_seed(0)
    >>> first = uniform((2, 2))
    >>> manual_seed(0)
    >>> bool((uniform((2, 2)) == first).all())
    True
    """
    _shared["rng"] = generator(seed)


def generator(rng: Rng) -> "np.random.Generator":
    """The Generator meant by a seed, by a Generator (itself) or by None (the shared one).

    Raises TypeError or ValueError for what is no seed.
    """
    if rng is None:
        if not _shared:
            _shared["rng"] = np.random.default_rng()
        return _shared["rng"]  # type: ignore[no-any-return]
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"rng: {rng!r:.60} is no seed; give a whole number of at least 0, or a generator such"
            " as np.random.default_rng(0)"
        ) from error


def xavier_uniform(
    shape: Shape, *, rng: Rng = None, gain: float = 1.0, dtype: Any = float
) -> Array:
    """Uniform in +-gain * sqrt(6 / (fan_in + fan_out)): variance gain**2 * 2 / (fan_in + fan_out).

    Midway between 1 / fan_in, which keeps the variance of the signal, and 1 / fan_out, which
    keeps that of the gradient, through an activation of slope 1 at 0 (Glorot and Bengio 2010,
    https://proceedings.mlr.press/v9/glorot10a.html). Raises ValueError for a shape that is not
    (out, in) or a negative gain.

    >>> xavier_uniform((2, 3), rng=0).round(2)
    array([[ 0.3 , -0.5 , -1.01],
           [-1.06,  0.69,  0.9 ]])
    """
    fan_in, fan_out = _fans("xavier_uniform", shape)
    bound = _size("xavier_uniform", "gain", gain) * math.sqrt(6 / (fan_in + fan_out))
    return uniform(shape, rng=rng, bound=bound, dtype=dtype)


def xavier_normal(shape: Shape, *, rng: Rng = None, gain: float = 1.0, dtype: Any = float) -> Array:
    """Normal with variance gain**2 * 2 / (fan_in + fan_out), that of `xavier_uniform`.

    Source and errors are the same.

    >>> xavier_normal((2, 3), rng=0).round(2)
    array([[ 0.08, -0.08,  0.41],
           [ 0.07, -0.34,  0.23]])
    """
    fan_in, fan_out = _fans("xavier_normal", shape)
    std = _size("xavier_normal", "gain", gain) * math.sqrt(2 / (fan_in + fan_out))
    return normal(shape, rng=rng, std=std, dtype=dtype)


def kaiming_uniform(
    shape: Shape,
    *,
    rng: Rng = None,
    mode: str = "fan_in",
    negative_slope: float = 0.0,
    dtype: Any = float,
) -> Array:
    """Uniform in +-sqrt(3 * variance), with the variance of `kaiming_normal`.

    Source and errors are the same.

    >>> kaiming_uniform((2, 3), rng=0).round(2)
    array([[ 0.39, -0.65, -1.3 ],
           [-1.37,  0.89,  1.17]])
    """
    bound = math.sqrt(3) * _kaiming("kaiming_uniform", shape, mode, negative_slope)
    return uniform(shape, rng=rng, bound=bound, dtype=dtype)


def kaiming_normal(
    shape: Shape,
    *,
    rng: Rng = None,
    mode: str = "fan_in",
    negative_slope: float = 0.0,
    dtype: Any = float,
) -> Array:
    """Normal with variance 2 / ((1 + negative_slope**2) * fan), also called He's.

    A rectifier passes half of the mean square (the leaky one (1 + slope**2) / 2), and the 2 makes
    up for it: mode "fan_in" keeps the mean square of the signal from layer to layer, "fan_out"
    that of the gradient (He et al. 2015, https://arxiv.org/abs/1502.01852). Raises ValueError
    for a shape that is not (out, in), or another mode.

    >>> kaiming_normal((2, 3), rng=0).round(2)
    array([[ 0.1 , -0.11,  0.52],
           [ 0.09, -0.44,  0.3 ]])
    """
    std = _kaiming("kaiming_normal", shape, mode, negative_slope)
    return normal(shape, rng=rng, std=std, dtype=dtype)


def orthogonal(shape: Shape, *, rng: Rng = None, gain: float = 1.0, dtype: Any = float) -> Array:
    """gain * Q with orthonormal rows or columns, whichever are fewer: variance gain**2 / max(fans).

    A square one keeps the length of every signal and every gradient exactly, times the gain (Saxe
    et al. 2014, https://arxiv.org/abs/1312.6120). Q comes from the QR decomposition of normal
    numbers with R's diagonal made positive, which makes all rotations equally likely (Mezzadri
    2007, https://arxiv.org/abs/math-ph/0609050). Raises ValueError for a shape that is not
    (out, in), or a negative gain.

    >>> w = orthogonal((2, 3), rng=0)
    >>> np.allclose(w @ w.T, np.eye(2))
    True
    """
    fans = _fans("orthogonal", shape)
    gain = _size("orthogonal", "gain", gain)
    q, r = np.linalg.qr(generator(rng).standard_normal((max(fans), min(fans))))
    q *= gain * np.sign(np.diagonal(r))
    return (q if shape[0] >= shape[1] else q.T).astype(dtype)


def normal(shape: Shape, *, rng: Rng = None, std: float = 1.0, dtype: Any = float) -> Array:
    """Normal numbers of mean 0 and variance std**2. Raises ValueError for a negative std.

    >>> normal((2,), rng=0, std=0.1).round(3)
    array([ 0.013, -0.013])
    """
    std = _size("normal", "std", std)
    return generator(rng).normal(0.0, std, shape).astype(dtype, copy=False)


def uniform(shape: Shape, *, rng: Rng = None, bound: float = 1.0, dtype: Any = float) -> Array:
    """Uniform in +-bound: variance bound**2 / 3. Raises ValueError for a negative bound.

    >>> uniform((2,), rng=0, bound=0.1).round(3)
    array([ 0.027, -0.046])
    """
    bound = _size("uniform", "bound", bound)
    return generator(rng).uniform(-bound, bound, shape).astype(dtype, copy=False)


def zeros(
    shape: Shape,
    *,
    rng: Rng = None,  # noqa: ARG001  what takes the place of another takes what it takes
    dtype: Any = float,
) -> Array:
    """All zero, of variance 0: right for biases.

    Weights that start equal get equal gradients and stay equal.

    >>> zeros((2,))
    array([0., 0.])
    """
    return np.zeros(shape, dtype)


INITIALISATIONS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal, orthogonal, normal,
        uniform, zeros,
    )
}  # fmt: skip


def named(init: str | Callable[..., Any]) -> Callable[..., Any]:
    """The initialisation of this name; a function passes through.

    Raises ValueError for an unknown name.

    >>> named("orthogonal") is orthogonal
    True
    """
    return init if callable(init) else choose("init:", init, INITIALISATIONS)


def drawn(layer: str, init: str | Callable[..., Any], shape: Shape, rng: Rng) -> Array:
    """The first weight of a layer, by an initialisation or its name.

    Raises ValueError for an unknown name, or an initialisation that makes another shape.

    >>> drawn("Linear", "zeros", (1, 2), 0)
    array([[0., 0.]])
    """
    weight = np.array(named(init)(shape, rng=rng))
    if weight.shape != shape:
        raise ValueError(f"{layer}: init={init!r:.60} made {weight.shape}, asked for {shape}")
    return weight


_RECTIFIERS = (
    activations.ReLU, activations.ELU, activations.GELU, activations.SiLU, activations.Softplus,
)  # fmt: skip


def meant_for(activation: Module) -> Callable[..., Array]:
    """The initialisation for layers with this activation between them.

    `kaiming_normal` for the rectifiers, the smooth ones included, with the slope of the leaky one;
    `xavier_uniform` with gain 1 for all others. For tanh that is Glorot and Bengio's own choice
    and the critical one, at which a gradient neither vanishes nor explodes with depth (Schoenholz
    et al. 2017, https://arxiv.org/abs/1611.01232). PyTorch's `calculate_gain` says 5/3: that holds
    the signal at a standard deviation of 0.65, and the gradient grows 1.1-fold a layer.

    >>> meant_for(activations.ReLU()) is kaiming_normal
    True
    """
    if isinstance(activation, activations.LeakyReLU):
        return partial(kaiming_normal, negative_slope=activation.negative_slope)
    return kaiming_normal if isinstance(activation, _RECTIFIERS) else xavier_uniform


def _kaiming(function: str, shape: Shape, mode: str, negative_slope: float) -> float:
    """The standard deviation."""
    fan_in, fan_out = _fans(function, shape)
    fan = choose(f"{function}: mode", mode, {"fan_in": fan_in, "fan_out": fan_out})
    return math.sqrt(2 / (1 + _size(function, "negative_slope", negative_slope) ** 2) / fan)


def _fans(function: str, shape: Shape) -> tuple[int, int]:
    """fan_in and fan_out of a weight (out, in)."""
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{function}: shape={shape!r}; a weight is (out, in), each at least 1")
    return shape[1], shape[0]


def _size(function: str, name: str, value: float) -> float:
    """A finite number of at least 0."""
    if not 0 <= value < math.inf:
        raise ValueError(f"{function}: {name}={value!r}; give a finite number of at least 0")
    return value
