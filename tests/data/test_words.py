"""Words, vocabulary and pairs, against what a reader would write down by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.data import encode, skip_grams, vocabulary, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Rays, the RAYS!", ["the", "rays", "the", "rays"]),
        ("quick-silver reflex'd", ["quick-silver", "reflex'd"]),
        ("'tis -- the Sun's", ["tis", "the", "sun's"]),
        ("A line AB from B, I say", ["a", "line", "ab", "from", "i", "say"]),
        ("in 1704, at 30 d. x2", ["in", "at"]),
        ("Phænomena; snake_case", ["phænomena", "snake", "case"]),
        ("", []),
    ],
)
def test_words_of_a_text(text, expected):
    assert words(text) == expected


def test_the_vocabulary_goes_from_frequent_to_rare_and_ties_as_they_come():
    tokens = "d c c b b a a a".split()
    assert vocabulary(tokens) == ("a", "c", "b", "d")
    assert vocabulary(tokens, least=2) == ("a", "c", "b")


def test_a_vocabulary_of_none_says_how_often_words_come():
    with pytest.raises(ValueError, match="vocabulary: none of 2 words comes 3 times") as error:
        vocabulary(["a", "b", "a"], least=3)
    assert "the most frequent 2 times" in str(error.value)
    with pytest.raises(ValueError, match="none of 0 words comes 1 times"):
        vocabulary([])
    with pytest.raises(ValueError, match="vocabulary: least is 0; give 1 or more"):
        vocabulary(["a"], least=0)


def test_unknown_words_are_left_out():
    ids = encode(["red", "ray", "blue"], ("blue", "red"))
    assert ids.tolist() == [1, 0]
    assert ids.dtype == np.int64
    assert encode([], ("red",)).shape == (0,)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=20), st.integers(1, 5))
def test_pairs_are_all_those_within_the_window(ids, window):
    centres, contexts = skip_grams(ids, window)
    by_hand = [
        (ids[i], ids[j])
        for i in range(len(ids))
        for j in range(max(0, i - window), min(len(ids), i + window + 1))
        if j != i
    ]
    found = zip(centres.tolist(), contexts.tolist(), strict=True)
    assert sorted(found) == sorted(by_hand)


@pytest.mark.parametrize(
    ("ids", "window", "error", "message"),
    [
        ([1, 2, 3], 0, ValueError, "skip_grams: window is 0; give 1 or more"),
        ([1, 2, 3], 1.5, TypeError, "skip_grams: window is 1.5, a float, not a whole number"),
        ([1, 2, 3], 3, ValueError, "skip_grams: 3 words and a window of 3; give more words"),
    ],
)
def test_bad_windows_are_refused(ids, window, error, message):
    with pytest.raises(error, match=message):
        skip_grams(ids, window)
