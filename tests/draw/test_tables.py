"""How numbers look on a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.draw.tables import BAR, bar, factor, number


@given(st.floats(1e-12, 1.0), st.floats(1e-12, 1.0))
def test_a_longer_bar_is_never_a_smaller_share(a, b):
    if a <= b:
        assert len(bar(a)) <= len(bar(b)) <= BAR


@pytest.mark.parametrize("share", [1.0, 3.0, 1e6])
def test_as_much_as_the_last_layer_or_more_is_a_full_bar(share):
    assert bar(share) == "█" * BAR


@pytest.mark.parametrize("tens", range(BAR + 1))
def test_a_block_less_is_ten_times_less(tens):
    assert bar(10.0**-tens) == "█" * (BAR - tens)


@pytest.mark.parametrize("share", [0.0, None, 1e-300])
def test_next_to_nothing_has_no_bar(share):
    assert not bar(share)


@given(st.floats(-1e12, 1e12))
def test_a_number_keeps_its_first_digits(value):
    assert float(number(value)) == pytest.approx(
        value, abs=5e-5 if abs(value) < 1e4 else 0, rel=6e-4
    )


@given(st.floats(1e-20, 1e20))
def test_a_factor_keeps_its_size(value):
    assert float(factor(value)) == pytest.approx(value, abs=0.0051, rel=0.051)
