"""Embedding: the rows of a table, and the gradients of rows that are used again."""

import numpy as np
import pytest

import microgd as mg
from microgd import nn


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_rows_are_found_and_gradients_added_by_whole_numbers_of_any_size(dtype):
    words, rng = nn.Embedding(100, 50, rng=0), np.random.default_rng(1)
    x, g = rng.integers(0, 100, (8, 30)), rng.normal(size=(8, 30, 50))
    one_hot = (x[..., None] == np.arange(100)).astype(float)
    out = words(x.astype(dtype))
    out.backward(g)
    np.testing.assert_allclose(out.data, one_hot @ words.weight.data, rtol=1e-14)
    expected = np.einsum("ijk,ijd->kd", one_hot, g)
    np.testing.assert_allclose(words.weight.grad, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("x", [[2, 0, 2], [[1, 1], [0, 2]], mg.tensor([0, 1])])
@pytest.mark.parametrize("padding_idx", [None, 1])
def test_first_and_second_derivatives(x, padding_idx):
    words = nn.Embedding(3, 2, padding_idx, rng=0)

    def f(weight):
        words.weight = weight
        return words(x)

    if padding_idx is None:
        assert mg.gradcheck(f, np.random.default_rng(0).normal(size=(3, 2)))
    else:  # its own gradient is held back, so finite differences would find another
        squares = mg.grad(lambda w: (mg.grad(lambda w: (f(w) ** 3).sum())(w)).sum())
        weight = np.random.default_rng(0).normal(size=(3, 2))
        counts = np.bincount(np.ravel(mg.tensor(x).data), minlength=3)[:, None]
        expected = counts * 6 * weight * (np.arange(3) != padding_idx)[:, None]
        np.testing.assert_allclose(squares(weight).data, expected, rtol=1e-13)


def test_the_padding_row_starts_at_0_and_stays():
    words = nn.Embedding(4, 3, padding_idx=-2, rng=0)
    assert words.padding_idx == 2
    assert not words.weight.data[2].any()
    optimizer = mg.optim.Adam(words.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (words([2, 1, 2]) ** 2).sum().backward()
        optimizer.step()
    assert not words.weight.data[2].any()
    assert words.weight.data[1].any()


def test_rows_start_standard_normal_or_as_asked():
    start = nn.Embedding(200, 100, rng=0).weight.data
    assert abs(start.mean()) < 4 / np.sqrt(start.size)
    assert abs(start.var() - 1) < 4 * np.sqrt(2 / start.size)
    assert not nn.Embedding(5, 2, init="zeros").weight.data.any()
    again = nn.Embedding(200, 100, rng=0, dtype=np.float32)
    np.testing.assert_array_equal(again.weight.data, start.astype(np.float32))
