"""Schedules: closed forms and published numbers, what others see of them, and misuse."""

import copy
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_cases import (
    CASES,
    ONE,
    advance,
    label,
    make,
    now,
    optimizer,
    plateau,
    single,
    walk,
)

import microgd as mg
from microgd import Tensor, nn, optim
from microgd.optim import schedules

# Closed forms and published numbers


@given(st.fractions(0, 10, max_denominator=1000), st.integers(0, 10_000))
def test_inverse_time_is_the_base_divided_by_one_plus_decay_times_t(decay, t):
    exact = Fraction(0.1) / (1 + decay * t)
    assert single("InverseTimeLR", float(decay)).rate(t)[0] == pytest.approx(
        float(exact), rel=1e-14
    )


def test_inverse_time_is_half_at_one_over_decay():
    assert single("InverseTimeLR", 0.125).rate(8)[0] == 0.05


@pytest.mark.parametrize(
    ("options", "restarts"),
    [
        ({"T_0": 10, "T_mult": 2}, [10, 30, 70, 150]),  # Loshchilov and Hutter 2017, section 4.1
        ({"T_0": 2, "T_mult": 2}, [2, 6, 14, 30, 62, 126]),
        ({"T_0": 50}, [50, 100, 150]),
        ({"T_0": 5, "T_mult": 3}, [5, 20, 65]),
    ],
)
def test_sgdr_restarts_where_the_paper_says(options, restarts):
    rates = single("CosineAnnealingWarmRestarts", **options).preview(200)
    assert (np.flatnonzero(np.diff(rates) > 0) + 1).tolist() == restarts
    assert rates[restarts].tolist() == [0.1] * len(restarts)


@given(st.integers(1, 50), st.integers(1, 5), st.integers(0, 10**15))
def test_a_restart_is_found_at_any_distance(first, mult, t):
    passed, period = single("CosineAnnealingWarmRestarts", first, mult).place(t)
    before = t - passed
    assert 0 <= passed < period
    if mult == 1:
        assert (period, before % first) == (first, 0)
    else:
        assert before * (mult - 1) == period - first  # first + first * mult + ... up to the period


def test_a_cosine_is_half_way_down_in_the_middle_and_up_again_at_twice_its_length():
    rates = single("CosineAnnealingLR", 10, 0.02).preview(21)
    assert [round(float(rates[t]), 15) for t in (0, 5, 10, 15, 20)] == [0.1, 0.06, 0.02, 0.06, 0.1]


def test_a_warm_up_goes_by_equal_steps():
    rates = single("LinearLR", 0.1, total_iters=9).preview(12)
    np.testing.assert_allclose(np.diff(rates)[:9], 0.01, rtol=1e-12)
    assert rates[9:].tolist() == [0.1] * 3


def test_a_lambda_multiplies_the_rate_of_each_group_by_its_own_function():
    both = single("LambdaLR", [lambda t: 0.5**t, lambda t: 1 + t], rates=[1.0, 0.25])
    assert both.preview(4).tolist() == [[1, 0.25], [0.5, 0.5], [0.25, 0.75], [0.125, 1.0]]
    shared = single("LambdaLR", lambda t: 2**t, rates=[1.0, 0.25])
    assert shared.preview(3).tolist() == [[1, 0.25], [2, 0.5], [4, 1]]


def test_a_cycle_lasts_for_ever():
    far = single("CyclicLR", 0.1, 0.3, 2, mode="triangular2", cycle_momentum=False)
    assert far.rate(4 * 10**6 + 2).tolist() == [0.1], "2**-999999 is nothing, and no overflow"


def test_a_scale_of_ones_own_is_told_the_cycle_or_the_step():
    common = {"step_size_up": 2, "cycle_momentum": False}
    by_cycle = single("CyclicLR", 0.0, 1.0, scale_fn=lambda n: 1 / n, **common)
    assert by_cycle.preview(11)[2::4].tolist() == [1, 1 / 2, 1 / 3]
    by_step = single("CyclicLR", 0.0, 1.0, scale_fn=lambda t: t, scale_mode="iterations", **common)
    assert by_step.preview(11)[2::4].tolist() == [2, 6, 10]


