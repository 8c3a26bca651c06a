"""The running mean, against its formula in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.optim.mean import follow

sizes = st.floats(1e-30, 1e30)


@given(sizes, st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.999]), sizes)
def test_it_keeps_its_digits_however_far_old_and_new_are_apart(old, keep, new):
    mean = np.array([old])
    follow(mean, keep, np.array([new]))
    exact = Fraction(keep) * Fraction(old) + (1 - Fraction(keep)) * Fraction(new)
    assert mean[0] == pytest.approx(float(exact), rel=1e-14)


def test_what_keeps_nothing_is_what_is_new():
    mean = np.array([1.0])
    follow(mean, 0.0, np.array([1e-20]))
    assert mean[0] == 1e-20
