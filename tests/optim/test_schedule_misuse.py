"""Schedules misused: what is said, and that all is then as before."""

import math

import pytest
from schedule_cases import ONE, now, optimizer, plateau, single, walk

from microgd import Tensor, nn, optim

ALL = {
    "StepLR": (3,),
    "MultiStepLR": ([3],),
    "ConstantLR": (),
    "ExponentialLR": (0.9,),
    "InverseTimeLR": (0.1,),
    "LambdaLR": (lambda t: 1.0,),
    "LinearLR": (),
    "PolynomialLR": (),
    "CosineAnnealingLR": (5,),
    "CosineAnnealingWarmRestarts": (5,),
    "CyclicLR": (0.1, 0.2),
    "OneCycleLR": (0.1, 10),
    "ReduceLROnPlateau": (),
    "SequentialLR": ([], []),
}


def test_misuse_is_tried_on_all():
    assert set(ALL) == {name for name in dir(optim) if "LR" in name} | {
        "CosineAnnealingWarmRestarts"
    }


@pytest.mark.parametrize("wrong", [None, nn.Linear(2, 1), [Tensor(1.0)], optim.SGD])
@pytest.mark.parametrize("name", ALL)
def test_it_is_made_for_an_optimizer(name, wrong):
    with pytest.raises(TypeError) as error:
        getattr(optim, name)(wrong, *ALL[name])
    assert str(error.value).startswith(f"{name}: optimizer is ")
    assert "give one such as optim.SGD(model.parameters(), lr=0.1)" in str(error.value)


@pytest.mark.parametrize("steps", [0, -1, 2.5, True, "3"])
@pytest.mark.parametrize("name", [name for name in ALL if name != "SequentialLR"])
def test_a_preview_is_of_one_step_or_more(name, steps):
    with pytest.raises((ValueError, TypeError)) as error:
        single(name, *ALL[name]).preview(steps)
    assert str(error.value).startswith(f"{name}.preview: steps is {steps!r}")
    assert str(error.value).endswith("give 1 step or more")


