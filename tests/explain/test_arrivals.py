"""How much of the gradient arrives at every layer, against finite differences."""

import numpy as np
import pytest
from differences import central

import microgd as mg
from microgd import nn
from microgd.explain.arrivals import arrivals, mean_factor
from microgd.explain.flow import flow

X = np.random.default_rng(0).normal(size=(3, 4))
Y = np.array([0, 1, 1])


def rest(model, start, h):
    """The loss from the output `h` of module `start` on."""
    for layer in model.layers[start + 1 :]:
        h = layer(h)
    return nn.cross_entropy(h, Y).item()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_norms_are_those_of_finite_differences(activation):
    model = nn.MLP([4, 5, 6, 2], activation, rng=1)
    rows = arrivals(flow(model, nn.cross_entropy(model(X), Y)))
    assert [row.layer for row in rows] == ["layers.0", "layers.2", "layers.4"]
    for row, place in zip(rows, [0, 2, 4], strict=True):
        h = mg.tensor(X)
        for layer in model.layers[: place + 1]:
            h = layer(h)
        by_output = central(lambda a, place=place: rest(model, place, a), h.numpy())
        assert row.at_output == pytest.approx(np.linalg.norm(by_output), rel=1e-6)

        layer = model.layers[place]
        squares = 0.0
        for parameter in (layer.weight, layer.bias):
            before = parameter.numpy()

            def moved(a, parameter=parameter):
                parameter.data = a
                return nn.cross_entropy(model(X), Y).item()

            squares += np.sum(central(moved, before) ** 2)
            parameter.data = before
        assert row.of_weights == pytest.approx(np.sqrt(squares), rel=1e-6)


def test_factors_multiply_to_the_share():
    model = nn.MLP([4, 8, 8, 8, 2], "sigmoid", rng=0)
    rows = arrivals(flow(model, nn.cross_entropy(model(X), Y)))
    for n, row in enumerate(rows):
        assert row.share == pytest.approx(np.prod([r.factor for r in rows[n:-1]]), rel=1e-12)
    assert mean_factor(rows) ** 3 == pytest.approx(rows[0].share)
    assert rows[-1].factor is None


def test_changes_nothing():
    model = nn.MLP([4, 3, 2], rng=0)
    before = model.state_dict()
    flow(model, nn.cross_entropy(model(X), Y))
    assert all(p.grad is None for p in model.parameters())
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_frozen_layer_has_no_gradient_of_weights_rather_than_zero():
    model = nn.MLP([4, 3, 3, 2], rng=0)
    for parameter in (model.layers[2].weight, model.layers[2].bias):
        parameter.requires_grad = False
    rows = arrivals(flow(model, nn.cross_entropy(model(X), Y)))
    assert rows[1].of_weights is None
    assert rows[1].at_output > 0


def test_no_gradient_at_all_has_no_factor():
    model = nn.MLP([4, 3, 2], "relu", rng=0)
    rows = arrivals(flow(model, (model(X) * 0.0).sum()))
    assert [(row.at_output, row.factor, row.share) for row in rows] == [(0.0, None, None)] * 2
    assert mean_factor(rows) is None
