"""What is done to gradients between `backward()` and `step()`: clipping and noise.

All three change the gradients in place, in every parameter that has one; a parameter that is given
twice counts once. They raise TypeError for what are no Tensors or numbers, and ValueError for a
number out of range; all gradients are then as before.
"""

import math
from collections.abc import Iterable

import numpy as np

from microgd.arguments import real, whole
from microgd.graph import Array
from microgd.norms import norm, total
from microgd.tensor import Tensor

Parameters = Iterable[Tensor] | Tensor


def clip_grad_norm_(
    parameters: Parameters,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale all gradients by one factor, so that together they are no longer than `max_norm`.

        length = sum(abs(g)**norm_type)**(1 / norm_type)        (all elements of all gradients)
               = max(abs(g))                                    (norm_type = math.inf)
        g = g * min(1, max_norm / (length + 1e-6))

    Returns `length`, that from before; a `max_norm` of `math.inf` only measures it. The direction
    stays. Algorithm 1 of Pascanu, Mikolov and Bengio (2013, https://arxiv.org/abs/1211.5063); the
    1e-6 is PyTorch's, so that a clipped norm stays below `max_norm` by the share 1e-6 / length.

    Where the length is not finite, the formula holds as in PyTorch: an infinite element becomes
    NaN and, if there is no NaN, a finite one 0; else all become NaN. See what is returned before
    the step, or ask for the error.

    Raises FloatingPointError if `error_if_nonfinite` and it is not finite; the gradients are then
    as before.

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> w.grad = [30.0, -40.0]
    >>> clip_grad_norm_([w], max_norm=1.0)
    50.0
    >>> w.grad.round(6)
    array([ 0.6, -0.8])
    """
    op = "clip_grad_norm_"
    largest = _limit(op, "max_norm", max_norm)
    order = _limit(op, "norm_type", norm_type)
    if order == 0:
        raise ValueError(f"{op}: norm_type is 0; give 2, another positive exponent, or math.inf")
    gradients = _gradients(op, parameters)
    length = total(gradients.values(), order)
    if error_if_nonfinite and not math.isfinite(length):
        wrong = [p for p, g in gradients.items() if not math.isfinite(norm(g, order))]
        named = ", ".join(p.describe() for p in wrong)
        raise FloatingPointError(
            f"{op}: the norm of all gradients is {length}, from {named}; skip this step, or find"
            " the origin with detect_anomaly()"
        )
    factor = float(np.minimum(largest / (length + 1e-6), 1.0))  # NaN stays NaN
    if factor != 1.0:
        with np.errstate(invalid="ignore"):  # inf * 0, which is said above
            for g in gradients.values():
                g *= factor
    return length


def clip_grad_value_(parameters: Parameters, clip_value: float) -> None:
    """Cut every element of every gradient off at `clip_value`.

        g = min(max(g, -clip_value), clip_value)

    Unlike `clip_grad_norm_`, this turns the direction, towards a diagonal. An infinite element is
    cut off like any other; NaN stays NaN. Mikolov (2012, Statistical language models based on
    neural networks) clipped so, as Pascanu et al. (2013, https://arxiv.org/abs/1211.5063) tell.

    >>> w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> w.grad = [30.0, -0.5, -40.0]
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    array([ 1. , -0.5, -1. ])
    """
    limit = _limit("clip_grad_value_", "clip_value", clip_value)
    for g in _gradients("clip_grad_value_", parameters).values():
        np.clip(g, -limit, limit, out=g)


def add_grad_noise_(
    parameters: Parameters,
    step: int,
    eta: float,
    gamma: float = 0.55,
    *,
    rng: "np.random.Generator",
) -> None:
    """Add to every element of every gradient a normal number, smaller from step to step.

        g = g + normal(mean 0, variance eta / (1 + step)**gamma)

    `step` counts from 0. Neelakantan et al. (2015, https://arxiv.org/abs/1511.06807) take eta from
    0.01, 0.3 and 1.0, and gamma 0.55: it helps a deep network, badly initialised, off the plateau
    on which it starts. The numbers are drawn in float64, parameter by parameter, so that the same
    generator gives the same noise in either precision.

    >>> w = Tensor(np.zeros(10_000), requires_grad=True)
    >>> w.grad = np.zeros(10_000)
    >>> add_grad_noise_([w], step=99, eta=1.0, gamma=0.5, rng=np.random.default_rng(0))
    >>> round(float(w.grad.var()), 2)  # 1 / (1 + 99)**0.5
    0.1
    """
    op = "add_grad_noise_"
    step = whole(op, "step", step, 0, "give the number of steps before this one, 0 or more")
    for name, value in {"eta": eta, "gamma": gamma}.items():
        if real(op, name, value, "give a number of at least 0") < 0:
            raise ValueError(f"{op}: {name} is {value}; give a number of at least 0")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{op}: rng is {rng!r:.60}; make one generator, as np.random.default_rng(0), and give"
            " it at every step"
        )
    deviation = math.sqrt(eta * (1.0 + step) ** -gamma)
    for g in _gradients(op, parameters).values():
        g += rng.normal(0.0, deviation, g.shape)


def _gradients(op: str, parameters: Parameters) -> dict[Tensor, Array]:
    """The gradients of those parameters that have one."""
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    if not isinstance(given, Iterable):
        raise TypeError(f"{op}: parameters is {given!r:.60}; give model.parameters()")
    params = list(given)
    for number, p in enumerate(params):
        if not isinstance(p, Tensor):
            raise TypeError(f"{op}: parameter {number} is {p!r:.60}; give model.parameters()")
    return {p: p.gradient for p in params if p.gradient is not None}


def _limit(op: str, name: str, value: float) -> float:
    """`value` as a float of at least 0, which may be infinite."""
    way_out = "give a number of at least 0, or math.inf"
    number = math.inf if str(value) == "inf" else real(op, name, value, way_out)
    if number < 0:
        raise ValueError(f"{op}: {name} is {number}; {way_out}")
    return number
