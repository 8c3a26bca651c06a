"""Batches of some of the rows: what `select` narrows an epoch to, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.data import Batches


def batches(n=12, size=5, **options):
    return Batches(np.arange(2.0 * n).reshape(n, 2), np.arange(n), size, **options)


def seen(data):
    return [y.tolist() for _, y in data]


@given(st.data(), st.booleans(), st.sampled_from([None, 1, 3, 100]), st.integers(0, 99))
def test_an_epoch_goes_through_the_selected_rows_once(source, shuffle, size, seed):
    rows = source.draw(st.lists(st.integers(0, 11), min_size=1, unique=True))
    data = batches(12, size, shuffle=shuffle, rng=seed)
    data.select(rows)
    for _ in range(2):
        found = []
        for x, y in data:
            assert np.array_equal(x, data.x[y])
            found += y.tolist()
        assert found == rows if not data.shuffle else sorted(found) == sorted(rows)
    width = size or 12
    assert (len(data), data.selected) == (-(-len(rows) // width), len(rows))
    data.select(None)
    assert sorted(np.concatenate(seen(data))) == list(range(12))


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("stop", [0, 1, 2, 3])
def test_a_selection_resumes_at_every_position(shuffle, stop):
    whole, again = batches(size=3, shuffle=shuffle, rng=1), batches(size=3, shuffle=shuffle, rng=2)
    whole.select([7, 1, 9, 2, 4, 0, 3])
    state, rest = whole.state_dict(), seen(whole) if stop == 0 else []
    if stop:
        for _, y in whole:
            if whole.position == stop:
                state = whole.state_dict()
            elif whole.position > stop:
                rest.append(y.tolist())
    again.load_state_dict(state)
    assert (again.selected, again.position) == (7, stop)
    assert seen(again) == rest
    assert seen(again) == seen(whole), "and so do the epochs that follow"


def test_the_shuffled_epoch_without_a_selection_is_as_it_was():
    expected = np.random.default_rng(3).permutation(12).tolist()
    assert np.concatenate(seen(batches(rng=3))).tolist() == expected


BAD = [
    ([], "shape (0,)"),
    ([[0, 1]], "shape (1, 2)"),
    ([0.5], "dtype float64"),
    ([0, 12], "rows[1] is 12; give whole numbers from 0 to 11"),
    ([3, -1], "rows[1] is -1"),
    ([2, 5, 2], "name a row twice"),
]


@pytest.mark.parametrize(("rows", "said"), BAD)
def test_other_rows_are_refused_and_nothing_changes(rows, said):
    data = batches(rng=0)
    data.select([1, 2])
    with pytest.raises(ValueError) as caught:
        data.select(rows)
    assert said in str(caught.value)
    assert data.selected == 2
    state = {**data.state_dict(), "selected": np.array(rows)}
    if rows:
        with pytest.raises(ValueError, match="selection that does not fit"):
            data.load_state_dict(state)


def test_drop_last_leaves_a_batch():
    data = batches(drop_last=True)
    with pytest.raises(ValueError, match=r"are 4, fewer than the batch size 5.*select more"):
        data.select([0, 1, 2, 3])
    data.select([0, 1, 2, 3, 4, 5])
    assert len(seen(data)) == 1
