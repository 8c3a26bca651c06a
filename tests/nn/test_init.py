"""Initialisation: the variances it promises, and the signals and gradients that these keep."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from microgd import nn
from microgd.nn import init

every = pytest.mark.parametrize("name", init.INITIALISATIONS)

OUT, IN = 300, 500  # 150,000 draws: an empirical variance is right to 0.4%

VARIANCES = [
    (init.xavier_uniform, {}, 2 / (IN + OUT)),
    (init.xavier_uniform, {"gain": 5 / 3}, 25 / 9 * 2 / (IN + OUT)),
    (init.xavier_normal, {}, 2 / (IN + OUT)),
    (init.xavier_normal, {"gain": 0.5}, 0.25 * 2 / (IN + OUT)),
    (init.kaiming_uniform, {}, 2 / IN),
    (init.kaiming_uniform, {"mode": "fan_out"}, 2 / OUT),
    (init.kaiming_normal, {}, 2 / IN),
    (init.kaiming_normal, {"mode": "fan_out"}, 2 / OUT),
    (init.kaiming_normal, {"negative_slope": 0.5}, 2 / 1.25 / IN),
    (init.orthogonal, {}, 1 / IN),
    (init.orthogonal, {"gain": 2.0}, 4 / IN),
    (init.normal, {"std": 0.02}, 0.02**2),
    (init.normal, {}, 1.0),
    (init.uniform, {"bound": 0.1}, 0.01 / 3),
    (init.uniform, {}, 1 / 3),
]


@pytest.mark.parametrize(("function", "options", "variance"), VARIANCES)
def test_variance_is_the_promised_one(function, options, variance):
    weight = function((OUT, IN), rng=0, **options)
    assert weight.shape == (OUT, IN)
    np.testing.assert_allclose(weight.var(), variance, rtol=0.02)
    np.testing.assert_allclose(weight.mean(), 0, atol=5 * np.sqrt(variance / weight.size))


@pytest.mark.parametrize(
    ("function", "bound"),
    [
        (init.xavier_uniform, np.sqrt(6 / (IN + OUT))),
        (init.kaiming_uniform, np.sqrt(6 / IN)),
        (init.uniform, 1.0),
    ],
)
def test_uniform_ones_fill_their_interval(function, bound):
    weight = function((OUT, IN), rng=0)
    assert 0.999 * bound < weight.max() <= bound
    assert -bound <= weight.min() < -0.999 * bound


@pytest.mark.parametrize("shape", [(5, 5), (7, 4), (4, 7), (1, 6), (6, 1), (1, 1)])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal_is(shape, gain):
    weight = init.orthogonal(shape, rng=3, gain=gain)
    tall = weight if shape[0] >= shape[1] else weight.T
    np.testing.assert_allclose(tall.T @ tall, gain**2 * np.eye(min(shape)), atol=1e-13)


def test_orthogonal_prefers_no_direction():
    # a QR decomposition whose signs are left to the library has a diagonal of one sign
    diagonals = [np.diagonal(init.orthogonal((2, 2), rng=seed)) for seed in range(200)]
    np.testing.assert_allclose(np.mean(diagonals, axis=0), 0, atol=5 / np.sqrt(2 * 200))


def test_zeros_are():
    assert not init.zeros((3, 2)).any()


# What the variances are for


def journey(function, slope, widths, runs=100):
    """How a random network scales the mean square of the signal, from the first layer's sums to
    the last's, and that of the gradient, from the end to the inputs; the activation is leaky."""
    rng = np.random.default_rng(0)
    squares = np.zeros(4)
    for _ in range(runs):
        weights = [function((o, i), rng=rng) for i, o in pairwise(widths)]
        signal, slopes = rng.standard_normal(widths[0]), []
        for layer, weight in enumerate(weights):
            sums = weight @ signal
            squares[0] += np.mean(sums**2) * (layer == 0)
            slopes.append(np.where(sums > 0, 1.0, slope))
            signal = slopes[-1] * sums
        squares[1] += np.mean(sums**2)
        gradient = rng.standard_normal(widths[-1])
        squares[2] += np.mean(gradient**2)
        for weight, slopes_here in zip(weights[::-1], slopes[::-1], strict=True):
            gradient = weight.T @ (slopes_here * gradient)
        squares[3] += np.mean(gradient**2)
    return squares[1] / squares[0], squares[3] / squares[2]


EVEN, TAPERED = [120] * 11, list(range(200, 50, -14))  # ten layers
NOISE = 0.072  # sqrt(exp(5 * 10 / 120) - 1) is what a run's mean square varies by; a tenth of it

