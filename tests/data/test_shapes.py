"""The made data against their closed forms, and the same seed against itself."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.data import Dataset, circles, digits, line, load, moons, spirals, xor

MADE = [moons, circles, spirals, xor, line]
counts = st.integers(min_value=6, max_value=120)
seeds = st.integers(min_value=0, max_value=2**32)


@given(n=counts, seed=seeds)
def test_moons_lie_on_their_two_arcs(n: int, seed: int) -> None:
    x, y = moons(n, noise=0, rng=seed)
    upper, lower = x[y == 0], x[y == 1]
    assert (len(upper), len(lower)) == (n // 2, n - n // 2)
    np.testing.assert_allclose(np.hypot(*upper.T), 1, atol=1e-14)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, atol=1e-14)
    assert upper[:, 1].min() >= 0
    assert lower[:, 1].max() <= 0.5
    # Evenly spaced in angle, both ends included.
    angles = np.sort(np.arctan2(upper[:, 1], upper[:, 0]))
    np.testing.assert_allclose(angles, np.linspace(0, np.pi, n // 2), atol=1e-14)
    angles = np.sort(np.arctan2(0.5 - lower[:, 1], 1 - lower[:, 0]))
    np.testing.assert_allclose(angles, np.linspace(0, np.pi, n - n // 2), atol=1e-14)


@given(n=counts, factor=st.floats(min_value=0.01, max_value=0.99), seed=seeds)
def test_circles_have_their_radii_and_even_gaps(n: int, factor: float, seed: int) -> None:
    x, y = circles(n, factor=factor, noise=0, rng=seed)
    for label, radius in ((0, 1.0), (1, factor)):
        ring = x[y == label]
        np.testing.assert_allclose(np.hypot(*ring.T), radius, rtol=1e-14)
        angles = np.sort(np.arctan2(ring[:, 1], ring[:, 0]))
        gaps = np.diff(angles, append=angles[0] + 2 * np.pi)
        np.testing.assert_allclose(gaps, 2 * np.pi / len(ring), atol=1e-13)
    assert np.bincount(y).tolist() == [n // 2, n - n // 2]


@given(n=counts, arms=st.integers(2, 6), turns=st.floats(-2, 2), seed=seeds)
def test_spirals_wind_by_their_radius(n: int, arms: int, turns: float, seed: int) -> None:
    data = spirals(n, arms=arms, turns=turns, noise=0, rng=seed)
    x, y = data
    assert data.n_classes == arms
    per_arm = np.bincount(y)
    assert per_arm.sum() == n
    assert per_arm.max() - per_arm.min() <= 1
    for k in range(arms):
        points = x[y == k, 0] + 1j * x[y == k, 1]
        radius = np.abs(points)
        m = len(points)
        np.testing.assert_allclose(np.sort(radius), np.arange(1, m + 1) / m, rtol=1e-12)
        turned_back = points * np.exp(-2j * np.pi * (turns * radius + k / arms))
        np.testing.assert_allclose(turned_back, radius, atol=1e-12)


@given(n=st.integers(4, 60))
def test_xor_repeats_its_truth_table(n: int) -> None:
    x, y = xor(n)
    assert x[:4].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert np.array_equal(x[4:], x[:-4])
    assert np.array_equal(y, (x[:, 0] != x[:, 1]).astype(int))


@given(n=counts, slope=st.floats(-5, 5), intercept=st.floats(-5, 5), seed=seeds)
def test_line_is_straight_and_its_noise_normal(
    n: int, slope: float, intercept: float, seed: int
) -> None:
    x, y = line(n, slope=slope, intercept=intercept, noise=0, rng=seed)
    assert x.shape == y.shape == (n, 1)
    np.testing.assert_allclose(y, slope * x + intercept, atol=1e-12)
    assert -1 <= x.min() <= x.max() < 1


def test_line_gives_back_its_slope_by_least_squares() -> None:
    n, noise = 4000, 0.5
    x, y = line(n, slope=2.0, intercept=-1.0, noise=noise, rng=3)
    slope, intercept = np.polyfit(x[:, 0], y[:, 0], 1)
    # The standard errors of both, from the variance 1/3 of the uniform; 5 of them is one in 10^6.
    assert abs(slope - 2.0) < 5 * noise * np.sqrt(3 / n)
    assert abs(intercept + 1.0) < 5 * noise / np.sqrt(n)


@pytest.mark.parametrize("make", MADE)
def test_noise_is_normal_with_the_deviation_asked_for(make: Callable[..., Dataset]) -> None:
    n, noise = 4000, 0.3
    still, noisy = make(n, noise=0, rng=7), make(n, noise=noise, rng=7)
    moved = noisy.y - still.y if make is line else noisy.x - still.x
    assert abs(moved.mean()) < 5 * noise / np.sqrt(moved.size)
    assert abs(moved.std() / noise - 1) < 5 / np.sqrt(2 * moved.size)
    if moved.shape[1] == 2:
        assert abs(np.corrcoef(moved.T)[0, 1]) < 5 / np.sqrt(n)
    # The same seed draws the same noise, whatever its size.
    twice = make(n, noise=2 * noise, rng=7)
    more = twice.y - still.y if make is line else twice.x - still.x
    np.testing.assert_allclose(more, 2 * moved, atol=1e-14)


@pytest.mark.parametrize("make", MADE)
def test_the_same_seed_is_the_same_data_and_another_is_not(make: Callable[..., Dataset]) -> None:
    first, again = make(50, noise=0.1, rng=5), make(50, noise=0.1, rng=np.random.default_rng(5))
    assert np.array_equal(first.x, again.x)
    assert np.array_equal(first.y, again.y)
    assert not np.array_equal(first.x, make(50, noise=0.1, rng=6).x)


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_the_one_asked_for(make: Callable[..., Dataset], dtype: type) -> None:
    data, exact = make(20, rng=1, dtype=dtype), make(20, rng=1)
    assert data.x.dtype == dtype
    assert data.y.dtype == (dtype if make is line else np.int64)
    assert np.array_equal(data.x, exact.x.astype(dtype))


@pytest.mark.parametrize("make", [moons, circles, spirals])
def test_the_rows_are_mixed(make: Callable[..., Dataset]) -> None:
    assert 20 < make(100, rng=0).y[:50].sum() < 30 + 1


@pytest.mark.parametrize(
    ("name", "options", "direct"),
    [
        ("digits", {"scale": False}, digits(scale=False)),
        ("moons", {"n": 9, "rng": 2}, moons(9, rng=2)),
        ("circles", {"n": 9, "factor": 0.2}, circles(9, factor=0.2)),
        ("spirals", {"n": 9, "arms": 3}, spirals(9, arms=3)),
        ("xor", {"n": 8, "noise": 0.1}, xor(8, noise=0.1)),
        ("line", {"n": 9, "slope": -1.0}, line(9, slope=-1.0)),
    ],
)
def test_load_is_the_function_of_that_name(
    name: str, options: dict[str, object], direct: Dataset
) -> None:
    loaded = load(name, **options)
    assert loaded.name == name
    assert loaded.classes == direct.classes
    assert np.array_equal(loaded.x, direct.x)
    assert np.array_equal(loaded.y, direct.y)


def test_a_data_set_unpacks_takes_and_cannot_be_changed() -> None:
    data = moons(10, rng=1)
    x, y = data
    assert x is data.x
    assert y is data.y
    part = data.take(np.array([3, 3, 0]))
    assert np.array_equal(part.x, x[[3, 3, 0]])
    assert np.array_equal(part.y, y[[3, 3, 0]])
    assert (part.name, part.classes, part.features) == (data.name, data.classes, data.features)
    with pytest.raises(AttributeError):
        data.x = y