NUMBER = "a str, not a number; give a number"
WRONG = [
    ("StepLR", (0,), "step_size is 0; give 1 step or more"),
    ("StepLR", (2.0,), "step_size is 2.0, a float, not a whole number; give 1 step or more"),
    ("StepLR", (3, 0.0), "gamma is 0.0; give a number above 0"),
    ("StepLR", (3, math.nan), "gamma is nan; give a number above 0"),
    ("StepLR", (3, "0.1"), f"gamma is '0.1', {NUMBER} above 0"),
    ("MultiStepLR", ([30, 20],), "milestones is [30, 20]; give times that increase, such as"),
    ("MultiStepLR", ([30, 30],), "milestones is [30, 30]; give times that increase, such as"),
    ("MultiStepLR", ([0, 10],), "milestones[0] is 0; give times that increase, such as [10, 20]"),
    ("MultiStepLR", (30,), "milestones is 30; give times that increase, such as [10, 20]"),
    ("MultiStepLR", ([30], -1), "gamma is -1; give a number above 0"),
    ("ConstantLR", (1.5,), "factor is 1.5; give a number from 0 to 1"),
    ("ConstantLR", (0.5, 0), "total_iters is 0; give 1 step or more"),
    ("ExponentialLR", (-0.9,), "gamma is -0.9; give a number above 0"),
    ("InverseTimeLR", (-0.1,), "decay is -0.1; give a number 0 or more"),
    ("LinearLR", (0.0,), "start_factor is 0.0; give a number above 0 and up to 1"),
    ("LinearLR", (1.1,), "start_factor is 1.1; give a number above 0 and up to 1"),
    ("LinearLR", (0.1, -0.1), "end_factor is -0.1; give a number from 0 to 1"),
    ("LinearLR", (0.1, 1.0, 0), "total_iters is 0; give 1 step or more"),
    ("PolynomialLR", (0,), "total_iters is 0; give 1 step or more"),
    ("PolynomialLR", (5, -1), "power is -1; give a number 0 or more"),
    ("CosineAnnealingLR", (0,), "T_max is 0; give 1 step or more"),
    ("CosineAnnealingLR", (5, -0.1), "eta_min is -0.1; give a number 0 or more"),
    ("CosineAnnealingWarmRestarts", (-3,), "T_0 is -3; give 1 step or more"),
    ("CosineAnnealingWarmRestarts", (3, 0), "T_mult is 0; give 1 or more"),
    ("CosineAnnealingWarmRestarts", (3, 1.5), "T_mult is 1.5, a float, not a whole number"),
    ("CosineAnnealingWarmRestarts", (3, 2, -1), "eta_min is -1; give a number 0 or more"),
    ("CyclicLR", (0.3, 0.1), "base_lr=0.3 is above max_lr=0.1; give the smaller one first"),
    ("CyclicLR", (-0.3, 0.1), "base_lr is -0.3; give a number 0 or more"),
    ("CyclicLR", ([0.1, 0.1], 0.2), "base_lr has 2 numbers for 1 group of parameters; give one"),
    ("CyclicLR", ([-0.1], 0.2), "base_lr[0] is -0.1; give a number 0 or more"),
    ("CyclicLR", (0.1, 0.2, 0), "step_size_up is 0; give 1 step or more"),
    ("CyclicLR", (0.1, 0.2, 5, 0), "step_size_down is 0; give 1 step or more"),
    ("CyclicLR", (0.1, 0.2, 5, 5, "triangle"), "mode 'triangle' is unknown; did you mean"),
    ("CyclicLR", (0.1, 0.2, 5, 5, "exp_range", 0), "gamma is 0; give a number above 0"),
    ("CyclicLR", (0.1, 0.2, 5, 5, "x", 1, 3), "scale_fn is 3; give a function"),
    ("CyclicLR", (0.1, 0.2, 5, 5, "x", 1, abs, "step"), "scale_mode 'step' is unknown; there are"),
    ("OneCycleLR", (-0.1, 10), "max_lr is -0.1; give a number 0 or more"),
    ("OneCycleLR", (0.1,), "epochs=None and steps_per_epoch=None; give both, or total_steps"),
    ("OneCycleLR", (0.1, None, 5), "epochs=5 and steps_per_epoch=None; give both, or total_steps"),
    ("OneCycleLR", (0.1, None, 5, 0), "steps_per_epoch is 0; give 1 step or more"),
    ("OneCycleLR", (0.1, 0), "total_steps is 0; give 1 step or more"),
    ("OneCycleLR", (0.1, 9, None, None, 1.2), "pct_start is 1.2; give a number from 0 to 1"),
    ("OneCycleLR", (0.1, 9, None, None, 0.3, "sin"), "anneal_strategy 'sin' is unknown; there are"),
    ("ReduceLROnPlateau", ("low",), "mode 'low' is unknown; there are min, max"),
    ("ReduceLROnPlateau", ("min", 1.0), "factor is 1.0; give a number above 0 and below 1"),
    ("ReduceLROnPlateau", ("min", 0.5, -1), "patience is -1; give 0 steps or more"),
    ("ReduceLROnPlateau", ("min", 0.5, 1, -1), "threshold is -1; give a number from 0 to below 1"),
    ("ReduceLROnPlateau", ("min", 0.5, 1, 1.0), "threshold is 1.0; give a number from 0 to below"),
    ("ReduceLROnPlateau", ("min", 0.5, 1, 0, "x"), "threshold_mode 'x' is unknown; there are rel"),
    ("ReduceLROnPlateau", ("min", 0.5, 1, 0, "abs", -1), "cooldown is -1; give 0 steps or more"),
    ("ReduceLROnPlateau", ("min", 0.5, 1, 0, "abs", 0, -1), "min_lr is -1; give a number 0 or"),
    (
        "ReduceLROnPlateau",
        ("min", 0.5, 1, 0, "abs", 0, [0, 0]),
        "min_lr has 2 numbers for 1 group",
    ),
    (
        "ReduceLROnPlateau",
        ("min", 0.5, 1, 0, "abs", 0, 0, -1),
        "eps is -1; give a number 0 or more",
    ),
    ("LambdaLR", (0.5,), "lr_lambda is 0.5; give a function of t, or a list of 1, one for each"),
    ("LambdaLR", ([abs, abs],), "lr_lambda is [<built-in function abs>, <built-in function abs>];"),
    ("LambdaLR", (lambda t: -1,), "the rate at t = 0 is [-0.1]; a rate is a finite number of"),
    ("SequentialLR", ([], []), "no schedules; give at least one"),
    ("SequentialLR", (3, []), "schedulers is 3; give a list of schedules"),
    ("SequentialLR", ([3], []), "schedulers[0] is 3; give a schedule, such as LinearLR(optimizer)"),
]


