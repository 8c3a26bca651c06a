"""The two networks of the tour, against hand-written NumPy."""

import numpy as np
import pytest

from microgd.experiments.vanishing import Vanishing

ACTIVATIONS = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: np.maximum(x, 0)}


def scores(state, activation, x):
    """The forward pass, by hand."""
    weights = [value for name, value in state.items() if name.endswith("weight")]
    biases = [value for name, value in state.items() if name.endswith("bias")]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = ACTIVATIONS[activation](x @ w.T + b)
    return x @ weights[-1].T + biases[-1]


def test_both_start_from_the_same_weights():
    sigmoid, relu = (network.state_dict() for network in Vanishing(5, seed=2).networks.values())
    assert list(sigmoid) == list(relu)
    assert len(sigmoid) == 10
    for name, value in sigmoid.items():
        np.testing.assert_array_equal(value, relu[name])


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
def test_measures_what_numpy_measures(name):
    contest = Vanishing(4, seed=1)
    state = contest.networks[name].state_dict()
    measured = contest.measure(name)
    x, y = contest.train_set
    z = scores(state, name, x)
    shifted = np.exp(z - z.max(axis=1, keepdims=True))
    chances = shifted / shifted.sum(axis=1, keepdims=True)
    assert measured.loss == pytest.approx(-np.log(chances[np.arange(len(y)), y]).mean())
    delta = (chances - np.eye(10)[y]) / len(y)
    assert measured.layers[-1].at_output == pytest.approx(np.linalg.norm(delta))
    x, y = contest.test_set
    assert measured.accuracy == (scores(state, name, x).argmax(axis=1) == y).mean()


def test_training_changes_one_network_and_only_it():
    contest = Vanishing(3, seed=0)
    before = {name: contest.measure(name) for name in contest.networks}
    history = contest.train("relu", epochs=2)
    assert history["epoch"].tolist() == [1, 2]
    assert contest.measure("sigmoid") == before["sigmoid"]
    assert contest.measure("relu").loss < before["relu"].loss


def test_too_shallow():
    with pytest.raises(ValueError, match="depth=1; give at least 2"):
        Vanishing(depth=1)
