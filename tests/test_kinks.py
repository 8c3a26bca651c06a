"""Where calculus has no answer or floating point runs out: kinks, ties, zeros and extremes."""

import math

import numpy as np
import pytest

import microgd as mg
from microgd.ops import elementwise


def gradients(f, *values):
    """d f / d each value, with f summed."""
    xs = tuple(np.array(v, float) for v in values)
    found = mg.grad(lambda *xs: f(*xs).sum(), tuple(range(len(xs))))(*xs)
    return [g.data.tolist() for g in found]


# Kinks: the choices that the head of ops/elementwise.py lists

KINKS = [
    ("relu", mg.relu, [0.0], [0.0]),
    ("abs", mg.abs, [0.0], [0.0]),
    ("sign", mg.sign, [0.0], [0.0]),
    ("norm", mg.norm, [[0.0, 0.0]], [[0.0, 0.0]]),
    (
        "norm of rows",
        lambda x: mg.norm(x, axis=1),
        [[[0.0, 0.0], [3.0, 4.0]]],
        [[[0, 0], [0.6, 0.8]]],
    ),
    ("leaky_relu", mg.leaky_relu, [0.0], [0.01]),
    ("leaky_relu 0.2", lambda x: mg.leaky_relu(x, negative_slope=0.2), [0.0], [0.2]),
    ("elu", mg.elu, [0.0], [1.0]),
    ("elu 0.5", lambda x: mg.elu(x, alpha=0.5), [0.0], [0.5]),
    ("maximum", mg.maximum, [2.0, 2.0], [0.5, 0.5]),
    ("minimum", mg.minimum, [2.0, 2.0], [0.5, 0.5]),
    ("maximum of itself", lambda x: mg.maximum(x, x), [2.0], [1.0]),
    ("max of two", mg.max, [[1.0, 3.0, 3.0]], [[0, 0.5, 0.5]]),
    ("max of all", mg.max, [[[2.0, 2.0], [2.0, 2.0]]], [[[0.25, 0.25], [0.25, 0.25]]]),
    (
        "max of rows",
        lambda x: mg.max(x, axis=1),
        [[[1.0, 1.0], [1.0, 2.0]]],
        [[[0.5, 0.5], [0, 1]]],
    ),
    ("min of three", mg.min, [[1.0, 1.0, 1.0, 3.0]], [[1 / 3, 1 / 3, 1 / 3, 0]]),
    ("clip at min", lambda x: mg.clip(x, 1.0, 2.0), [1.0], [1.0]),
    ("clip at max", lambda x: mg.clip(x, 1.0, 2.0), [2.0], [1.0]),
    ("clip outside", lambda x: mg.clip(x, 1.0, 2.0), [[0.9, 2.1]], [[0.0, 0.0]]),
    ("0**0", mg.power, [0.0, 0.0], [0.0, 0.0]),
    ("0**1", mg.power, [0.0, 1.0], [1.0, 0.0]),
    ("0**2", mg.power, [0.0, 2.0], [0.0, 0.0]),
    ("(-2)**3", lambda x: x**3, [-2.0], [12.0]),
    ("(-2)**-1", lambda x: x**-1, [-2.0], [-0.25]),
]


@pytest.mark.parametrize(
    ("f", "at", "want"), [pytest.param(*rest, id=name) for name, *rest in KINKS]
)
def test_kink(f, at, want):
    for got, right in zip(gradients(f, *at), want, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-15)


def test_every_choice_in_the_docstring_is_tested():
    said = elementwise.__doc__.replace("\n", " ")
    choices = said[said.index("relu'(0)") : said.index("0**0") + 4]
    for name in "relu abs norm leaky_relu elu maximum minimum max min clip 0**0".split():
        assert name in choices
        assert any(kink[0].startswith(name) for kink in KINKS)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_powers_at_zero_have_all_their_derivatives(exponent):
    def f(x):
        return x**exponent

    for order in range(4):
        assert float(f(mg.tensor(0.0))) == (math.factorial(exponent) if order == exponent else 0)
        f = mg.grad(f)


@pytest.mark.parametrize("f", [mg.relu, mg.abs, mg.max, lambda x: mg.clip(x, 0.0, 1.0)])
def test_second_derivative_at_a_kink_is_zero(f):
    assert mg.hessian(lambda x: f(x).sum())(np.zeros(2)).data.tolist() == [[0, 0], [0, 0]]


# Products with zeros

ZEROS = {
    "none": [2.0, 3.0, 5.0, 7.0],
    "one": [2.0, 0.0, 5.0, 7.0],
    "two": [0.0, 3.0, 5.0, 0.0],
    "all": [0.0, 0.0, 0.0, 0.0],
    "single": [0.0],
    "matrix": [[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]],
}


@pytest.mark.parametrize("name", ZEROS)
def test_gradient_of_a_product_leaves_one_factor_out(name):
    x = np.array(ZEROS[name])
    got = mg.grad(mg.prod)(x).data
    want = [math.prod(np.delete(x.ravel(), i)) for i in range(x.size)]
    np.testing.assert_array_equal(got, np.reshape(want, x.shape))
    second = mg.hessian(mg.prod)(x).data.reshape(x.size, x.size)
    for i in range(x.size):
        for j in range(x.size):
            rest = math.prod(np.delete(x.ravel(), [i, j]))
            assert second[i, j] == (0 if i == j else rest)


