"""The framework of claims: verdicts are its own, and a claim that fails is reported as failing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.experiments.claim import Absolute, Claim, Plot, Relative, Row, Source, Verdict, check

REPRODUCED, DIFFERS, FAILED = Verdict
FINITE = st.floats(-1e6, 1e6)
SOURCE = Source("Nobody", 1999, "https://example.org")


def claim(*found, run=None):
    return Claim(
        name="one",
        title="One",
        source=SOURCE,
        teaches="Nothing.",
        kind="exact",
        run=run or (lambda seed: found),
    )


@pytest.mark.parametrize(
    ("expected", "tolerance", "measured", "verdict"),
    [
        (1.0, Absolute(0.1), 1.1, REPRODUCED),
        (1.0, Absolute(0.1), 1.11, FAILED),
        (1.0, Absolute(0.0), 1.0, REPRODUCED),
        (1.0, Absolute(0.0), np.nextafter(1.0, 2.0), FAILED),
        (0.0, Absolute(1e-12), -1e-12, REPRODUCED),
        (200.0, Relative(0.01), 201.9, REPRODUCED),
        (200.0, Relative(0.01), 202.1, FAILED),
        (-200.0, Relative(0.01), -198.1, REPRODUCED),
        (-200.0, Relative(0.01), -197.9, FAILED),
        (3, Absolute(0), 3, REPRODUCED),
        (3, Absolute(0), 4, FAILED),
        ((0.97, 1.0), None, 0.97, REPRODUCED),
        ((0.97, 1.0), None, 1.0, REPRODUCED),
        ((0.97, 1.0), None, 0.9699, FAILED),
        ((0.97, 1.0), None, 1.0001, FAILED),
        ((2.0, math.inf), None, 1e300, REPRODUCED),
        ((2.0, math.inf), None, 1.9, FAILED),
        ((-math.inf, 2.0), None, -1e300, REPRODUCED),
    ],
)
def test_a_verdict_follows_from_expected_measured_and_tolerance(
    expected, tolerance, measured, verdict
):
    assert Row("x", expected, measured, tolerance).verdict is verdict


@pytest.mark.parametrize("measured", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("expected", "tolerance"),
    [
        (1.0, Absolute(1e300)),
        (1.0, Relative(0.5)),
        ((0.0, math.inf), None),
        ((-math.inf, 0.0), None),
    ],
)
def test_what_is_not_finite_is_never_reproduced(expected, tolerance, measured):
    assert Row("x", expected, measured, tolerance).verdict is FAILED
    stated = Row("x", -9e9, measured, Relative(0.5), "so", instead=9e9)
    assert stated.verdict is FAILED


@given(FINITE.filter(bool), st.floats(0, 0.99))
def test_the_wrong_sign_is_never_within_a_relative_tolerance(expected, size):
    assert Row("x", expected, -expected, Relative(size)).verdict is FAILED
    assert Row("x", expected, expected, Relative(size)).verdict is REPRODUCED


@given(FINITE, FINITE, st.floats(0, 1e6))
def test_the_verdict_is_the_same_for_the_mirror_image(expected, measured, size):
    row = Row("x", expected, measured, Absolute(size))
    assert Row("x", -expected, -measured, Absolute(size)).verdict is row.verdict


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [(0.2911, REPRODUCED), (0.25, DIFFERS), (0.27, FAILED), (math.nan, FAILED)],
)
def test_what_differs_as_stated_is_said_to_and_what_differs_otherwise_is_not(measured, verdict):
    row = Row("x", 0.2910, measured, Absolute(2e-4), "a slip in print", instead=0.25)
    assert row.verdict is verdict


def test_instead_may_be_a_range():
    def verdict(measured):
        return Row("x", (0.9, 1.0), measured, note="fewer units", instead=(0.4, 0.8)).verdict

    assert [verdict(0.95), verdict(0.5), verdict(0.85)] == [REPRODUCED, DIFFERS, FAILED]
    near = Row("x", 1.0, 0.5, Absolute(0.1), "fewer units", instead=(0.4, 0.8))
    assert near.verdict is DIFFERS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"expected": 1.0}, "x: expected 1.0 has no tolerance"),
        ({"expected": math.nan, "tolerance": Absolute(1.0)}, "x: expected nan"),
        ({"expected": math.inf, "tolerance": Absolute(1.0)}, "x: expected inf"),
        ({"expected": 1.0, "tolerance": Absolute(-1.0)}, "x: expected 1.0 ± -1"),
        ({"expected": 1.0, "tolerance": Absolute(math.inf)}, "x: expected 1.0 ± inf"),
        ({"expected": 0.0, "tolerance": Relative(0.1)}, "takes the wrong sign; give Absolute"),
        ({"expected": 1.0, "tolerance": Relative(1.0)}, "takes the wrong sign; give Absolute"),
        ({"expected": (2.0, 1.0)}, "x: expected from 2.0 to 1.0"),
        ({"expected": (math.nan, 1.0)}, "x: expected from nan to 1.0"),
        ({"expected": (-math.inf, math.inf)}, "x: expected from -inf to inf"),
        ({"expected": (0.0, 1.0), "tolerance": Absolute(1.0)}, "x: a range has no tolerance"),
        ({"expected": (0.0, 1.0), "instead": (2.0, 3.0)}, "x: instead=(2.0, 3.0) has no reason"),
        (
            {"expected": (0.0, 1.0), "instead": (1.0, 3.0), "note": "so"},
            "cannot be told apart",
        ),
        (
            {"expected": 1.0, "instead": 1.1, "note": "so", "tolerance": Absolute(0.1)},
            "cannot be told apart",
        ),
    ],
)
def test_an_expectation_that_all_or_none_could_meet_is_refused(options, said):
    with pytest.raises(ValueError) as caught:
        Row("x", measured=1.0, **options)
    assert said in str(caught.value)


def test_a_claim_is_as_good_as_its_worst_row():
    good = Row("good", 1.0, 1.0, Absolute(0))
    stated = Row("stated", 1.0, 2.0, Absolute(0), "so", instead=2.0)
    bad = Row("bad", 1.0, 3.0, Absolute(0))
    assert check(claim(good, good)).verdict is REPRODUCED
    assert check(claim(stated, good)).verdict is DIFFERS
    assert check(claim(good, bad, stated)).verdict is FAILED
    assert check(claim(good, stated)).holds
    assert not check(claim(good, bad)).holds


def test_nothing_measured_is_nothing_reproduced():
    assert check(claim()).verdict is FAILED
    assert check(claim(Plot("p", "x", "y", {}))).verdict is FAILED


def test_an_error_is_in_the_result_beside_the_rows_before_it():
    def run(seed):
        yield Row("good", 1.0, 1.0, Absolute(0))
        raise ZeroDivisionError("no way")

    result = check(claim(run=run))
    assert result.verdict is FAILED
    assert result.error == "ZeroDivisionError: no way"
    assert [row.what for row in result.rows] == ["good"]


def test_ctrl_c_stops_a_claim():
    def run(seed):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(claim(run=run))


def test_the_seed_reaches_the_run_and_plots_are_kept_apart():
    def run(seed):
        yield Plot("p", "x", "y", {"a": ([1], [2])})
        yield Row("seed", 7, seed, Absolute(0))

    result = check(claim(run=run), seed=7)
    assert result.holds
    assert [plot.title for plot in result.plots] == ["p"]
    assert check(claim(run=run), seed=8).verdict is FAILED
