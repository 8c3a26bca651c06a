"""Networks side by side learn as each would alone."""

import numpy as np
import pytest

from microgd import nn, optim
from microgd.experiments.crowd import Crowd, learn, learned_by

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGET = np.array([[0.0], [1.0], [1.0], [0.0]])


def crowd(runs, sizes=(2, 3, 1), seed=0):
    rng = np.random.default_rng(seed)
    return Crowd(runs, sizes, nn.Sigmoid(), nn.Sigmoid(), draw=rng.standard_normal)


def test_each_learns_as_an_mlp_of_its_own():
    many = crowd(3)
    alone = []
    for run in range(3):
        net = nn.Sequential(nn.MLP([2, 3, 1], "sigmoid"), nn.Sigmoid())
        for layer, w, b in zip(net[0].layers[::2], many.weights, many.biases, strict=True):
            layer.weight.data, layer.bias.data = w.numpy()[run].T, b.numpy()[run, 0]
        rule = optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
        for _ in range(30):
            rule.zero_grad()
            (0.5 * nn.mse_loss(net(X), TARGET, "sum")).backward()
            rule.step()
        alone.append(net(X).numpy())
    learn(many, X, TARGET, optim.SGD(many.parameters(), lr=0.5, momentum=0.9), sweeps=30)
    np.testing.assert_allclose(many(X).numpy(), alone, rtol=1e-10)


def test_hidden_ends_with_the_outputs():
    net = crowd(2, (2, 3, 4, 1))
    layers = net.hidden(X)
    assert [layer.shape for layer in layers] == [(2, 4, 3), (2, 4, 4), (2, 4, 1)]
    np.testing.assert_array_equal(layers[-1].numpy(), net(X).numpy())


def test_data_may_differ_from_run_to_run():
    net = crowd(2)
    own = np.stack([X, X[::-1]])
    np.testing.assert_allclose(net(own).numpy()[1], net(X).numpy()[1, ::-1])


def test_without_a_last_function_the_scores_come_out():
    net = Crowd(2, [2, 1], np.tanh, draw=np.ones)
    assert net(X).numpy()[0, :, 0].tolist() == [1.0, 2.0, 2.0, 3.0]


def test_learned_is_the_number_of_sweeps_before():
    net = Crowd(2, [1, 1], np.tanh, draw=np.zeros)
    net.weights[0].data = np.array([[[1.0]], [[0.0]]])
    rule = optim.SGD(net.parameters(), lr=0.5)
    # The first knows it from the start; the error of the second is 1, 0, ...
    sweeps = learn(net, np.array([[1.0]]), np.array([[1.0]]), rule, sweeps=3)
    assert sweeps.tolist() == [0.0, 1.0]
    assert np.isinf(learn(net, np.array([[1.0]]), np.array([[9.0]]), rule, sweeps=1)).all()


def test_the_curve_of_what_is_learned_leaves_out_what_is_not():
    sweeps, share = learned_by(np.array([30.0, np.inf, 10.0, 20.0]))
    assert sweeps.tolist() == [10.0, 20.0, 30.0]
    assert share.tolist() == pytest.approx([0.25, 0.5, 0.75])
