"""Batches: every epoch is a permutation, and a resumed run is the uninterrupted one to the bit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.data import Batches, batches, moons

Pairs = list[tuple[np.ndarray, np.ndarray]]
sizes = st.one_of(st.none(), st.integers(1, 12))
seeds = st.integers(min_value=0, max_value=2**32)
GENERATORS = [
    np.random.PCG64,
    np.random.PCG64DXSM,
    np.random.MT19937,
    np.random.Philox,
    np.random.SFC64,
]


def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that say which they are, in two dtypes."""
    return np.arange(3.0 * n).reshape(n, 3).astype(np.float32), np.arange(n)


def same(left: Pairs, right: Pairs) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, c) and np.array_equal(b, d)
        for (a, b), (c, d) in zip(left, right, strict=True)
    )


@given(n=st.integers(1, 40), size=sizes, shuffle=st.booleans(), seed=seeds)
def test_every_epoch_is_a_permutation(n: int, size: int | None, shuffle: bool, seed: int) -> None:
    x, y = rows(n)
    data = Batches(x, y, size, shuffle=shuffle, rng=seed)
    for epoch in range(3):
        assert data.epoch == epoch
        seen = list(data)
        assert len(seen) == len(data)
        assert all(len(yb) == (size or n) for _, yb in seen[:-1])
        order = np.concatenate([yb for _, yb in seen])
        assert np.array_equal(np.sort(order), y)
        assert shuffle or np.array_equal(order, y)
        assert all(np.array_equal(xb, x[yb]) for xb, yb in seen)
        assert all(xb.dtype == np.float32 and yb.dtype == y.dtype for xb, yb in seen)


