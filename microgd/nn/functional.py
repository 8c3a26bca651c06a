"""Operations that only networks use: activations, dense layer, normalisation, cross-entropy.

Each is an operation like those of `microgd.ops`; those after the activations do in one step what
would take up to ten, since training spends its time there.
"""

import math
from typing import Any

import numpy as np

from microgd.op import Local, Op, Pullback, as_array, example
from microgd.ops.elementwise import sigmoid, where
from microgd.ops.shape import scatter
from microgd.ops.softmax import softmax

# Activations, in forms that neither overflow nor lose digits

leaky_relu = Op("leaky_relu",
                lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
                Local("where(x > 0, 1, negative_slope)", lambda out, x, negative_slope:
                      np.where(x > 0, 1.0, negative_slope).astype(x.dtype)),
                doc="x if x > 0, else negative_slope * x (Maas et al. 2013).",
                example="leaky_relu(-1.0) -> -0.01")
elu = Op("elu", lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))),
         Local("where(x > 0, 1, out + alpha)",
               lambda out, x, alpha: np.where(x > 0, 1.0, out + alpha)),
         doc="x if x > 0, else alpha * (e**x - 1) (Clevert et al. 2016).",
         example="elu(2.0) -> 2.0")
softplus = Op("softplus", lambda x: np.logaddexp(x, 0.0),
              Local("sigmoid(x)", lambda out, x: sigmoid(x)),
              doc="The smooth rectifier, log(1 + e**x).", example="softplus(1000.0) -> 1000.0")
silu = Op("silu", lambda x: x * sigmoid(x),
          Local("sigmoid(x) + out * (1 - sigmoid(x))",
                lambda out, x: (s := sigmoid(x)) + out * (1 - s)),
          doc="x * sigmoid(x), or swish (Elfwing et al. 2018).", example="silu(0.0) -> 0.0")

_erf_of_each = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Any) -> Any:
    return np.asarray(_erf_of_each(x), np.result_type(x, np.float16))


erf = Op("erf", _erf,
         Local("2 / sqrt(pi) * exp(-x**2)", lambda out, x: 2 / math.sqrt(math.pi) * np.exp(-x * x)),
         doc="The error function, 2 / sqrt(pi) * the integral of e**-t**2 from 0 to x.",
         example="erf(0.0) -> 0.0")
_gelu = Op("gelu", lambda x: x * (0.5 + 0.5 * _erf(x * math.sqrt(0.5))),
           Local("0.5 + 0.5 * erf(x * sqrt(0.5)) + x * exp(-0.5 * x**2) / sqrt(2 * pi)",
                 lambda out, x: 0.5 + 0.5 * erf(x * math.sqrt(0.5))
                 + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)),
           doc="x times the probability that a standard normal is below x.")


