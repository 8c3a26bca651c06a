"""The flow past skip connections, through time and through what users write themselves."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd import nn

RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(5, 3)), RNG.integers(0, 2, 5)
SEQUENCE = RNG.normal(size=(5, 4, 3))
norm = np.linalg.norm


def score_gradient(scores):
    chances = np.exp(scores - scores.max(1, keepdims=True))
    return (chances / chances.sum(1, keepdims=True) - np.eye(2)[Y]) / len(Y)


class Block(nn.Module):
    """x + b(tanh(a(x)))"""

    def __init__(self, seed):
        self.a, self.b = nn.Linear(6, 6, rng=seed), nn.Linear(6, 6, rng=seed + 1)

    def forward(self, x):
        return x + self.b(mg.tanh(self.a(x)))


def residual():
    return nn.Sequential(nn.Linear(3, 6, rng=0), Block(2), Block(4), nn.Linear(6, 2, rng=9))


def test_a_residual_block_is_one_row_with_its_skip_and_its_branch():
    model = residual()
    first, one, two, last = (getattr(model, str(i)) for i in range(4))

    def through(block, h):
        inner = np.tanh(h @ block.a.weight.data.T + block.a.bias.data)
        return inner, h + inner @ block.b.weight.data.T + block.b.bias.data

    h0 = X @ first.weight.data.T + first.bias.data
    t1, h1 = through(one, h0)
    t2, h2 = through(two, h1)
    g = score_gradient(h2 @ last.weight.data.T + last.bias.data) @ last.weight.data
    expected = []
    for block, t in ((two, t2), (one, t1)):
        branch = ((g @ block.b.weight.data) * (1 - t * t)) @ block.a.weight.data
        expected.append((norm(g + branch) / norm(g), norm(branch) / norm(g)))
        g = g + branch

    found = mg.explain.flow(model, (X, Y))
    assert [row.module for row in found] == ["0", "1", "2", "3"]
    for row, (gain, branch) in zip((found[2], found[1]), expected, strict=True):
        assert row.gain == pytest.approx(gain, rel=1e-9)
        assert row.skip == pytest.approx(1.0, rel=1e-12)
        assert row.branch == pytest.approx(branch, rel=1e-9)
    assert found[0].skip is None
    assert math.prod(row.gain for row in found) == pytest.approx(found.factor, rel=1e-12)


class AtRoot(nn.Module):
    """The same without a module for the block."""

    def __init__(self):
        self.first, self.f, self.last = (
            nn.Linear(3, 6, rng=0), nn.Linear(6, 6, rng=1), nn.Linear(6, 2, rng=2),
        )  # fmt: skip

    def forward(self, x):
        h = self.first(x)
        return self.last(h + mg.relu(self.f(h)))


def test_a_skip_connection_of_the_model_itself():
    found = mg.explain.flow(AtRoot(), (X, Y))
    assert [row.module for row in found] == ["first", "f..add", "last"]
    assert found[1].skip == pytest.approx(1.0)
    assert math.prod(row.gain for row in found) == pytest.approx(found.factor, rel=1e-12)


class Cell(nn.Module):
    def __init__(self):
        self.ih, self.hh = nn.Linear(3, 7, rng=0), nn.Linear(7, 7, rng=1)

    def forward(self, x, h):
        return mg.tanh(self.ih(x) + self.hh(h))


class Recurrent(nn.Module):
    def __init__(self):
        self.cell, self.out = Cell(), nn.Linear(7, 2, rng=2)

    def states(self, x):
        h, found = np.zeros((len(x), 7)), []
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h)
            found.append(h)
        return found

    def forward(self, x):
        return self.out(self.states(x)[-1])


def test_a_recurrent_network_has_a_row_for_every_time_step():
    model = Recurrent()
    ih, hh, out = model.cell.ih, model.cell.hh, model.out
    states = [np.zeros((5, 7))]
    for t in range(4):
        states.append(
            np.tanh(
                SEQUENCE[:, t] @ ih.weight.data.T + ih.bias.data
                + states[-1] @ hh.weight.data.T + hh.bias.data
            )
        )  # fmt: skip
    g = score_gradient(states[-1] @ out.weight.data.T + out.bias.data) @ out.weight.data
    expected, of_weights = [norm(g)], []
    for t in (3, 2, 1, 0):
        delta = g * (1 - states[t + 1] ** 2)
        parts = [delta.T @ SEQUENCE[:, t], delta.sum(0), delta.T @ states[t], delta.sum(0)]
        of_weights.append(math.hypot(*map(norm, parts)))
        g = delta @ hh.weight.data
        expected.append(norm(g))

    found = mg.explain.flow(model, (SEQUENCE, Y))
    assert [row.module for row in found] == ["cell[0]", "cell[1]", "cell[2]", "cell[3]", "out"]
    for row, at_output, at_input, weights in zip(
        reversed(found[:4]), expected[:4], expected[1:], of_weights, strict=True
    ):
        assert row.at_output == pytest.approx(at_output, rel=1e-9)
        if row.module != "cell[0]":  # its state is a constant: what comes in are the data
            assert row.at_input == pytest.approx(at_input, rel=1e-9)
            assert row.of_weights == pytest.approx(weights, rel=1e-9)
    assert found[0].share == pytest.approx(math.prod(row.gain for row in found[1:]), rel=1e-12)


class Every(Recurrent):
    """All states are read, not the last alone."""

    def forward(self, x):
        return self.out(mg.stack(self.states(x)).mean(axis=0))


def test_time_steps_are_told_apart_where_all_of_them_are_read():
    found = mg.explain.flow(Every(), (SEQUENCE, Y))
    names = [row.module for row in found]
    assert names[:4] == ["cell[0]", "cell[1]", "cell[2]", "cell[3]"]
    assert names[-1] == "out"


class Functional(nn.Module):
    """Weights of its own, and functions."""

    def __init__(self):
        self.w = nn.Parameter(RNG.normal(size=(3, 6)))
        self.v = nn.Parameter(RNG.normal(size=(2, 6)))

    def forward(self, x):
        return mg.tanh(x @ self.w) @ self.v.T


def test_operations_of_the_model_itself_are_rows_where_the_batch_is_given():
    model = Functional()
    found = mg.explain.flow(model, (X, Y))
    assert [row.module for row in found] == ["matmul[0]", "tanh", "matmul[1]"]
    h = np.tanh(X @ model.w.data)
    delta = score_gradient(h @ model.v.data.T)
    assert found[2].at_input == pytest.approx(norm(delta @ model.v.data), rel=1e-9)
    assert found[2].of_weights == pytest.approx(norm(delta.T @ h), rel=1e-9)
    assert [(layer.module, layer.activation) for layer in found.layers] == [
        ("matmul[0]", "tanh"),
        ("matmul[1]", None),
    ]


class Dense(nn.Module):
    """A layer and its activation in one module."""

    def __init__(self, seed):
        self.weight = nn.Parameter(np.random.default_rng(seed).normal(size=(4, 4)))
        self.bias = nn.Parameter(np.zeros(4))

    def forward(self, x):
        return mg.sigmoid(x @ self.weight + self.bias)


def test_an_activation_within_its_dense_layer_is_split_off():
    model = nn.Sequential(nn.Linear(3, 4, rng=0), Dense(0), Dense(1), nn.Linear(4, 2, rng=0))
    found = mg.explain.flow(model, (X, Y))
    assert [row.module for row in found] == ["0", "1", "2", "3"]
    assert [layer.activation for layer in found.layers] == [None, "1", "2", None]
    for layer, row in zip(found.layers, found, strict=True):
        assert layer.gain == pytest.approx(row.gain, rel=1e-12)
        assert layer.weight_part * layer.activation_part == pytest.approx(layer.gain, rel=1e-12)
    assert found.layers[1].activation_part < 0.25 < found.layers[1].weight_part


def test_a_module_that_is_called_twice_has_two_rows():
    layer = nn.Linear(4, 4, rng=0)
    model = nn.Sequential(nn.Linear(3, 4, rng=1), layer, nn.Tanh(), layer, nn.Linear(4, 2, rng=2))
    found = mg.explain.flow(model, (X, Y))
    assert len(found) == 5
    assert math.prod(row.gain for row in found) == pytest.approx(found.factor, rel=1e-12)


def test_a_part_by_itself_and_a_batch_of_whole_numbers():
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh()), nn.Linear(4, 2, rng=1))
    assert [row.module for row in mg.explain.flow(model, (X, Y))] == ["0.0", "0.1", "1"]
    whole = mg.explain.flow(model, (np.ones((5, 3), int), Y))
    assert whole[0].at_input is None


def stacks(depth):
    """Chains of layers of width 6, of skip connections, of chains, of one layer twice."""
    seeds = st.integers(0, 99)
    parts = [
        seeds.map(lambda seed: nn.Linear(6, 6, rng=seed)),
        st.sampled_from([nn.Tanh, nn.Sigmoid, nn.Softplus]).map(lambda make: make()),
        seeds.map(Block),
        seeds.map(Dense6),
        seeds.map(Twice),
    ]
    if depth:
        parts.append(stacks(depth - 1))
    return st.lists(st.one_of(parts), min_size=1, max_size=4).map(lambda p: nn.Sequential(*p))


class Dense6(nn.Module):
    """Everything in one module, without parts."""

    def __init__(self, seed):
        self.weight = nn.Parameter(np.random.default_rng(seed).normal(size=(6, 6)))

    def forward(self, x):
        return x + mg.tanh(x @ self.weight)


class Twice(nn.Module):
    def __init__(self, seed):
        self.inner = nn.Linear(6, 6, rng=seed)

    def forward(self, x):
        return self.inner(mg.tanh(self.inner(x)))


@given(stacks(2))
def test_the_gains_of_any_chain_multiply_to_what_the_data_get(model):
    model = nn.Sequential(nn.Linear(3, 6, rng=0), model, nn.Linear(6, 2, rng=1))
    x = mg.tensor(X, requires_grad=True)
    scores = model(x)
    scores.retain_grad()
    nn.cross_entropy(scores, Y).backward()
    found = mg.explain.flow(model, (X, Y))
    end_to_end = norm(x.grad) / norm(scores.grad)
    assert found.factor == pytest.approx(end_to_end, rel=1e-9)
    assert math.prod(row.gain for row in found) == pytest.approx(end_to_end, rel=1e-9)