@given(n=st.integers(1, 40), size=st.integers(1, 40), seed=seeds)
def test_drop_last_gives_whole_batches_only(n: int, size: int, seed: int) -> None:
    size = min(size, n)
    data = Batches(*rows(n), size, rng=seed, drop_last=True)
    seen = [yb for _, yb in data]
    assert [len(yb) for yb in seen] == [size] * (n // size)
    assert len(data) == n // size
    assert len(np.unique(np.concatenate(seen))) == n // size * size


@given(n=st.integers(1, 40), size=sizes, seed=seeds)
def test_the_same_seed_gives_the_same_batches(n: int, size: int | None, seed: int) -> None:
    one, two = (Batches(*rows(n), size, rng=rng) for rng in (seed, np.random.default_rng(seed)))
    for _ in range(3):
        assert same(list(one), list(two))


def test_epochs_and_seeds_differ() -> None:
    data = Batches(*rows(50), 50, rng=0)
    orders = [next(iter(data))[1].tolist() for _ in range(5)]
    orders.append(next(iter(Batches(*rows(50), 50, rng=1)))[1].tolist())
    assert len({tuple(order) for order in orders}) == 6


@given(
    n=st.integers(1, 24),
    size=sizes,
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=seeds,
)
def test_resumed_at_every_position_equals_uninterrupted(
    n: int, size: int | None, shuffle: bool, drop_last: bool, seed: int
) -> None:
    drop_last = drop_last and (size or 1) <= n

    def fresh(rng: int) -> Batches:
        return Batches(*rows(n), size, shuffle=shuffle, rng=rng, drop_last=drop_last)

    whole_run = fresh(seed)
    epochs: list[Pairs] = []
    states: list[tuple[int, int, dict[str, Any]]] = [(0, 0, whole_run.state_dict())]
    for epoch in range(3):
        epochs.append([])
        for batch in whole_run:
            epochs[-1].append(batch)
            states.append((epoch, whole_run.position, whole_run.state_dict()))
        states.append((epoch + 1, 0, whole_run.state_dict()))
    epochs.append(list(whole_run))
    for epoch, position, state in states:
        resumed = fresh(seed + 1)
        resumed.load_state_dict(state)
        assert (resumed.epoch, resumed.position) == (epoch, position)
        assert same(list(resumed), epochs[epoch][position:])
        for later in epochs[epoch + 1 :]:
            assert same(list(resumed), later)
        assert resumed.epoch == 4


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_state_goes_through_npz_without_pickle(
    kind: Callable[[int], np.random.BitGenerator], tmp_path: Path
) -> None:
    def fresh(seed: int) -> Batches:
        return Batches(*rows(20), 3, rng=np.random.Generator(kind(seed)))

    whole_run = fresh(1)
    # A half-used 64-bit draw is part of a generator's state as well.
    whole_run.rng.integers(0, 9, dtype=np.uint32)
    running = iter(whole_run)
    next(running)
    np.savez(tmp_path / "state.npz", allow_pickle=False, **whole_run.state_dict())
    rest = [*running, *whole_run]
    resumed = fresh(2)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as saved:
        resumed.load_state_dict(dict(saved))
    assert same([*resumed, *resumed], rest)


def test_a_state_loaded_is_the_state_saved() -> None:
    data, other = (Batches(*rows(10), 3, rng=seed) for seed in (1, 2))
    next(iter(data))
    state = data.state_dict()
    other.load_state_dict(state)
    for name, value in other.state_dict().items():
        assert np.array_equal(value, state[name])


def test_a_state_is_a_copy() -> None:
    data = Batches(*rows(10), 3, rng=1)
    expected = list(Batches(*rows(10), 3, rng=1))[1:]
    running = iter(data)
    next(running)
    state, spare = data.state_dict(), data.state_dict()
    state["order"][:] = 0
    assert same(list(running), expected)
    data.load_state_dict(spare)
    spare["order"][:] = 0
    assert same(list(data), expected)


def test_a_loop_left_early_is_given_up() -> None:
    data = Batches(*rows(10), 2, rng=1)
    for _ in data:
        break
    assert data.position == 1
    assert sorted(np.concatenate([yb for _, yb in data])) == list(range(10))
    assert (data.epoch, data.position) == (1, 0)


def test_loops_within_loops_are_each_whole() -> None:
    data = Batches(*rows(6), 2, rng=1)
    outer = []
    for _, yb in data:
        outer.extend(yb)
        assert sorted(np.concatenate([inner for _, inner in data])) == list(range(6))
    assert sorted(outer) == list(range(6))


def test_the_data_cannot_be_changed_through_a_batch() -> None:
    x, y = rows(8)
    for shuffle in (True, False):
        for xb, _ in Batches(x, y, 4, shuffle=shuffle):
            if shuffle:
                xb[:] = -1
            else:
                with pytest.raises(ValueError, match="read-only"):
                    xb[:] = -1
    assert np.array_equal(x, rows(8)[0])
    assert x.flags.writeable


def test_all_rows_at_once_are_the_data_in_order() -> None:
    x, y = rows(8)
    data = Batches(x, y, rng=1)
    before = data.rng.bit_generator.state
    ((xb, yb),) = data
    assert np.shares_memory(xb, x)
    assert np.array_equal(yb, y)
    assert data.rng.bit_generator.state == before


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[::-1], lambda a: a[:, ::2]])
def test_any_memory_layout_gives_the_same_rows(layout: Callable[..., np.ndarray]) -> None:
    x = layout(rows(9)[0])
    for shuffle in (True, False):
        for xb, yb in Batches(x, np.arange(9), 2, shuffle=shuffle, rng=3):
            assert np.array_equal(xb, x[yb])
            assert xb.flags.c_contiguous


@pytest.mark.parametrize(
    ("size", "drop_last", "length"),
    [(None, False, 1), (1, False, 10), (3, False, 4), (3, True, 3), (10, True, 1), (99, False, 1)],
)
def test_length(size: int | None, drop_last: bool, length: int) -> None:
    data = Batches(*rows(10), size, drop_last=drop_last)
    assert len(data) == length
    assert len(list(data)) == length


def test_the_function_takes_a_data_set_or_two_arrays() -> None:
    data = moons(30)
    x, y = data
    one, two, three = batches(data, size=7, rng=1), batches(x, y, 7, rng=1), Batches(x, y, 7, rng=1)
    assert same(list(one), list(two))
    assert same(list(one), [*two])
    assert same(list(three), list(batches(data, size=np.int64(7), rng=1)))


def test_images_and_lists_are_batched_by_row() -> None:
    images = np.arange(5 * 4).reshape(5, 2, 2)
    for xb, yb in Batches(images, [0, 1, 2, 3, 4], 2, rng=0):
        assert np.array_equal(xb, images[yb])
