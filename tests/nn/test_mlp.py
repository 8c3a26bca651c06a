"""MLP: plain as ever, and with normalisation, dropout and residuals."""

import itertools

import numpy as np
import pytest

import microgd as mg
from microgd import nn

X = np.random.default_rng(0).normal(size=(6, 3))
OPTIONS = [
    {"norm": norm, "dropout": dropout, "residual": residual}
    for norm, dropout, residual in itertools.product(
        [None, "batch", "layer"], [0.0, 0.3], [False, True]
    )
]
every_option = pytest.mark.parametrize("options", OPTIONS, ids=str)


def kinds(parts):
    return [type(part) for part in parts]


def test_without_options_nothing_is_added():
    net = nn.MLP([3, 4, 4, 2], norm=None, dropout=0.0, residual=False, rng=0)
    assert kinds(net.layers) == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    names = [f"layers.{i}.{name}" for i in (0, 2, 4) for name in ("weight", "bias")]
    assert list(net.state_dict()) == names


def test_a_hidden_layer_is_dense_norm_activation_dropout():
    net = nn.MLP([3, 5, 4, 2], activation="tanh", norm="layer", dropout=0.2, rng=0)
    hidden = [nn.Linear, nn.LayerNorm, nn.Tanh, nn.Dropout]
    assert kinds(net.layers) == [*hidden, *hidden, nn.Linear]
    assert [net.layers[i].normalized_shape for i in (1, 5)] == [(5,), (4,)]
    assert [net.layers[i].p for i in (3, 7)] == [0.2, 0.2]
    assert kinds(nn.MLP([3, 2], norm="layer", dropout=0.2, rng=0).layers) == [nn.Linear]


def test_before_a_batch_norm_a_bias_would_have_no_effect_and_there_is_none():
    net = nn.MLP([3, 5, 2], norm="batch", rng=0)
    assert kinds(net.layers) == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    assert net.layers[0].bias is None
    assert net.layers[-1].bias is not None


def test_a_residual_is_a_hidden_layer_that_keeps_its_size():
    net = nn.MLP([4, 4, 5, 5, 4, 4], norm="batch", dropout=0.1, residual=True, rng=0)
    layer = [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Dropout]
    assert kinds(net.layers) == [nn.Residual, *layer, nn.Residual, *layer, nn.Linear]
    assert kinds(net.layers[0].module) == layer
    assert "layers.0.module.0.weight" in net.state_dict()


@every_option
def test_weights_start_the_same_whatever_the_options(options):
    def weights(net):
        return [p.data for name, p in net.named_parameters() if p.ndim == 2]

    plain, other = nn.MLP([3, 5, 5, 2], rng=7), nn.MLP([3, 5, 5, 2], rng=7, **options)
    for one, two in zip(weights(plain), weights(other), strict=True):
        np.testing.assert_array_equal(one, two)


@every_option
def test_the_same_seed_gives_the_same_network_and_the_same_run(options):
    def run(seed):
        net = nn.MLP([3, 5, 5, 2], rng=seed, **options)
        found = [net(X).numpy() for _ in range(3)]
        return [*found, *net.state_dict().values()]

    for one, two in zip(run(3), run(3), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(run(3)[0], run(4)[0])


@every_option
def test_float32_stays_float32(options):
    net = nn.MLP([3, 5, 5, 2], rng=0, dtype=np.float32, **options)
    out = net(X.astype(np.float32))
    nn.cross_entropy(out, [0, 1] * 3).backward()
    assert out.dtype == np.float32
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype(np.float32)}
    real = [value for name, value in net.state_dict().items() if "num_batches" not in name]
    assert {value.dtype for value in real} == {np.dtype(np.float32)}


@every_option
def test_in_evaluation_the_gradients_are_those_of_finite_differences(options):
    net = nn.MLP([3, 4, 4, 2], activation="tanh", rng=0, **options)
    net(X)
    assert mg.gradcheck(net.eval(), X[:2])


def test_every_dropout_leaves_out_units_of_its_own():
    net = nn.MLP([3, 50, 50, 2], dropout=0.5, rng=0)
    first, second = (part for part in net.layers if isinstance(part, nn.Dropout))
    ones = np.ones((10, 50))
    assert not np.array_equal(first(ones).data, second(ones).data)
