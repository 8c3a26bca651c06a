"""Mean-field theory, against closed forms, a finer quadrature, and wide networks themselves."""

import math

import numpy as np
import pytest

import microgd as mg
from microgd import nn
from microgd.explain import meanfield


def average(f):
    """E[f(u)] for a standard normal u, by the trapezoid rule on a fine grid."""
    u = np.linspace(-12, 12, 1_000_001)
    return np.trapezoid(f(u) * np.exp(-u * u / 2) / math.sqrt(2 * math.pi), u)


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(x / 2)


SLOPES = {
    "sigmoid": lambda x: sigmoid(x) * (1 - sigmoid(x)),
    "tanh": lambda x: 1 - np.tanh(x) ** 2,
    "softplus": sigmoid,
    "silu": lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    "identity": np.ones_like,
}
VALUES = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0),
    "silu": lambda x: x * sigmoid(x),
    "identity": lambda x: x,
}


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("q", [0.01, 1.0, 20.0, 1000.0])
def test_smooth_activations_against_a_finer_grid(name, q):
    root = math.sqrt(q)
    slope = 1.7 * average(lambda u: SLOPES[name](root * u) ** 2)
    assert meanfield.chi(name, 1.7, q) == pytest.approx(slope, rel=1e-9)
    value = 1.7 * average(lambda u: VALUES[name](root * u) ** 2) + 0.1
    assert meanfield.next_variance(name, 1.7, q, 0.1) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("q", [0.0, 0.5, 40.0])
@pytest.mark.parametrize(("slope", "phi"), [(0.0, "relu"), (0.2, nn.LeakyReLU(0.2))])
def test_rectifiers_have_a_closed_form(slope, phi, q):
    half = (1 + slope**2) / 2
    assert meanfield.chi(phi, 3.0, q) == pytest.approx(3.0 * half, rel=1e-12)
    if q:
        assert meanfield.next_variance(phi, 3.0, q) == pytest.approx(3.0 * half * q, rel=1e-12)


def test_the_value_for_sigmoid_with_weight_variance_1():
    q = meanfield.resting_variance("sigmoid", 1.0)
    assert q == pytest.approx(average(lambda u: sigmoid(math.sqrt(q) * u) ** 2), rel=1e-9)
    assert round(meanfield.gain("sigmoid", 1.0, q), 3) == 0.236


def test_tanh_at_1_is_exactly_critical():
    assert meanfield.resting_variance("tanh", 1.0) == 0.0
    assert meanfield.gain("tanh", 1.0, 0.0) == pytest.approx(1.0, abs=1e-12)
    ordered, chaotic = (
        meanfield.gain("tanh", w, meanfield.resting_variance("tanh", w)) for w in (0.9, 1.1)
    )
    assert ordered < 1 < chaotic


def test_he_and_xavier_are_special_cases():
    assert meanfield.gain("relu", 2.0, 5.0) == pytest.approx(1.0, rel=1e-12)
    assert meanfield.gain("relu", 1.0, 5.0) == pytest.approx(math.sqrt(0.5), rel=1e-12)
    assert meanfield.gain("identity", 1.0, 5.0) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "elu", "softplus"])
@pytest.mark.parametrize("weights", [0.8, 1.5])
@pytest.mark.parametrize("biases", [0.0, 0.05])
def test_a_resting_variance_rests_whichever_side_it_is_reached_from(name, weights, biases):
    found = [meanfield.resting_variance(name, weights, biases, q) for q in (1e-3, 1.0, 30.0)]
    for q in found:
        assert q == pytest.approx(found[0], rel=1e-6)
        if q:
            after = meanfield.next_variance(name, weights, q, biases)
            assert after == pytest.approx(q, rel=1e-9)


def test_a_signal_that_grows_without_bound():
    assert meanfield.resting_variance("relu", 2.5) == math.inf
    assert meanfield.resting_variance("relu", 1.5) == 0.0
    assert meanfield.resting_variance("relu", 2.0, input_variance=7.0) == 7.0


def test_an_activation_is_a_name_a_module_or_a_function():
    expected = meanfield.chi("tanh", 1.0, 2.0)
    assert meanfield.chi(nn.Tanh(), 1.0, 2.0) == expected
    assert meanfield.chi(mg.tanh, 1.0, 2.0) == expected
    assert meanfield.chi(lambda x: (1 - mg.exp(-2 * x)) / (1 + mg.exp(-2 * x)), 1.0, 2.0) == (
        pytest.approx(expected, rel=1e-9)
    )


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_a_variance_that_is_none(bad):
    with pytest.raises(ValueError, match=r"chi: weight_variance=.*at least 0"):
        meanfield.chi("relu", bad, 1.0)
    with pytest.raises(ValueError, match=r"next_variance: bias_variance=.*at least 0"):
        meanfield.next_variance("relu", 1.0, 1.0, bad)
    with pytest.raises(ValueError, match="'rleu' is unknown; did you mean 'relu'"):
        meanfield.chi("rleu", 1.0, 1.0)


WIDE = 512


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "variance"), [("sigmoid", 1.0), ("tanh", 1.0), ("tanh", 1.7), ("relu", 2.0)]
)
def test_wide_networks_do_as_the_theory_says(name, variance, seed):
    rng = np.random.default_rng(seed)

    def init(shape, rng):
        return rng.normal(0.0, math.sqrt(variance / shape[1]), shape)

    model = nn.MLP([WIDE] * 6, name, init=init, rng=rng)
    x, y = rng.normal(size=(48, WIDE)), rng.integers(0, WIDE, 48)
    layers = mg.explain.flow(model, (x, y)).layers
    assert len(layers) == 5
    for layer in layers:
        assert layer.predicted == pytest.approx(layer.gain, rel=0.05)
        assert layer.predicted_weight == pytest.approx(layer.weight_part, rel=0.05)
        assert layer.predicted_activation == pytest.approx(layer.activation_part, rel=0.05)
        assert layer.weight_variance == pytest.approx(variance, rel=0.02)
    if name == "sigmoid":
        assert layers[2].gain == pytest.approx(0.236, rel=0.05)
    if name == "relu":
        assert layers[2].gain == pytest.approx(1.0, rel=0.05)