def test_one_cycle_ends_where_it_says_and_lets_one_last_step_be():
    for strategy in ("cos", "linear"):
        schedule = single("OneCycleLR", 0.1, 10, anneal_strategy=strategy, pct_start=0.5)
        rates = schedule.preview(11)
        assert rates[[0, 4]].tolist() == pytest.approx([0.1 / 25, 0.1])
        assert rates[9] == pytest.approx(0.1 / 25 / 1e4)
        assert 0 <= rates[10] < 0.01, "PyTorch's straight line is below 0 here"
        walk(schedule, 10)
        state = schedule.optimizer.state_dict()
        optimizer("SGD", ONE).load_state_dict(state)  # what was saved at the end can be read


def test_one_cycle_with_a_first_phase_of_no_length_starts_at_the_top():
    schedule = single("OneCycleLR", 0.1, 10, pct_start=0.1)  # PyTorch divides by zero here
    assert schedule.preview(2)[0] == 0.1


def test_one_cycle_is_told_its_length_in_epochs_and_steps():
    a, b = single("OneCycleLR", 0.1, 60), single("OneCycleLR", 0.1, epochs=5, steps_per_epoch=12)
    assert a.preview(60).tolist() == b.preview(60).tolist()


def test_a_plateau_waits_for_more_than_its_patience():
    assert plateau([1, 1, 1], patience=2).get_last_lr() == [0.1]
    assert plateau([1, 1, 1, 1], patience=2).get_last_lr() == [0.05]


def test_a_plateau_goes_on_from_a_rate_that_something_else_has_set():
    schedule = plateau([1, 1])
    schedule.optimizer.param_groups[0]["lr"] = 0.8
    schedule.step(1)
    assert schedule.get_last_lr() == [0.4]


def test_a_plateau_after_a_warm_up():
    rule = optimizer("SGD", ONE)
    warm_up = optim.LinearLR(rule, 0.1, total_iters=3)
    schedule = optim.ReduceLROnPlateau(rule, factor=0.5, patience=0)
    for metric in (4, 3, 2):
        warm_up.step()
        schedule.step(metric)
    assert schedule.get_last_lr() == [0.1]
    schedule.step(2)
    assert schedule.get_last_lr() == [0.05]


def test_a_plateau_never_takes_nan_for_better():
    assert plateau([1, math.nan, math.nan]).get_last_lr() == [0.05]


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_a_preview_of_a_plateau_supposes_that_nothing_gets_better(mode, threshold_mode):
    schedule = single(
        "ReduceLROnPlateau", mode, 0.5, 2, threshold_mode=threshold_mode, cooldown=1, min_lr=0.02
    )
    expected = [0.1] * 4 + [0.05] * 4 + [0.025] * 4 + [0.02] * 2
    assert schedule.preview(14).tolist() == expected


def test_a_preview_of_a_plateau_goes_on_with_the_last_metric():
    found = single("ReduceLROnPlateau", factor=0.5, patience=0).preview(5, [3, 2, 1])
    assert found.tolist() == [0.1, 0.1, 0.1, 0.1, 0.05]


# Sequences


def test_each_part_of_a_sequence_starts_anew():
    rule = optimizer("SGD", ONE)
    parts = [optim.ExponentialLR(rule, 0.5) for _ in range(3)]
    found = optim.SequentialLR(rule, parts, [2, 5]).preview(8)
    assert found.tolist() == [0.1, 0.05, 0.1, 0.05, 0.025, 0.1, 0.05, 0.025]


def test_a_sequence_may_be_a_part_of_one():
    rule = optimizer("SGD", ONE)

    def pair():
        warm_up = optim.ConstantLR(rule, 0.5, 2)
        return optim.SequentialLR(rule, [warm_up, optim.ExponentialLR(rule, 0.5)], [2])

    both = optim.SequentialLR(rule, [pair(), pair()], [4])
    assert both.preview(8).tolist() == [0.05, 0.05, 0.1, 0.05] * 2
    again = optim.SequentialLR(rule, [pair(), pair()], [4])
    walk(both, 5)
    again.load_state_dict(both.state_dict())
    assert again.get_last_lr() == both.get_last_lr() == [0.05]


def test_schedules_of_one_optimizer_all_start_from_its_own_rate():
    rule = optimizer("SGD", ONE)
    optim.LinearLR(rule, 0.5)
    assert rule.param_groups[0]["lr"] == 0.05
    assert optim.ExponentialLR(rule, 0.5).preview(2).tolist() == [0.1, 0.05]


def test_one_made_after_a_one_cycle_starts_where_that_does():
    rule = optimizer("SGD", ONE)
    optim.StepLR(rule, 3)
    optim.OneCycleLR(rule, 0.5, 10, div_factor=4)
    assert optim.ExponentialLR(rule, 0.5).preview(2).tolist() == [0.125, 0.0625]


