"""Every misuse says which function, what it got, and the way out; and changes nothing."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from microgd.data import (
    Batches,
    Dataset,
    batches,
    circles,
    digits,
    line,
    load,
    moons,
    spirals,
    train_test_split,
    xor,
)

X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 2, 0, 1, 2])
HOLED = X.copy()
HOLED[3, 1] = np.nan
HOLED[4, 0] = np.inf

MISUSES: list[tuple[Callable[[], Any], type[Exception], list[str]]] = [
    # Batches
    (lambda: batches(X, Y, 0), ValueError, ["batches: size is 0", "1 or more", "None for all"]),
    (lambda: batches(X, Y, -4), ValueError, ["batches: size is -4", "1 or more"]),
    (lambda: batches(X, Y, True), TypeError, ["batches: size is True, a bool", "1 or more"]),
    (lambda: batches(X, Y, 2.0), TypeError, ["batches: size is 2.0, a float", "1 or more"]),
    (lambda: batches(X, Y, "8"), TypeError, ["batches: size is '8', a str", "1 or more"]),
    (
        lambda: batches(X, Y, 7, drop_last=True),
        ValueError,
        ["batches: size 7", "6 rows", "drop_last=False"],
    ),
    (
        lambda: batches(X, Y[:5], 2),
        ValueError,
        ["batches: x has 6 rows", "(6, 2)", "y has 5", "(5,)", "one target for each row"],
    ),
    (lambda: batches(X), TypeError, ["batches: y is missing", "Dataset"]),
    (lambda: batches(X, 3), ValueError, ["batches: y is the single number 3", "one row per"]),
    (
        lambda: batches(moons(9), 3),
        TypeError,
        ["batches: x is a Dataset", "leave y out", "name what follows"],
    ),
    (
        lambda: batches(HOLED, Y, 2),
        ValueError,
        ["batches: x[3, 1] is nan", "first of 2 values", "drop those rows"],
    ),
    (
        lambda: batches(X, [0, 1, 2, -np.inf, 1, 2], 2),
        ValueError,
        ["batches: y[3] is -inf", "first of 1 values", "fill"],
    ),
    (lambda: batches([], []), ValueError, ["batches: x is empty, shape (0,)", "at least one"]),
    (
        lambda: batches(np.empty((3, 0)), [1, 2, 3]),
        ValueError,
        ["batches: x is empty, shape (3, 0)", "at least one"],
    ),
    (
        lambda: batches(["a", "b"], [0, 1]),
        TypeError,
        ["batches: x has dtype <U1", "array of real numbers"],
    ),
    (
        lambda: batches([[1, 2], [3]], [0, 1]),
        ValueError,
        ["batches: x is no array", "differ in length", "the same"],
    ),
    (lambda: batches(X, Y, rng=-1), ValueError, ["batches: rng is -1", "np.random.default_rng(0)"]),
    (lambda: batches(X, Y, rng=None), TypeError, ["batches: rng is None", "default_rng(0)"]),
    (
        lambda: batches(X, Y, rng=np.random.RandomState(0)),
        TypeError,
        ["batches: rng is RandomState", "default_rng(0)"],
    ),
    # train_test_split
    (
        lambda: train_test_split(X, Y, test=0.0),
        ValueError,
        ["train_test_split: test is 0.0", "between 0 and 1", "1 to 5"],
    ),
    (lambda: train_test_split(X, Y, test=1.0), ValueError, ["test is 1.0", "between 0 and 1"]),
    (lambda: train_test_split(X, Y, test=-0.2), ValueError, ["test is -0.2", "between 0 and 1"]),
    (lambda: train_test_split(X, Y, test=np.nan), ValueError, ["test is nan", "between 0 and 1"]),
    (lambda: train_test_split(X, Y, test=0), ValueError, ["test is 0", "from 1 to 5"]),
    (lambda: train_test_split(X, Y, test=6), ValueError, ["test is 6", "none of 6 rows", "1 to 5"]),
    (lambda: train_test_split(X, Y, test=0.9), ValueError, ["test is 0.9", "none of 6 rows"]),
    (lambda: train_test_split(X, Y, test=True), TypeError, ["test is True, a bool", "between 0"]),
    (lambda: train_test_split(X, Y, test="0.2"), TypeError, ["test is '0.2', a str", "between 0"]),
    (lambda: train_test_split(X[:1], Y[:1]), ValueError, ["there is 1 row", "at least 2 rows"]),
    (lambda: train_test_split(X), TypeError, ["train_test_split: y is missing", "one Dataset"]),
    (lambda: train_test_split(moons(9), Y), TypeError, ["x is a Dataset", "leave y out"]),
    (lambda: train_test_split(X, Y[:2]), ValueError, ["x has 6 rows", "y has 2", "each row of x"]),
    (lambda: train_test_split(HOLED, Y), ValueError, ["train_test_split: x[3, 1] is nan", "drop"]),
    (
        lambda: train_test_split(X, [0, 0, 0, 1, 1, 5], test=3, stratify=True),
        ValueError,
        ["train_test_split: label 5 occurs once", "stratify=False"],
    ),
    (
        lambda: train_test_split(X, Y, test=2, stratify=True),
        ValueError,
        ["4 training and 2 test rows", "3 classes", "stratify=False"],
    ),
    (
        lambda: train_test_split(X, X, stratify=True),
        ValueError,
        ["labels to stratify by have shape (6, 2)", "(6,)", "stratify=False"],
    ),
    (
        lambda: train_test_split(X, Y, stratify=Y[:4]),
        ValueError,
        ["labels to stratify by have shape (4,)", "(6,)"],
    ),
    # The made data
    (lambda: moons(1), ValueError, ["moons: n is 1", "at least 2", "each moon"]),
    (lambda: moons(9.5), TypeError, ["moons: n is 9.5, a float", "at least 2"]),
    (lambda: moons(noise=-0.1), ValueError, ["moons: noise is -0.1", "0 or more"]),
    (lambda: moons(noise=np.inf), ValueError, ["moons: noise is inf", "0 or more"]),
    (lambda: moons(noise="big"), TypeError, ["moons: noise is 'big', a str", "0 or more"]),
    (lambda: moons(rng="lucky"), TypeError, ["moons: rng is 'lucky', a str", "default_rng"]),
    (lambda: moons(dtype=int), TypeError, ["moons: dtype is int64", "np.float32 or np.float64"]),
    (lambda: circles(1), ValueError, ["circles: n is 1", "each circle"]),
    (lambda: circles(factor=0), ValueError, ["circles: factor is 0.0", "above 0 and below 1"]),
    (lambda: circles(factor=1.0), ValueError, ["circles: factor is 1.0", "above 0 and below 1"]),
    (lambda: circles(factor=True), TypeError, ["circles: factor is True", "inner radius"]),
    (lambda: circles(noise=-1), ValueError, ["circles: noise is -1.0", "0 or more"]),
    (lambda: spirals(2, arms=3), ValueError, ["spirals: n is 2", "at least 3", "each arm"]),
    (lambda: spirals(arms=1), ValueError, ["spirals: arms is 1", "at least 2 arms"]),
    (lambda: spirals(turns=np.nan), ValueError, ["spirals: turns is nan", "finite"]),
    (lambda: spirals(noise=-1), ValueError, ["spirals: noise is -1.0", "0 or more"]),
    (lambda: xor(3), ValueError, ["xor: n is 3", "at least 4", "truth table"]),
    (lambda: xor(noise=-1), ValueError, ["xor: noise is -1.0", "0 or more"]),
    (lambda: line(1), ValueError, ["line: n is 1", "at least 2"]),
    (lambda: line(slope=np.inf), ValueError, ["line: slope is inf", "finite slope"]),
    (lambda: line(intercept=np.nan), ValueError, ["line: intercept is nan", "finite intercept"]),
    (lambda: line(noise=-1), ValueError, ["line: noise is -1.0", "0 or more"]),
    (lambda: digits(dtype=np.uint8), TypeError, ["digits: dtype is uint8", "np.float32"]),
    (lambda: digits(dtype="flaot"), TypeError, ["digits: dtype is 'flaot'", "np.float32"]),
    # By name
    (
        lambda: load("mons"),
        ValueError,
        ["load: no data set 'mons'", "did you mean 'moons'?", "digits, moons, circles, spirals"],
    ),
    (lambda: load("MNIST-1D"), ValueError, ["load: no data set 'MNIST-1D'; there are digits"]),
    (lambda: load("Digits"), ValueError, ["no data set 'Digits'", "did you mean 'digits'?"]),
    (lambda: load("moons", n=0), ValueError, ["moons: n is 0", "at least 2"]),
    # Data of one's own
    (lambda: Dataset(X, Y[:2]), ValueError, ["Dataset: x has 6 rows", "y has 2"]),
    (lambda: Dataset(HOLED, Y), ValueError, ["Dataset: x[3, 1] is nan", "drop those rows"]),
    (
        lambda: Dataset(X, Y, classes=("a", "b")),
        ValueError,
        ["Dataset: y[2] is 2", "2 classes", "labels below 2"],
    ),
    (
        lambda: Dataset(X, Y - 1, classes=("a", "b", "c")),
        ValueError,
        ["Dataset: y[0] is -1", "3 classes"],
    ),
    (
        lambda: Dataset(X, Y * 1.0, classes=("a", "b", "c")),
        ValueError,
        ["Dataset: y has shape (6,) and dtype float64", "whole-numbered label"],
    ),
    (lambda: Dataset(X, Y * 1j), TypeError, ["Dataset: y has dtype complex128", "real numbers"]),
]


@pytest.mark.parametrize(("misuse", "error", "parts"), MISUSES)
def test_a_misuse_is_named_with_its_way_out(
    misuse: Callable[[], Any], error: type[Exception], parts: list[str]
) -> None:
    with pytest.raises(error) as caught:
        misuse()
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "misuse",
    [
        lambda rng: moons(noise=-1, rng=rng),
        lambda rng: moons(dtype=int, rng=rng),
        lambda rng: xor(noise=-1, rng=rng),
        lambda rng: line(noise=-1, rng=rng),
        lambda rng: line(dtype=int, rng=rng),
        lambda rng: train_test_split(X, Y, test=2, stratify=True, rng=rng),
        lambda rng: batches(X, Y, 0, rng=rng),
    ],
)
def test_a_misuse_draws_nothing_from_the_generator(
    misuse: Callable[[np.random.Generator], Any],
) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises((ValueError, TypeError)):
        misuse(rng)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def saved(**changes: Any) -> dict[str, Any]:
    """The state of Batches(X, Y, 2) after one batch, with these entries changed."""
    data = Batches(X, Y, 2, rng=1)
    next(iter(data))
    return {**data.state_dict(), **changes}


def without(name: str) -> dict[str, Any]:
    state = saved()
    del state[name]
    return state


OTHER_GENERATOR = Batches(X, Y, 2, rng=np.random.Generator(np.random.MT19937(0))).state_dict()[
    "rng"
]

BAD_STATES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["missing entries ['drop_last', 'epoch', 'order'", "give what state_dict returned"]),
    (without("order"), ["missing entries ['order'] and unknown entries []"]),
    (saved(colour=3), ["missing entries [] and unknown entries ['colour']"]),
    (saved(rows=7), ["saved with rows 7, and here it is 6", "from the same data"]),
    (saved(size=3), ["saved with size 3, and here it is 2", "same arguments"]),
    (saved(shuffle=0), ["saved with shuffle 0, and here it is 1"]),
    (saved(drop_last=1), ["saved with drop_last 1, and here it is 0"]),
    (saved(position=4), ["at batch 4 of 3 in epoch 0"]),
    (saved(position=-1), ["at batch -1 of 3"]),
    (saved(epoch=-1), ["in epoch -1"]),
    (saved(position=1.0), ["position 1.0, which is no whole number"]),
    (saved(epoch="one"), ["epoch 'one', which is no whole number"]),
    (saved(order=np.array([0, 1, 2, 3, 4, 4])), ["order that is no permutation of 6 rows"]),
    (saved(order=np.array([0, 1, 2])), ["order that is no permutation of 6 rows"]),
    (saved(order=np.arange(6.0)), ["order that is no permutation of 6 rows"]),
    (saved(order="012345"), ["order that is no permutation of 6 rows"]),
    (saved(position=0), ["order that is no permutation of 0 rows"]),
    (saved(rng="{"), ["generator state that PCG64 does not take"]),
    (saved(rng="[]"), ["generator state that PCG64 does not take"]),
    (saved(rng="{}"), ["generator state that PCG64 does not take"]),
    (saved(rng=3), ["generator state that PCG64 does not take"]),
    (saved(rng=OTHER_GENERATOR), ["PCG64 does not take", "a generator of the kind"]),
    (
        saved(rng=saved()["rng"].replace('"inc": ', '"inc": -')),
        ["generator state that PCG64 does not take"],
    ),
]


@pytest.mark.parametrize(("state", "parts"), BAD_STATES)
def test_a_bad_state_is_refused_and_changes_nothing(
    state: dict[str, Any], parts: list[str]
) -> None:
    data, untouched = (Batches(X, Y, 2, rng=5) for _ in range(2))
    running, expected = iter(data), iter(untouched)
    next(running)
    next(expected)
    with pytest.raises(ValueError, match=r"^batches\.load_state_dict: the state ") as caught:
        data.load_state_dict(state)
    for part in parts:
        assert part in str(caught.value)
    assert str(data.state_dict()) == str(untouched.state_dict())
    left, wanted = [*running, *data], [*expected, *untouched]
    assert len(left) == len(wanted) == 5
    for (_, got), (_, want) in zip(left, wanted, strict=True):
        assert np.array_equal(got, want)


def test_half_a_generator_state_changes_nothing() -> None:
    # NumPy's own setter writes the key of this kind before it finds that the place in it is gone.
    data = Batches(X, Y, 2, rng=np.random.Generator(np.random.MT19937(0)))
    before = data.state_dict()
    other = Batches(X, Y, 2, rng=np.random.Generator(np.random.MT19937(1))).state_dict()
    half = json.loads(other["rng"])
    del half["state"]["pos"]
    with pytest.raises(ValueError, match="MT19937 does not take"):
        data.load_state_dict({**other, "rng": json.dumps(half)})
    assert data.state_dict()["rng"] == before["rng"]
