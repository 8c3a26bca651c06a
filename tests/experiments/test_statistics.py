"""Intervals and tests, against tables and closed forms."""

import math
from itertools import product

import numpy as np
import pytest

from microgd.experiments.statistics import at_least, paired_t, share, sign_test, wilson


@pytest.mark.parametrize(
    ("successes", "runs", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_in_newcombes_table(successes, runs, low, high):
    assert wilson(successes, runs) == pytest.approx((low, high), abs=5e-5)


def test_a_share_is_said_with_its_interval():
    assert share(0, 20) == "0 of 20 runs; 95 % interval 0 to 16 %"


@pytest.mark.parametrize("trials", [1, 2, 5])
@pytest.mark.parametrize("chance", [0.5, 0.1])
def test_the_upper_tail_is_the_sum_over_all_outcomes(trials, chance):
    outcomes = list(product([0, 1], repeat=trials))
    for least in range(trials + 2):
        by_hand = sum(
            math.prod(chance if hit else 1 - chance for hit in outcome)
            for outcome in outcomes
            if sum(outcome) >= least
        )
        assert at_least(least, trials, chance) == pytest.approx(by_hand)


def test_sign_test_counts_only_pairs_that_differ():
    assert sign_test([1, 1, 1, 5], [2, 2, 2, 5]) == 0.125
    assert sign_test([2, 2, 2], [1, 1, 1]) == 1.0
    assert sign_test([3, 3], [3, 3]) == 1.0


def test_an_infinite_number_of_steps_is_a_loss():
    assert sign_test([10.0, 10.0], [math.inf, math.inf]) == 0.25


def test_t_of_differences_by_hand():
    differences = np.array([0.3, -0.1, 0.4, 0.2])
    t = differences.mean() / math.sqrt(np.var(differences, ddof=1) / 4)
    assert paired_t(differences.tolist()) == pytest.approx(t)