KEEP = [
    (init.kaiming_normal, 0.0, "signal"),
    (init.kaiming_uniform, 0.0, "signal"),
    (partial(init.kaiming_normal, negative_slope=0.3), 0.3, "signal"),
    (partial(init.kaiming_normal, mode="fan_out"), 0.0, "gradient"),
    (partial(init.kaiming_uniform, mode="fan_out", negative_slope=0.3), 0.3, "gradient"),
]


@pytest.mark.parametrize(("function", "slope", "what"), KEEP)
def test_kaiming_keeps_the_mean_square_that_its_mode_says(function, slope, what):
    signal, gradient = journey(function, slope, TAPERED)
    np.testing.assert_allclose({"signal": signal, "gradient": gradient}[what], 1, atol=3 * NOISE)


@pytest.mark.parametrize("function", [init.xavier_uniform, init.xavier_normal])
def test_xavier_keeps_both_where_the_activation_is_linear(function):
    np.testing.assert_allclose(journey(function, 1.0, EVEN), 1, atol=3 * NOISE)


def test_xavier_compromises_where_widths_differ():
    # a layer scales by 2 * in / (in + out) forwards and 2 * out / (in + out) backwards
    signal, gradient = journey(init.xavier_normal, 1.0, [60, 180])
    np.testing.assert_allclose(signal, 1, rtol=1e-12)  # one layer has no other to compare with
    np.testing.assert_allclose(gradient, 2 * 180 / 240, rtol=3 * NOISE)


def test_a_rectifier_halves_it_every_layer_where_nothing_makes_up_for_it():
    signal, gradient = journey(init.xavier_normal, 0.0, EVEN)
    np.testing.assert_allclose([signal, gradient], [0.5**9, 0.5**10], rtol=3 * NOISE)


def test_square_orthogonal_weights_keep_every_length_exactly():
    signal = start = np.random.default_rng(0).standard_normal(64)
    for seed in range(10):
        signal = init.orthogonal((64, 64), rng=seed) @ signal
    np.testing.assert_allclose(np.linalg.norm(signal), np.linalg.norm(start), rtol=1e-13)


# Seeds and dtypes


@every
def test_same_seed_same_bits(name):
    function = init.named(name)
    first, second = function((4, 3), rng=7), function((4, 3), rng=7)
    np.testing.assert_array_equal(first, second)
    if name != "zeros":
        assert (first != function((4, 3), rng=8)).any()


@every
def test_float32_is_float64_rounded(name):
    function = init.named(name)
    weight = function((4, 3), rng=7, dtype=np.float32)
    assert weight.dtype == np.float32
    np.testing.assert_array_equal(weight, function((4, 3), rng=7).astype(np.float32))


def test_a_generator_goes_on_and_a_seed_starts_anew():
    rng = np.random.default_rng(0)
    assert init.generator(rng) is rng
    first, second = init.normal((3,), rng=rng), init.normal((3,), rng=rng)
    np.testing.assert_array_equal(first, init.normal((3,), rng=0))
    assert (first != second).all()


def test_manual_seed_starts_the_shared_generator_anew():
    init.manual_seed(5)
    first, second = nn.MLP([2, 3, 2]), nn.MLP([2, 3, 2])
    init.manual_seed(5)
    again = nn.MLP([2, 3, 2])
    for name, value in again.state_dict().items():
        np.testing.assert_array_equal(value, first.state_dict()[name])
    assert (again.layers[0].weight.data != second.layers[0].weight.data).any()


def test_without_a_seed_every_start_is_another(monkeypatch):
    monkeypatch.setattr(init, "_shared", {})
    first = init.normal((3,))
    monkeypatch.setattr(init, "_shared", {})
    assert (first != init.normal((3,))).all()


# By name, and by activation


@every
def test_named(name):
    assert init.named(name) is getattr(init, name)


def test_a_function_passes_through_named():
    assert init.named(np.ones) is np.ones


MEANT = {
    "relu": init.kaiming_normal,
    "elu": init.kaiming_normal,
    "gelu": init.kaiming_normal,
    "silu": init.kaiming_normal,
    "softplus": init.kaiming_normal,
    "sigmoid": init.xavier_uniform,
    "tanh": init.xavier_uniform,
    "softmax": init.xavier_uniform,
    "log_softmax": init.xavier_uniform,
    "identity": init.xavier_uniform,
}


@pytest.mark.parametrize("name", sorted(set(nn.ACTIVATIONS) - {"leaky_relu"}))
def test_each_activation_has_the_initialisation_meant_for_it(name):
    assert init.meant_for(nn.make_activation(name)) is MEANT[name]


def test_the_leaky_rectifier_brings_its_slope():
    ours = init.meant_for(nn.LeakyReLU(0.5))((3, 2), rng=0)
    np.testing.assert_array_equal(ours, init.kaiming_normal((3, 2), rng=0, negative_slope=0.5))