@pytest.mark.parametrize(("name", "args", "said"), WRONG)
def test_a_bad_option_is_refused_and_nothing_is_changed(name, args, said):
    rule = optimizer("SGD", ONE)
    before = repr(rule.state_dict())
    with pytest.raises((ValueError, TypeError)) as error:
        getattr(optim, name)(rule, *args)
    assert str(error.value).startswith(f"{name}: {said}")
    assert repr(rule.state_dict()) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_momentum": 1.0}, "max_momentum is 1.0; give a number from 0 to below 1"),
        ({"base_momentum": [0.1, 0.2]}, "base_momentum has 2 numbers for 1 group of parameters"),
        ({"base_momentum": 0.97}, "base_momentum=0.97 is above max_momentum=0.9"),
    ],
)
@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
def test_a_momentum_out_of_range_is_refused(name, options, said):
    with pytest.raises(ValueError) as error:
        single(name, *ALL[name], **options)
    assert str(error.value).startswith(f"{name}: {said}")


@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
def test_a_rule_without_momentum_has_none_to_cycle(name):
    rule = optim.Adagrad([Tensor(1.0, requires_grad=True)])
    with pytest.raises(ValueError) as error:
        getattr(optim, name)(rule, *ALL[name])
    said = f"{name}: Adagrad has neither momentum nor betas; give cycle_momentum=False"
    assert str(error.value) == said
    getattr(optim, name)(rule, *ALL[name], cycle_momentum=False).step()


def test_a_momentum_that_a_scale_makes_impossible_is_refused():
    schedule = single("CyclicLR", 0.1, 0.2, 2, scale_fn=lambda n: 100.0)
    with pytest.raises(ValueError) as error:
        schedule.step()
    assert str(error.value).startswith("CyclicLR: the momentum at t = 1 is [-4.1]; it is to")
    assert (schedule.last_epoch, now(schedule)) == (0, [[0.1, 0.9]])


def test_three_phases_leave_room_for_the_third():
    with pytest.raises(ValueError) as error:
        single("OneCycleLR", 0.1, 10, pct_start=0.6, three_phase=True)
    assert "pct_start is 0.6 with three_phase=True" in str(error.value)
    assert "give 0.5 or less" in str(error.value)


def test_a_step_after_the_last_is_refused_and_nothing_is_changed():
    schedule = single("OneCycleLR", 0.1, 4)
    walk(schedule, 4)
    before = repr((schedule.state_dict(), now(schedule)))
    for beyond in (schedule.step, lambda: schedule.preview(6)):
        with pytest.raises(ValueError) as error:
            beyond()
        assert str(error.value).startswith("OneCycleLR: step 5 of 4; give a larger total_steps")
        assert repr((schedule.state_dict(), now(schedule))) == before


def test_a_function_that_gives_no_rate_is_refused_and_nothing_is_changed():
    schedule = single("LambdaLR", lambda t: 1.0 if t < 2 else math.inf)
    schedule.step()
    with pytest.raises(ValueError) as error:
        schedule.step()
    assert str(error.value).startswith("LambdaLR: the rate at t = 2 is [inf]; a rate is a")
    assert (schedule.last_epoch, schedule.get_last_lr()) == (1, ONE)


def test_a_rate_beyond_all_numbers_is_refused_and_nothing_is_changed():
    schedule = single("ExponentialLR", 1e200)
    schedule.step()
    with pytest.raises(ValueError) as error:
        schedule.step()
    assert str(error.value).startswith("ExponentialLR: the rate at t = 2 is [inf]; a rate is a")
    assert (schedule.last_epoch, schedule.get_last_lr()) == (1, [1e199])


def test_a_plateau_asks_for_a_metric():
    with pytest.raises(TypeError) as error:
        plateau([]).step()
    assert str(error.value).startswith("ReduceLROnPlateau.step: no metric; give one, as step(")


