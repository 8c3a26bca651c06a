"""Dropout: how much it leaves out, and that it says the same after the same seed."""

import numpy as np
import pytest

import microgd as mg
from microgd import nn

ONES = np.ones((200, 50))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_elements_are_left_out_with_probability_p_and_the_rest_grows(p):
    out = nn.Dropout(p, rng=0)(ONES).numpy()
    assert set(np.unique(out).tolist()) == {0.0, 1 / (1 - p)}
    error = abs((out == 0).mean() - p)
    assert error < 4 * np.sqrt(p * (1 - p) / ONES.size)
    assert len(np.unique(out, axis=0)) > 1  # each element by itself, not whole columns
    assert len(np.unique(out.T, axis=0)) > 1


def test_the_gradient_goes_where_the_signal_went():
    x = mg.tensor(ONES, requires_grad=True)
    out = nn.Dropout(0.3, rng=0)(x)
    out.backward(2 * ONES)
    np.testing.assert_array_equal(x.grad, 2 * out.data)


def test_in_evaluation_and_for_p_0_x_is_handed_on():
    x = mg.tensor(ONES, requires_grad=True)
    assert nn.Dropout(0.5, rng=0).eval()(x) is x
    assert nn.Dropout(0.0, rng=0)(x) is x


def test_p_1_leaves_nothing():
    x = mg.tensor(ONES, requires_grad=True)
    out = nn.Dropout(1, rng=0)(x)
    out.sum().backward()
    assert not out.data.any()
    assert not x.grad.any()


def test_same_seed_same_units_call_by_call():
    one, two, other = nn.Dropout(rng=5), nn.Dropout(rng=5), nn.Dropout(rng=6)
    first, second = one(ONES).numpy(), one(ONES).numpy()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(two(ONES).numpy(), first)
    np.testing.assert_array_equal(two(ONES).numpy(), second)
    assert not np.array_equal(other(ONES).numpy(), first)


def test_without_rng_manual_seed_decides():
    def outputs():
        nn.init.manual_seed(3)
        return [nn.Dropout()(ONES).numpy(), nn.Dropout()(ONES).numpy()]

    first, again = outputs(), outputs()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_what_is_dropped_moves_no_other_random_numbers():
    nn.init.manual_seed(3)
    plain = nn.Linear(3, 2).weight.numpy()
    nn.init.manual_seed(3)
    nn.Dropout()(ONES)
    np.testing.assert_array_equal(nn.Linear(3, 2).weight.data, plain)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_units_are_left_out_in_either_precision(dtype):
    x = mg.tensor(ONES, dtype=dtype, requires_grad=True)
    out = nn.Dropout(0.5, rng=0)(x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == dtype
    np.testing.assert_array_equal(out.data, nn.Dropout(0.5, rng=0)(ONES).data)


def test_whole_numbers_become_real_ones():
    np.testing.assert_array_equal(
        nn.Dropout(0.2, rng=0)(np.ones(20, int)).data, nn.Dropout(0.2, rng=0)(np.ones(20)).data
    )