@pytest.mark.parametrize("params", [{"axis": 0}, {"axis": 1}, {"axis": -1, "keepdims": True}])
def test_products_along_axes_with_zeros(params):
    assert mg.gradcheck(lambda x: mg.prod(x, **params), np.array(ZEROS["matrix"]))


# Extremes: everything finite, nothing said by NumPy

FAR = [[-1000.0, 1000.0, 0.0], [1000.0, 1000.0, -1000.0]]
LOG2 = math.log(2)


def nll(target, reduction="mean"):
    return lambda x: mg.nn.functional.cross_entropy(x, target=target, reduction=reduction)


EXTREMES = [
    ("sigmoid", mg.sigmoid, FAR, [[0, 1, 0.5], [1, 1, 0]]),
    ("tanh", mg.tanh, FAR, [[-1, 1, 0], [1, 1, -1]]),
    ("softplus", mg.softplus, FAR, [[0, 1000, LOG2], [1000, 1000, 0]]),
    ("silu", mg.silu, FAR, [[0, 1000, 0], [1000, 1000, 0]]),
    ("gelu", mg.gelu, FAR, [[0, 1000, 0], [1000, 1000, 0]]),
    ("gelu tanh", lambda x: mg.gelu(x, "tanh"), FAR, [[0, 1000, 0], [1000, 1000, 0]]),
    ("elu", mg.elu, FAR, [[-1, 1000, 0], [1000, 1000, -1]]),
    ("relu", mg.relu, FAR, [[0, 1000, 0], [1000, 1000, 0]]),
    ("leaky_relu", mg.leaky_relu, FAR, [[-10, 1000, 0], [1000, 1000, -10]]),
    ("erf", mg.erf, FAR, [[-1, 1, 0], [1, 1, -1]]),
    ("arctan", mg.arctan, [1e8, -1e8], [math.pi / 2 - 1e-8, 1e-8 - math.pi / 2]),
    ("exp", mg.exp, [-1000.0], [0]),
    ("expm1", mg.expm1, [-1000.0], [-1]),
    ("log", mg.log, [1e-12, 1e12], [math.log(1e-12), math.log(1e12)]),
    ("log1p", mg.log1p, [1000.0, 1e-12], [math.log(1001), 1e-12]),
    ("softmax", mg.softmax, FAR, [[0, 1, 0], [0.5, 0.5, 0]]),
    ("softmax down", lambda x: mg.softmax(x, axis=0), FAR, [[0, 0.5, 1], [1, 0.5, 0]]),
    ("log_softmax", mg.log_softmax, FAR, [[-2000, 0, -1000], [-LOG2, -LOG2, -2000 - LOG2]]),
    ("logsumexp", mg.logsumexp, FAR, 1000 + math.log(3)),
    ("logsumexp rows", lambda x: mg.logsumexp(x, axis=1), FAR, [1000, 1000 + LOG2]),
    ("logsumexp low", mg.logsumexp, [-1000.0, -1000.0], LOG2 - 1000),
    ("norm", mg.norm, FAR, 1000 * math.sqrt(5)),
    ("cross_entropy", nll([0, 2]), FAR, 2000 + LOG2 / 2),
    ("cross_entropy each", nll([1, 0], "none"), FAR, [0, LOG2]),
    ("cross_entropy sum", nll([2, 0], "sum"), FAR, 1000 + LOG2),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("f", "at", "want"), [pytest.param(*rest, id=name) for name, *rest in EXTREMES]
)
def test_extreme(f, at, want, dtype):
    x = np.array(at, dtype)

    def weighted(x):  # unequal weights, or the gradients of a softmax cancel
        out = f(x)
        return (out * np.linspace(0.5, 1.5, out.size, dtype=dtype).reshape(out.shape)).sum()

    with np.errstate(all="raise", under="ignore"):
        value = f(mg.Tensor(x))
        first = mg.grad(weighted)(x)
        second = mg.grad(lambda x: mg.grad(weighted)(x).sum())(x)
    tolerance = 1e-12 if dtype == np.float64 else 2e-6
    np.testing.assert_allclose(value.data, want, rtol=tolerance, atol=tolerance)
    for derivative in (first, second):
        assert derivative.dtype == dtype
        assert np.isfinite(derivative.data).all()


@pytest.mark.parametrize(
    ("f", "want"),
    [
        (mg.sigmoid, [0, 0, 0.25]), (mg.softplus, [0, 1, 0.5]), (mg.silu, [0, 1, 0.5]),
        (mg.gelu, [0, 1, 0.5]), (lambda x: mg.gelu(x, "tanh"), [0, 1, 0.5]), (mg.elu, [0, 1, 1]),
        (mg.tanh, [0, 0, 1]), (mg.logsumexp, [0, 1, 0]),
    ],
)  # fmt: skip
def test_gradients_far_out(f, want):
    with np.errstate(all="raise", under="ignore"):
        got = mg.grad(lambda x: f(x).sum())(np.array(FAR[0]))
    np.testing.assert_allclose(got.data, want, atol=1e-15)


def test_logsumexp_of_impossible_and_certain_events():
    with np.errstate(all="raise", under="ignore"):
        assert float(mg.logsumexp(mg.tensor([-np.inf, 0.0]))) == 0
