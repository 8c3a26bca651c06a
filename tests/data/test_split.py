"""A split loses no row, doubles none, keeps the shares, and is the same for the same seed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.data import digits, line, moons, train_test_split

seeds = st.integers(min_value=0, max_value=2**32)


@given(n=st.integers(2, 200), share=st.floats(0.01, 0.99), seed=seeds)
def test_every_row_is_in_one_part_with_its_own_target(n: int, share: float, seed: int) -> None:
    n_test = min(math.ceil(share * n), n - 1)
    test = share if math.ceil(share * n) < n else n_test
    x = np.arange(2 * n).reshape(n, 2)
    x_train, x_test, y_train, y_test = train_test_split(x, x[:, 0] * 10, test=test, rng=seed)
    assert len(x_test) == len(y_test) == n_test
    assert len(x_train) == len(y_train) == n - n_test
    assert sorted([*x_train[:, 0], *x_test[:, 0]]) == x[:, 0].tolist()
    assert np.array_equal(y_train, x_train[:, 0] * 10)
    assert np.array_equal(y_test, x_test[:, 0] * 10)


@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=6),
    share=st.floats(0.2, 0.8),
    seed=seeds,
)
def test_strata_keep_their_share_to_within_a_row(
    counts: list[int], share: float, seed: int
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    n = len(labels)
    n_test = min(max(math.ceil(share * n), len(counts)), n - len(counts))
    rows = np.arange(n)
    _, rows_test, train, test = train_test_split(rows, labels, test=n_test, rng=seed, stratify=True)
    assert len(test) == n_test
    in_test = np.bincount(test, minlength=len(counts))
    assert (np.abs(in_test - np.array(counts) * n_test / n) < 1).all()
    assert np.array_equal(in_test + np.bincount(train, minlength=len(counts)), counts)
    assert np.array_equal(labels[rows_test], test)


def test_the_row_left_over_goes_to_the_class_that_is_owed_most() -> None:
    # 3 of 12 rows, from classes of 9 and 3: shares of 2.25 and 0.75.
    labels = np.repeat([0, 1], [9, 3])
    test = train_test_split(labels, labels, test=3, stratify=True)[1]
    assert np.bincount(test).tolist() == [2, 1]


def test_the_shares_of_the_digits() -> None:
    train, test = train_test_split(digits(), test=0.2, rng=0, stratify=True)
    whole = np.bincount(digits().y)
    assert (np.abs(np.bincount(test.y) - whole * 360 / 1797) < 1).all()
    assert np.array_equal(np.bincount(train.y) + np.bincount(test.y), whole)
    assert train.classes == test.classes == digits().classes


@pytest.mark.parametrize("stratify", [False, True])
def test_the_seed_decides_and_the_rows_are_mixed(stratify: bool) -> None:
    data = moons(100)
    first, again, other = (
        train_test_split(data, rng=seed, stratify=stratify)[1].x for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    y = np.repeat([0, 1], 50)
    train = train_test_split(y, y, rng=1, stratify=stratify)[0]
    # In order, the first half of a training set would be of one class.
    assert 10 < train[:40].sum() < 30


def test_labels_of_ones_own_stratify_a_regression() -> None:
    x, y = line(100, rng=0)
    side = x[:, 0] > 0
    _, x_test, _, _ = train_test_split(x, y, test=0.5, rng=0, stratify=side)
    assert abs((x_test > 0).sum() - side.sum() / 2) < 1


def test_the_parts_are_copies() -> None:
    x = np.arange(10.0)
    for part in train_test_split(x, x, test=3):
        part[:] = -1
    assert np.array_equal(x, np.arange(10.0))


def test_a_generator_is_drawn_from_once() -> None:
    rng = np.random.default_rng(4)
    first = train_test_split(np.arange(30), np.arange(30), rng=rng)[1]
    second = train_test_split(np.arange(30), np.arange(30), rng=rng)[1]
    assert np.array_equal(first, train_test_split(np.arange(30), np.arange(30), rng=4)[1])
    assert not np.array_equal(first, second)