def test_a_sequence_is_of_one_optimizer_and_of_times_alone():
    rule, other = optimizer("SGD", ONE), optimizer("SGD", ONE)
    fine = optim.ConstantLR(rule)
    for parts, milestones, said in [
        ([fine, optim.StepLR(other, 3)], [5], "schedulers[1], StepLR(step_size=3), is of another"),
        ([fine, optim.ReduceLROnPlateau(rule)], [5], "schedulers[1] is a ReduceLROnPlateau, whose"),
        ([fine, fine], [], "2 schedules and 0 milestones; give one milestone between each two"),
        ([fine], [5], "1 schedules and 1 milestones; give one milestone between each two"),
        ([fine, fine, fine], [5, 5], "milestones is [5, 5]; give times that increase"),
    ]:
        with pytest.raises(ValueError) as error:
            optim.SequentialLR(rule, parts, milestones)
        assert str(error.value).startswith(f"SequentialLR: {said}")


def test_a_state_that_does_not_fit_is_refused_and_nothing_is_changed():
    schedule = single("StepLR", 3)
    walk(schedule, 4)
    state, before = schedule.state_dict(), repr((schedule.state_dict(), now(schedule)))
    for wrong, said in [
        (None, "the state is None; give what state_dict() gave"),
        ({}, "the state is {}; give what state_dict() gave"),
        (single("ExponentialLR", 0.5).state_dict(), "the state is of ExponentialLR; make a"),
        ({"schedule": "StepLR"}, "the state has ['schedule']; give what state_dict() gave"),
        ({**state, "last_epoch": -1}, "last_epoch is -1; give what state_dict() gave"),
        ({**state, "last_epoch": 1.5}, "last_epoch is 1.5, a float, not a whole number; give"),
        ({**state, "base_lrs": [0.1, 0.2]}, "base_lrs has 2 numbers for 1 group of parameters"),
        ({**state, "base_lrs": [-0.1]}, "base_lrs[0] is -0.1; give a number 0 or more"),
    ]:
        with pytest.raises((ValueError, TypeError)) as error:
            schedule.load_state_dict(wrong)
        assert str(error.value).startswith(f"StepLR.load_state_dict: {said}")
        assert repr((schedule.state_dict(), now(schedule))) == before


def test_a_state_from_after_the_end_is_refused_and_nothing_is_changed():
    long, short = single("OneCycleLR", 0.1, 50), single("OneCycleLR", 0.1, 10)
    walk(long, 20)
    before = repr((short.state_dict(), now(short)))
    with pytest.raises(ValueError) as error:
        short.load_state_dict(long.state_dict())
    assert "step 20 of 10" in str(error.value)
    assert repr((short.state_dict(), now(short))) == before


def test_the_state_of_a_sequence_is_of_the_same_schedules():
    rule = optimizer("SGD", ONE)
    one = optim.SequentialLR(rule, [optim.ConstantLR(rule)], [])
    two = optim.SequentialLR(rule, [optim.ConstantLR(rule), optim.StepLR(rule, 3)], [5])
    other = optim.SequentialLR(rule, [optim.ConstantLR(rule), optim.ExponentialLR(rule, 0.5)], [5])
    for wrong, said in [
        (one, "SequentialLR.load_state_dict: the state is of 1 schedules, and this is a sequence"),
        (other, "StepLR.load_state_dict: the state is of ExponentialLR; make a schedule of that"),
    ]:
        with pytest.raises(ValueError) as error:
            two.load_state_dict(wrong.state_dict())
        assert str(error.value).startswith(said)


def test_the_state_of_a_plateau_is_whole():
    schedule = plateau([1, 1])
    state = schedule.state_dict()
    with pytest.raises(ValueError) as error:
        schedule.load_state_dict({**state, "memory": {"best": 1.0}})
    assert "memory is {'best': 1.0}; give what state_dict() gave" in str(error.value)
    assert schedule.state_dict() == state


def test_a_schedule_of_ones_own_says_what_it_lacks():
    class Empty(optim.Schedule):
        pass

    with pytest.raises(NotImplementedError) as error:
        Empty(optimizer("SGD", ONE))
    assert str(error.value) == "Empty: write a rate method"


def test_a_schedule_of_ones_own_may_give_one_rate_for_all():
    class Fixed(optim.Schedule):
        def rate(self, t):  # noqa: ARG002
            return 0.25

    assert Fixed(optimizer()).preview(2).tolist() == [[0.25, 0.25]] * 2
