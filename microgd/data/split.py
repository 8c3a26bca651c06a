"""Part of the data is kept back, to judge the model on rows that it has not learned from."""

import math
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microgd.data._check import Array, Rng, generator, numbers, real, whole
from microgd.data.dataset import Dataset, arrays

_OP = "train_test_split"


@overload
def train_test_split(
    x: Dataset,
    y: None = None,
    *,
    test: float = 0.2,
    rng: Rng = 0,
    stratify: bool | ArrayLike = False,
) -> tuple[Dataset, Dataset]: ...


@overload
def train_test_split(
    x: ArrayLike,
    y: ArrayLike,
    *,
    test: float = 0.2,
    rng: Rng = 0,
    stratify: bool | ArrayLike = False,
) -> tuple[Array, Array, Array, Array]: ...


def train_test_split(
    x: Dataset | ArrayLike,
    y: ArrayLike | None = None,
    *,
    test: float = 0.2,
    rng: Rng = 0,
    stratify: bool | ArrayLike = False,
) -> tuple[Dataset, Dataset] | tuple[Array, Array, Array, Array]:
    """Part the rows at random into a training set and a test set.

    `test` is a share of the n rows, strictly between 0 and 1, of which ceil(test * n) are kept
    back, or a whole number of rows. `stratify=True` keeps the share of each label of `y` in both
    parts, to within one row; an array of n labels may be given in its place. The same `rng` (a seed
    or a generator) gives the same parts.

    Returns x_train, x_test, y_train, y_test for two arrays, and train, test for one Dataset.
    Raises ValueError or TypeError when a part would be empty, x and y differ in length or hold a
    NaN, or a label to stratify by occurs once only. Source: `train_test_split` of scikit-learn,
    https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html

    >>> from microgd.data import digits
    >>> train, test = train_test_split(digits(), test=0.2, rng=0, stratify=True)
    >>> train.x.shape, test.x.shape
    ((1437, 64), (360, 64))
    """
    inputs, targets = arrays(_OP, x, y)
    n = len(inputs)
    n_test = _test_rows(test, n)
    labels = None if stratify is False else _labels(targets if stratify is True else stratify, n)
    if labels is not None:
        _check_strata(labels, n_test)
    order = generator(_OP, rng).permutation(n)
    kept = np.arange(n) < n_test if labels is None else _strata(labels[order], n_test)
    train_rows, test_rows = order[~kept], order[kept]
    if isinstance(x, Dataset):
        return x.take(train_rows), x.take(test_rows)
    return inputs[train_rows], inputs[test_rows], targets[train_rows], targets[test_rows]


def _test_rows(test: object, n: int) -> int:
    way_out = f"give a share between 0 and 1, such as 0.2, or a number of rows from 1 to {n - 1}"
    if n < 2:
        raise ValueError(f"{_OP}: there is {n} row, and each part needs one; give at least 2 rows")
    if isinstance(test, (int, np.integer)):
        rows = whole(_OP, "test", test, 1, way_out)
    else:
        share = real(_OP, "test", test, way_out)
        if not 0 < share < 1:
            raise ValueError(f"{_OP}: test is {share}; {way_out}")
        rows = math.ceil(share * n)
    if rows >= n:
        raise ValueError(
            f"{_OP}: test is {test}, which leaves none of {n} rows to learn from; {way_out}"
        )
    return rows


def _labels(stratify: ArrayLike, n: int) -> Array:
    labels = numbers(_OP, "stratify", stratify)
    if labels.shape != (n,):
        raise ValueError(
            f"{_OP}: the labels to stratify by have shape {labels.shape}; give one for each of the "
            f"{n} rows, shape ({n},), or stratify=False"
        )
    return labels


def _check_strata(labels: Array, n_test: int) -> None:
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            f"{_OP}: label {classes[counts.argmin()]} occurs once, and cannot be in both parts; "
            f"add rows of it, drop it, or give stratify=False"
        )
    if min(n_test, len(labels) - n_test) < len(classes):
        raise ValueError(
            f"{_OP}: {len(labels) - n_test} training and {n_test} test rows cannot each hold "
            f"{len(classes)} classes; change test, or give stratify=False"
        )


def _strata(labels: Array, n_test: int) -> NDArray[np.bool_]:
    """Mark the first rows of each class, in proportion, so that n_test are marked in all."""
    _, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    # Largest remainder, in whole numbers: a rounded float could move a row from class to class.
    quota, remainder = np.divmod(counts * n_test, len(labels))
    short = n_test - int(quota.sum())
    quota[np.argsort(-remainder, kind="stable")[:short]] += 1
    kept = np.zeros(len(labels), dtype=np.bool_)
    for label, rows in enumerate(quota):
        kept[np.flatnonzero(which == label)[:rows]] = True
    return kept
