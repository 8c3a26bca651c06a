"""Difficulty: a number for each example, the larger the harder, for a curriculum to sort by."""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.nn import Module, cross_entropy
from microgd.tensor import Tensor, no_grad
from microgd.train.evaluate import mode

Difficulty = Callable[[Array, Array], Any]


def distance(x: Array, y: Array) -> Array:
    """The Euclidean distance of each row of `x` from the mean of its class: the typical is easy.

    Where the targets are no labels, from the mean of all rows.

    >>> distance(np.array([[0.0], [2.0], [7.0]]), np.array([0, 0, 1]))
    array([1., 1., 0.])
    """
    flat = np.asarray(x, np.float64).reshape(len(x), -1)
    found = np.empty(len(flat))
    for rows in groups(y):
        found[rows] = np.linalg.norm(flat[rows] - flat[rows].mean(axis=0), axis=1)
    return found


def by_loss(teacher: Module, loss: Callable[..., Any] = cross_entropy) -> Difficulty:
    """The loss of each example under a network that was trained before: what it knows is easy.

    With a larger teacher this is the transfer scoring of Hacohen and Weinshall (2019,
    https://arxiv.org/abs/1904.03626), with a twin of the network their self-taught scoring.
    `loss` takes ``reduction="none"``, as all of `nn` do.

    >>> from microgd.data import xor
    >>> from microgd.nn import MLP
    >>> by_loss(MLP([2, 2], rng=0))(*xor()).shape
    (4,)
    """

    def score(x: Array, y: Array) -> Array:
        with no_grad(), mode(teacher, training=False):
            each = loss(teacher(x), y, reduction="none")
        values = np.asarray(each.data if isinstance(each, Tensor) else each, np.float64)
        return values.reshape(len(x), -1).mean(axis=1)

    return score


def groups(y: Array) -> list[Array]:
    """The rows of each class; all rows together, if the targets are no labels.

    >>> [rows.tolist() for rows in groups(np.array([1, 0, 1]))]
    [[1], [0, 2]]
    """
    if y.ndim != 1 or y.dtype.kind not in "iu":
        return [np.arange(len(y))]
    return [np.flatnonzero(y == label) for label in np.unique(y)]