def test_the_parts_of_a_resumed_sequence_start_from_the_rates_that_were_saved():
    def sequence(rate):
        rule = optimizer("SGD", [rate])
        parts = [optim.ConstantLR(rule, 0.5, 3), optim.ExponentialLR(rule, 0.5)]
        return optim.SequentialLR(rule, parts, [2])

    saved, other = sequence(0.1), sequence(0.8)
    other.load_state_dict(saved.state_dict())
    assert other.preview(5).tolist() == saved.preview(5).tolist() == [0.05, 0.05, 0.1, 0.05, 0.025]


# What others see


def test_making_one_sets_the_rates_for_the_beginning():
    rule = optimizer()
    optim.LinearLR(rule, 0.5)
    assert [group["lr"] for group in rule.param_groups] == [0.05, 0.015]


def test_the_next_step_of_the_optimizer_takes_the_new_rate():
    w = Tensor(0.0, requires_grad=True)
    rule = optim.SGD([w], lr=0.5)
    schedule = optim.ExponentialLR(rule, 0.5)
    places = []
    for _ in range(3):
        w.grad = np.array(-1.0)
        rule.step()
        schedule.step()
        places.append(w.item())
    assert places == [0.5, 0.75, 0.875]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_rates_are_floats_of_python(case):
    schedule = make(case)
    walk(schedule, 3)
    assert {type(value) for group in now(schedule) for value in group} == {float}


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_copy_goes_its_own_way(case):
    schedule = make(case)
    for other in (copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))):  # noqa: S301
        assert other.optimizer is not schedule.optimizer
        advance(other)
        assert other.last_epoch == 1
        assert schedule.last_epoch == 0


def test_float32_parameters_stay_float32():
    net = nn.Linear(2, 1, dtype=np.float32)
    rule = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    schedule = optim.OneCycleLR(rule, 0.1, 5)
    for _ in range(5):
        net(np.ones((3, 2), np.float32)).sum().backward()
        rule.step()
        schedule.step()
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float32)}


def test_an_optimizer_state_from_before_the_schedule_is_taken():
    before = optimizer("SGD", ONE).state_dict()
    schedule = single("StepLR", 3, rates=[0.7])
    schedule.optimizer.load_state_dict(before)
    assert schedule.get_last_lr() == ONE


def test_a_schedule_made_after_loading_starts_where_the_saved_one_did():
    first = single("ExponentialLR", 0.5)
    walk(first, 3)
    rule = optimizer("SGD", [0.9])
    rule.load_state_dict(first.optimizer.state_dict())
    second = optim.ExponentialLR(rule, 0.5)
    second.load_state_dict(first.state_dict())
    assert second.get_last_lr() == [0.1 / 8]
    assert second.preview(2).tolist() == [0.1, 0.05]


def test_one_says_how_it_was_made_and_where_it_stands():
    rule = optimizer("SGD", ONE)
    parts = [optim.LinearLR(rule, total_iters=3), optim.CosineAnnealingLR(rule, 20)]
    sequence = optim.SequentialLR(rule, parts, [3])
    assert str(sequence) == (
        "SequentialLR(schedulers=[LinearLR(total_iters=3), CosineAnnealingLR(T_max=20)],"
        " milestones=[3])"
    )
    assert repr(single("StepLR", 30)) == "StepLR(step_size=30) at t = 0: lr=0.1"
    assert str(single("CyclicLR", [0.01, 0.1], 0.1, 5, rates=[1, 1])) == (
        "CyclicLR(base_lr=[0.01, 0.1], max_lr=0.1, step_size_up=5)"
    )


def test_one_of_ones_own_says_so_too():
    class Own(optim.Schedule):
        def __init__(self, optimizer, depth, *more):  # noqa: ARG002
            self.depth = depth
            super().__init__(optimizer)

        def rate(self, t):
            return self.base_lrs / (1 + t // self.depth)

    assert repr(Own(optimizer(), 3, 4)) == "Own(depth=3) at t = 0: lr=0.1, 0.03"


def test_all_schedules_are_offered_beside_the_rules():
    named = {name for name in dir(schedules) if name.endswith("LR") or name == "Schedule"}
    assert named <= set(dir(optim))
    assert mg.optim.CosineAnnealingWarmRestarts is schedules.CosineAnnealingWarmRestarts
