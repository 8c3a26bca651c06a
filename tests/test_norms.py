"""Norms are right also where the powers of the elements leave the range of their dtype."""

import math

import numpy as np
import pytest

from microgd.norms import norm


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e-40, 1e-25, 1e-7, 1.0, 1e4, 1e30, 1e200])
def test_norms_are_right_at_every_size(dtype, scale):
    with np.errstate(over="ignore", under="ignore"):
        gradient = (np.random.default_rng(0).normal(size=(5, 7)) * scale).astype(dtype)
    if not np.isfinite(gradient).all():
        assert not math.isfinite(norm(gradient))
        return
    exact = math.hypot(*gradient.ravel().tolist())
    assert norm(gradient) == pytest.approx(exact, rel=40 * float(np.finfo(dtype).eps), abs=0)
    assert norm(gradient.T) == pytest.approx(exact, rel=40 * float(np.finfo(dtype).eps), abs=0)


def test_norms_of_odd_gradients():
    assert math.isnan(norm(None))
    assert math.isnan(norm(np.array([1.0, np.nan])))
    assert norm(np.array([1.0, -np.inf])) == math.inf
    assert norm(np.empty((0, 3))) == 0.0
    assert norm(np.array(-3.0)) == 3.0


@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1.0, 1e30])
@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 50, math.inf])
def test_norms_of_any_order_are_those_of_numpy_in_double_precision(p, scale):
    gradient = (np.random.default_rng(0).normal(size=(5, 7)) * scale).astype(np.float32)
    exact = np.linalg.norm(gradient.ravel().astype(np.float64) / scale, p) * scale
    assert norm(gradient, p) == pytest.approx(exact, rel=1e-6, abs=0)


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_norms_of_any_order_of_odd_gradients(p):
    assert math.isnan(norm(None, p))
    assert math.isnan(norm(np.array([1.0, np.nan, np.inf]), p))
    assert norm(np.array([1.0, -np.inf]), p) == math.inf
    assert norm(np.empty((0, 3)), p) == 0.0
    assert norm(np.zeros(3), p) == 0.0
    assert norm(np.array([-3.0]), p) == 3.0
