"""Curves in the plane, one class each, that no straight line parts.

Row order is random. The noise is drawn whatever its size, so that one seed gives the same points
with more or less noise on them.
"""

import numpy as np
from numpy.typing import DTypeLike

from microgd.data._check import Array, Rng, deviation, floating, generator, real, whole
from microgd.data.dataset import Dataset


def moons(
    n: int = 200, *, noise: float = 0.1, rng: Rng = 0, dtype: DTypeLike = np.float64
) -> Dataset:
    """Two half circles, each reaching into the other.

    Class 0 is (cos t, sin t), class 1 is (1 - cos t, 1/2 - sin t), with t evenly spaced from 0 to
    pi, both ends included; n // 2 points in class 0, the rest in class 1.

    Shapes: x (n, 2) of `dtype`, y (n,) int64. `noise` is the standard deviation of the Gaussian
    added to each coordinate; `rng` a seed or a generator. Raises ValueError or TypeError when n is
    less than 2, noise negative, or dtype not floating. Source: `make_moons` of scikit-learn,
    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_moons.html

    >>> x, y = moons(100, noise=0.1, rng=1)
    >>> x.shape, y.shape, int(y.sum())
    ((100, 2), (100,), 50)
    """
    n = whole("moons", "n", n, 2, "give at least 2, one point for each moon")
    t, u = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    arcs = [np.c_[np.cos(t), np.sin(t)], np.c_[1 - np.cos(u), 0.5 - np.sin(u)]]
    return _scattered("moons", arcs, ("upper moon", "lower moon"), noise, rng, dtype)


def circles(
    n: int = 200,
    *,
    factor: float = 0.5,
    noise: float = 0.05,
    rng: Rng = 0,
    dtype: DTypeLike = np.float64,
) -> Dataset:
    """One circle inside another.

    Class 0 is (cos t, sin t), class 1 is factor * (cos t, sin t), with t evenly spaced from 0 up
    to, not including, 2 pi; n // 2 points in class 0, the rest in class 1.

    Shapes: x (n, 2) of `dtype`, y (n,) int64. `noise` is the standard deviation of the Gaussian
    added to each coordinate; `rng` a seed or a generator. Raises ValueError or TypeError when n is
    less than 2, factor not between 0 and 1, noise negative, or dtype not floating. Source:
    `make_circles` of scikit-learn,
    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_circles.html

    >>> x, y = circles(100, noise=0.0)
    >>> bool(np.allclose(np.hypot(*x[y == 1].T), 0.5))
    True
    """
    n = whole("circles", "n", n, 2, "give at least 2, one point for each circle")
    way_out = "give the inner radius, above 0 and below 1"
    factor = real("circles", "factor", factor, way_out)
    if not 0 < factor < 1:
        raise ValueError(f"circles: factor is {factor}; {way_out}")
    outer, inner = (np.linspace(0, 2 * np.pi, m, endpoint=False) for m in (n // 2, n - n // 2))
    rings = [np.c_[np.cos(outer), np.sin(outer)], factor * np.c_[np.cos(inner), np.sin(inner)]]
    return _scattered("circles", rings, ("outer circle", "inner circle"), noise, rng, dtype)


def spirals(
    n: int = 200,
    *,
    arms: int = 2,
    turns: float = 1.0,
    noise: float = 0.02,
    rng: Rng = 0,
    dtype: DTypeLike = np.float64,
) -> Dataset:
    """Spiral arms wound about one another, one class each.

    Point i of the m points of arm k lies at radius r = (i + 1) / m and angle
    2 pi (turns * r + k / arms); n points are shared out evenly, the first arms taking the rest.

    Shapes: x (n, 2) of `dtype`, y (n,) int64 below `arms`. `noise` is the standard deviation of
    the Gaussian added to each coordinate; `rng` a seed or a generator. Raises ValueError or
    TypeError when arms is less than 2, n less than arms, turns not finite, noise negative, or
    dtype not floating. Source: the two-spirals problem, Lang and Witbrock (1988), Learning to tell
    two spirals apart, Proc. Connectionist Models Summer School.

    >>> spirals(90, arms=3)
    Dataset(spirals: x (90, 2) float64, y (90,) int64, 3 classes)
    """
    arms = whole("spirals", "arms", arms, 2, "give at least 2 arms, one for each class")
    n = whole("spirals", "n", n, arms, f"give at least {arms}, one point for each arm")
    turns = real("spirals", "turns", turns, "give a finite number of turns, such as 1.0")
    curves = []
    for k in range(arms):
        m = n // arms + (k < n % arms)
        r = np.arange(1, m + 1) / m
        angle = 2 * np.pi * (turns * r + k / arms)
        curves.append(np.c_[r * np.cos(angle), r * np.sin(angle)])
    classes = tuple(f"arm {k}" for k in range(arms))
    return _scattered("spirals", curves, classes, noise, rng, dtype)


def _scattered(
    op: str,
    points: list[Array],
    classes: tuple[str, ...],
    noise: float,
    rng: Rng,
    dtype: DTypeLike,
) -> Dataset:
    """Label the points of each class 0, 1, ..., mix their rows and add the noise."""
    noise, precision, gen = deviation(op, noise), floating(op, dtype), generator(op, rng)
    y = np.repeat(np.arange(len(points)), [len(part) for part in points])
    order = gen.permutation(len(y))
    x = np.concatenate(points)[order]
    x += noise * gen.standard_normal(x.shape)
    return Dataset(
        x.astype(precision),
        y[order].astype(np.int64),
        name=op,
        features=("x1", "x2"),
        classes=classes,
    )
