"""Layers: PyTorch's outputs and gradients from PyTorch's weights."""

from pathlib import Path

import numpy as np
import pytest

import microgd as mg
from microgd import nn

TORCH = np.load(Path(__file__).parents[1] / "fixtures" / "torch_mlp.npz")
STATE = {key.removeprefix("state:"): TORCH[key] for key in TORCH if key.startswith("state:")}


def test_an_mlp_with_pytorchs_weights_makes_pytorchs_numbers():
    net = nn.MLP([3, 5, 4, 2], activation="tanh", rng=0)
    assert [name for name, _ in net.named_parameters()] == list(STATE)
    net.load_state_dict(STATE)
    x = mg.tensor(TORCH["batch:x"], requires_grad=True)
    out = net(x)
    loss = nn.cross_entropy(out, TORCH["batch:target"])
    loss.backward()
    np.testing.assert_allclose(out.numpy(), TORCH["batch:out"], rtol=1e-13)
    np.testing.assert_allclose(loss.numpy(), TORCH["batch:loss"], rtol=1e-13)
    np.testing.assert_allclose(x.grad, TORCH["batch:grad"], rtol=1e-12, atol=1e-16)
    for name, parameter in net.named_parameters():
        expected = TORCH[f"gradient:{name}"]
        np.testing.assert_allclose(parameter.grad, expected, rtol=1e-12, atol=1e-16)


def test_float32_stays_float32():
    net = nn.MLP([3, 5, 4, 2], activation="tanh", rng=0, dtype=np.float32)
    net.load_state_dict(STATE)
    out = net(TORCH["batch:x"].astype(np.float32))
    nn.cross_entropy(out, TORCH["batch:target"]).backward()
    assert out.dtype == np.float32
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float32)}
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(out.numpy(), TORCH["batch:out"], rtol=1e-5, atol=1e-6)


# Linear


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3), (0, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_takes_any_axes_before_the_last(shape, bias):
    layer = nn.Linear(3, 2, bias=bias, rng=0)
    x = np.random.default_rng(1).normal(size=shape)
    expected = x @ layer.weight.numpy().T
    if bias:
        expected += layer.bias.numpy()
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-14, atol=1e-15)


def test_linear_starts_as_in_pytorch():
    layer = nn.Linear(400, 100, rng=0)
    for start in (layer.weight.data, layer.bias.data):
        assert 0.9 / 20 < np.abs(start).max() <= 1 / 20
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    assert layer.weight.shape == (100, 400)


def test_linear_with_an_initialisation_starts_its_bias_at_zero():
    layer = nn.Linear(4, 3, init="orthogonal", rng=0)
    np.testing.assert_allclose(layer.weight.data @ layer.weight.data.T, np.eye(3), atol=1e-14)
    assert not layer.bias.data.any()


def test_an_initialisation_may_be_a_function():
    layer = nn.Linear(4, 3, init=lambda shape, rng: np.full(shape, 0.5), rng=0)
    assert (layer.weight.data == 0.5).all()


# Sequential and MLP


def test_sequential_runs_in_order_and_has_pytorchs_names():
    first, last = nn.Linear(2, 3, rng=0), nn.Linear(3, 1, rng=1)
    net = nn.Sequential(first, nn.Tanh(), last)
    x = np.ones((4, 2))
    np.testing.assert_array_equal(net(x).numpy(), last(mg.tanh(first(x))).numpy())
    assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_the_parts_of_a_sequential_are_found_by_place():
    parts = [nn.Linear(2, 3, rng=0), nn.ReLU(), nn.Linear(3, 1, rng=1)]
    model = nn.Sequential(*parts)
    assert len(model) == 3
    assert list(model) == parts
    assert model[0] is parts[0]
    assert model[-1] is model[np.int64(2)] is parts[2]


def test_sequential_of_nothing_changes_nothing():
    x = mg.tensor([1.0])
    assert nn.Sequential()(x) is x


def test_sequential_may_pass_one_module_twice():
    twice = nn.Linear(2, 2, rng=0)
    net = nn.Sequential(twice, twice)
    x = np.ones((1, 2))
    np.testing.assert_array_equal(net(x).numpy(), twice(twice(x)).numpy())
    assert len(net.parameters()) == 2


def kinds(net):
    return [type(layer) for layer in net.layers]


def test_an_mlp_has_an_activation_between_layers_and_none_after_the_last():
    net = nn.MLP([2, 3, 4, 1], activation=nn.ELU, rng=0)
    assert kinds(net) == [nn.Linear, nn.ELU, nn.Linear, nn.ELU, nn.Linear]
    assert [d.weight.shape for d in net.layers[::2]] == [(3, 2), (4, 3), (1, 4)]


def test_an_mlp_of_two_sizes_is_one_layer():
    assert kinds(nn.MLP([2, 1], rng=0)) == [nn.Linear]


def test_an_mlp_starts_as_meant_for_its_activation():
    shapes = [(300, 200), (300, 300), (10, 300)]
    rng = np.random.default_rng(0)
    expected = [nn.init.kaiming_normal(s, rng=rng, negative_slope=0.5) for s in shapes]
    net = nn.MLP([200, 300, 300, 10], activation=nn.LeakyReLU(0.5), rng=0)
    for layer, weight in zip(net.layers[::2], expected, strict=True):
        np.testing.assert_array_equal(layer.weight.data, weight)
        assert not layer.bias.data.any()
    assert net.layers[1] is not net.layers[3]


def test_the_init_that_is_given_wins():
    net = nn.MLP([4, 4, 4], activation="relu", init="orthogonal", rng=0)
    for layer in net.layers[::2]:
        np.testing.assert_allclose(layer.weight.data @ layer.weight.data.T, np.eye(4), atol=1e-14)


@pytest.mark.parametrize("sizes", [(2, 3, 1), np.array([2, 3, 1])])
def test_sizes_may_be_any_sequence(sizes):
    assert nn.MLP(sizes, rng=0).sizes == (2, 3, 1)


def test_same_seed_same_network_in_either_precision():
    one, two = nn.MLP([3, 4, 2], rng=5), nn.MLP([3, 4, 2], rng=5, dtype=np.float32)
    for name, value in two.state_dict().items():
        np.testing.assert_array_equal(value, one.state_dict()[name].astype(np.float32))
    again = nn.MLP([3, 4, 2], rng=5).state_dict()
    for name, value in one.state_dict().items():
        np.testing.assert_array_equal(value, again[name])