@example("gelu(0.0) -> 0.0")
def gelu(x: Any, approximate: str = "none") -> Any:
    """x * Phi(x), with Phi the distribution of a standard normal (Hendrycks and Gimpel 2016).

    ``approximate="tanh"`` is their x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))).

    Raises ValueError for another `approximate`.

    >>> [round(float(gelu(1.0, kind)), 4) for kind in ("none", "tanh")]
    [0.8413, 0.8412]
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate={approximate!r}; write 'none' or 'tanh'")
    x = as_array(x)
    if approximate == "none":
        return _gelu(x)
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


# A dense layer


def _rows(x: Any) -> Any:
    return x.reshape((-1, x.shape[-1]))


def _explain_linear(x: Any, weight: Any, bias: Any) -> str:
    got = x.shape[-1] if x.ndim else 0
    return f"x has {got} features and the layer takes {weight.shape[1]}; its shape is (..., inputs)"


# dot starts sooner than matmul, and that is half of a small product
linear = Op("linear", lambda x, weight, bias:
            (x.dot(weight.T) if x.ndim == 2 else x @ weight.T) + bias,
            Pullback("g @ weight", lambda g, out, x, weight, bias:
                     g.dot(weight) if g.ndim == 2 else g @ weight),
            Pullback("g.T @ x", lambda g, out, x, weight, bias:
                     g.T.dot(x) if x.ndim == 2 else _rows(g).T.dot(_rows(x))),
            Pullback("g.sum(axis=0)", lambda g, out, x, weight, bias:
                     np.add.reduce(g if g.ndim == 2 else _rows(g))),
            doc="A dense layer, x @ weight.T + bias: x (..., inputs), weight (outputs, inputs),"
                " bias (outputs,).",
            explain=_explain_linear, example="linear([2.0], [[3.0]], [1.0]) -> [7.0]")

# Rows of a table


def _embedding_weight(g: Any, out: Any, weight: Any, x: Any, padding_idx: int | None) -> Any:
    """Each row of g added to the row that it came from; flat, as NumPy is fastest at."""
    if padding_idx is not None:
        g = where((x == padding_idx)[..., None], 0.0, g)
    first = x.reshape((-1, 1)).astype(np.intp) * weight.shape[1]
    places = first + np.arange(weight.shape[1])
    flat = scatter(g.reshape((-1,)), index=places.reshape(-1), shape=(weight.size,))
    return flat.reshape(weight.shape)


embedding = Op("embedding", lambda weight, x, padding_idx=None: weight[x],
               Pullback("scatter(g, x, weight.shape)", _embedding_weight),
               doc="The rows weight[x] of a table for an array x of whole numbers from 0; the row"
                   " padding_idx gets no gradient.")

# Normalisation of a table (n, c): of columns (axis 0, a batch) or of rows (axis 1, a layer)


def average(a: Any, axis: int) -> Any:
    """The mean along an axis, which stays with size 1."""
    return np.add.reduce(a, axis=axis, keepdims=True) / a.shape[axis]


def _average_product(a: Any, b: Any, axis: int) -> Any:
    """average(a * b, axis), without an array of the products."""
    total = np.einsum("ij,ij->i" if axis else "ij,ij->j", a, b)
    return total.reshape((-1, 1) if axis else (1, -1)) / a.shape[axis]


def standardise(x: Any, axis: int, eps: float) -> tuple[Any, Any, Any]:
    """(x - mean) / sqrt(variance + eps), and mean and variance."""
    mean = average(x, axis)
    standard = x - mean
    variance = _average_product(standard, standard, axis)
    standard *= (variance + eps) ** -0.5
    return standard, mean, variance


def _normalise(x: Any, weight: Any, bias: Any, axis: int = 0, eps: float = 1e-5) -> Any:
    kept = standardise(x, axis, eps)
    out = kept[0] * weight
    out += bias
    return out, kept


def _normalise_x(
    g: Any, out: Any, x: Any, weight: Any, bias: Any, axis: int, eps: float, kept: Any
) -> Any:
    """What moves all of x alike, or stretches it, changes nothing: both are taken out of g."""
    standard, _, variance = kept or standardise(x, axis, eps)
    inner = g * weight
    stretch = standard * _average_product(inner, standard, axis)
    inner -= average(inner, axis)  # in place for arrays, and a new Tensor for Tensors
    inner -= stretch
    inner *= (variance + eps) ** -0.5
    return inner


normalise = Op("normalise", _normalise,
               Pullback("(g * weight - average(g * weight, axis)"
                        " - standard(x, axis, eps)"
                        " * average(g * weight * standard(x, axis, eps), axis))"
                        " / spread(x, axis, eps)",
                        _normalise_x),
               Pullback("(g * standard(x, axis, eps)).sum(axis=0)",
                        lambda g, out, x, weight, bias, axis, eps, kept:
                        np.einsum("ij,ij->j", g, (kept or standardise(x, axis, eps))[0])),
               Pullback("g.sum(axis=0)", lambda g, out, x, weight, bias, axis, eps, kept:
                        np.add.reduce(g)),
               keeps=True,
               doc="(x - mean) / sqrt(variance + eps) * weight + bias for a table x (n, c), with"
                   " the mean and variance of its columns (axis 0) or rows (axis 1).")

# Cross-entropy of scores


def one_hot(target: Any, x: Any) -> Any:
    """Rows of zeros with a one at the class, of the shape and dtype of `x`."""
    rows = np.zeros(x.shape, x.dtype)
    rows[np.arange(len(target)), target] = 1
    return rows


def _cross_entropy(x: Any, target: Any, reduction: str = "mean") -> Any:
    # Where the labels stand in the flat array; NumPy refuses what is out of range
    cells = np.ravel_multi_index((np.arange(len(target)), target), x.shape)
    shifted = np.subtract(x, np.maximum.reduce(x, axis=1, keepdims=True), order="C")
    e = np.exp(shifted)
    total = np.add.reduce(e, axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - shifted.reshape(-1)[cells]
    e /= total
    e.reshape(-1)[cells] -= 1  # the softmax, less the target
    if reduction == "none":
        return losses, e
    loss = np.add.reduce(losses)
    return (loss / len(target) if reduction == "mean" else loss), e


def _cross_entropy_x(
    g: Any, out: Any, x: Any, target: Any, reduction: str, kept: Any
) -> Any:
    """Rows of softmax(x) minus a one at the class; `kept` are these, found on the way."""
    difference = softmax(x) - one_hot(target, x) if kept is None else kept
    if reduction == "none":
        return g[:, None] * difference
    return difference * (g / len(target) if reduction == "mean" else g)


cross_entropy = Op("cross_entropy", _cross_entropy,
                   Pullback("g * (softmax(x) - one_hot(target, x)) / len(target)",
                            _cross_entropy_x), keeps=True,
                   doc="-log(softmax(x)[target]) for rows x of scores and their classes; the mean"
                       " (or 'sum', or 'none': one a row).")

TABLE = {
    op.name: op
    for op in (
        leaky_relu, elu, softplus, silu, erf, _gelu, linear, embedding, normalise, cross_entropy,
    )
}
