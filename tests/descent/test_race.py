"""Races: against closed forms on quadratics, and against a plain loop of the same optimizer."""

import math
from dataclasses import replace

import numpy as np
import pytest

import microgd as mg
from microgd import optim
from microgd.descent import RULES, SURFACES, Surface, race
from microgd.nn.utils import add_grad_noise_, clip_grad_norm_

RAVINE = SURFACES["ravine"]
CURVATURES = np.array([1.0, 50.0])
START = np.array(RAVINE.start)


# --- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [0.001, 0.02, 0.036, 0.04, 0.041])
def test_gradient_descent_multiplies_the_distance_by_one_minus_rate_times_curvature(lr):
    found = race("ravine", f"sgd:{lr}", steps=40)
    factors = (1 - lr * CURVATURES) ** np.arange(41)[:, None]
    assert found.runs[0].points == pytest.approx(START * factors, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_momentum_is_the_power_of_a_matrix(momentum, nesterov):
    lr, steps = 0.02, 40
    rule = (optim.SGD, {"lr": lr, "momentum": momentum, "nesterov": nesterov})
    found = race("ravine", {"rule": rule}, steps=steps)["rule"]
    for axis, curvature in enumerate(CURVATURES):
        # velocity' = momentum * velocity + curvature * x; x' = x - lr * direction
        ahead = momentum if nesterov else 1.0
        own = 1.0 if nesterov else 0.0
        velocity = np.array([momentum, curvature])
        place = np.array([0.0, 1.0]) - lr * (own * np.array([0.0, curvature]) + ahead * velocity)
        matrix = np.array([velocity, place])
        state = np.array([0.0, START[axis]])
        for step in range(steps + 1):
            assert found.state["momentum_buffer"][step, axis] == pytest.approx(state[0], abs=1e-9)
            assert found.points[step, axis] == pytest.approx(state[1], abs=1e-10)
            state = matrix @ state


@pytest.mark.parametrize("rule", ["sgd", "momentum", "nesterov"])
def test_the_limit_parts_the_rates_that_shrink_from_those_that_grow(rule):
    limit = race("ravine", rule, steps=1).limit(rule)
    ends = {
        share: np.abs(race("ravine", rule, lr=share * limit, steps=4000).runs[0].points[:, 1])
        for share in (0.99, 1.01)
    }
    assert ends[0.99][-1] < 1e-6
    assert ends[1.01].max() > 1e6


@pytest.mark.parametrize("curvature", [0.5, 3.0, 128.0])
def test_the_limit_of_gradient_descent_is_two_over_the_curvature_exactly(curvature):
    parabola = Surface(name="parabola", f=lambda x, y: curvature / 2 * x**2 + y**2 / 8)
    found = race(parabola, "sgd", steps=1)
    assert found.curvature == curvature
    assert found.limit("sgd") == 2 / curvature
    edge = race(parabola, f"sgd:{2 / curvature!r}", start=(1.0, 0.0), steps=51)
    assert edge.runs[0].points[:, 0].tolist() == [(-1.0) ** k for k in range(52)]


def test_weight_decay_adds_to_the_curvature():
    rule = (optim.SGD, {"lr": 0.1, "weight_decay": 3.0})
    found = race("bowl", {"rule": rule}, steps=1)
    assert found.limit("rule") == 2 / (1 + 3)
    edge = race("bowl", {"rule": (optim.SGD, {"lr": 0.5, "weight_decay": 3.0})}, (1, 0), 9)
    assert edge["rule"].points[:, 0].tolist() == [(-1.0) ** k for k in range(10)]


def test_other_rules_have_no_such_limit_and_a_hill_has_none():
    assert math.isnan(race("bowl", "adam", steps=1).limit("adam"))
    assert race("himmelblau", "sgd", steps=1).limit("sgd") == math.inf


# --- the same optimizers as in training ----------------------------------------------------------


def plain(surface, make, start, steps, *, noise=0.0, clip=None, schedule=None):
    """The loop that anybody would write."""
    w = mg.Tensor(np.array(start, dtype=float), requires_grad=True)
    rule = make([w])
    scheduled = schedule(rule) if schedule else None
    rng = np.random.default_rng(0)
    places = [w.data.copy()]
    for step in range(steps):
        rule.zero_grad()
        loss = surface.f(w[0], w[1])
        loss.backward()
        if noise:
            add_grad_noise_([w], step, noise**2, 0.0, rng=rng)
        if clip:
            clip_grad_norm_([w], clip)
        rule.step()
        if scheduled:
            scheduled.step(loss.item())
        places.append(w.data.copy())
    return np.array(places)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("surface", ["rosenbrock", "bumps"])
def test_a_race_goes_where_a_plain_loop_of_the_same_optimizer_goes(name, surface):
    ground, rule = SURFACES[surface], RULES[name]
    found = race(surface, name, steps=30)[name]
    expected = plain(ground, lambda p: rule.make(p, rule.rate(ground)), ground.start, 30)
    assert found.points.tolist() == expected.tolist()
    values = [ground(*place) for place in expected.tolist()]
    assert found.losses == pytest.approx(values, rel=1e-14)
    slopes = [ground.gradient(place) for place in expected.tolist()]
    assert found.gradients == pytest.approx(np.array(slopes), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "under",
    [
        {"noise": 0.5},
        {"clip": 2.0},
        {"schedule": lambda rule: optim.StepLR(rule, 5, 0.5)},
        {"noise": 3.0, "clip": 1.0, "schedule": lambda rule: optim.CosineAnnealingLR(rule, 20)},
        {"schedule": lambda rule: optim.ReduceLROnPlateau(rule, patience=1)},
    ],
    ids=["noise", "clip", "schedule", "all", "plateau"],
)
def test_noise_clipping_and_schedules_act_as_in_training(under):
    found = race("beale", "momentum", steps=20, **under)["momentum"]
    rate = RULES["momentum"].rate(SURFACES["beale"])
    expected = plain(
        SURFACES["beale"],
        lambda p: RULES["momentum"].make(p, rate),
        SURFACES["beale"].start,
        20,
        **under,
    )
    assert found.points.tolist() == expected.tolist()


def test_the_gradient_that_was_seen_is_kept_beside_the_true_one():
    found = race("beale", "sgd", steps=10, clip=0.5)["sgd"]
    assert np.linalg.norm(found.gradients, axis=1).max() > 1
    assert np.linalg.norm(found.seen, axis=1).max() <= 0.5
    moved = -found.rates[:-1, None] * found.seen[:-1]
    assert np.diff(found.points, axis=0) == pytest.approx(moved, rel=1e-9, abs=1e-15)


def test_noise_is_the_same_for_every_rule_and_for_the_same_seed():
    found = race("bowl", ["sgd", "adam"], noise=1.0, steps=5, rng=3)
    one, two = (run.seen - run.gradients for run in found.runs)
    assert one == pytest.approx(two)
    again = race("bowl", ["sgd", "adam"], noise=1.0, steps=5, rng=3)
    assert again["sgd"].points.tolist() == found["sgd"].points.tolist()
    other = race("bowl", ["sgd", "adam"], noise=1.0, steps=5, rng=4)
    assert other["sgd"].points.tolist() != found["sgd"].points.tolist()


def test_noise_may_fade():
    found = race("bowl", "sgd:0", noise=(4.0, 1.0), steps=3000, rng=1)["sgd:0"]
    drawn = (found.seen - found.gradients) * np.sqrt(np.arange(1, 3002))[:, None] / 2
    assert drawn.std() == pytest.approx(1.0, rel=0.05)


def test_a_schedule_can_be_seen_in_the_rates():
    found = race("bowl", "sgd:0.5", steps=4, schedule=lambda rule: optim.StepLR(rule, 2, 0.1))
    assert found.runs[0].rates == pytest.approx([0.5, 0.5, 0.05, 0.05, 0.005])


def test_the_rates_are_told_of_every_rule_as_a_metric_may_move_one_and_not_another():
    found = race("ravine", "sgd,momentum", schedule=optim.ReduceLROnPlateau)
    spans = [f"{run.rates.min():.3g} and {run.rates.max():.3g}" for run in found.runs]
    assert spans[0] != spans[1]
    assert found.about == (
        f"rate scheduled, of sgd between {spans[0]}, of momentum between {spans[1]}"
    )


def test_the_state_is_the_optimizers_own_under_its_own_names():
    slots = {
        "sgd": set(),
        "momentum": {"momentum_buffer"},
        "nesterov": {"momentum_buffer"},
        "adagrad": {"sum"},
        "adadelta": {"square_avg", "acc_delta"},
        "rmsprop": {"square_avg"},
        "adam": {"exp_avg", "exp_avg_sq"},
        "amsgrad": {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
        "adamw": {"exp_avg", "exp_avg_sq"},
    }
    found = race("ravine", list(RULES), steps=4)
    assert {run.name: set(run.state) for run in found.runs} == slots
    assert all(s.shape == (5, 2) and not s[0].any() for r in found.runs for s in r.state.values())
    g, m = found["adam"].gradients, np.zeros(2)
    for step in range(4):
        m = 0.9 * m + 0.1 * g[step]
        assert found["adam"].state["exp_avg"][step + 1] == pytest.approx(m, rel=1e-12)


# --- what becomes of them ------------------------------------------------------------------------


def test_a_run_that_leaves_the_numbers_ends_there_and_says_so():
    found = race("rosenbrock", {"wild": (optim.SGD, {"lr": 1.0}), "tame": "sgd"}, steps=50)
    wild, tame = found["wild"], found["tame"]
    assert wild.diverged == len(wild) + 1 < 20
    for values in (wild.points, wild.losses, wild.gradients, wild.seen):
        assert np.isfinite(values).all()
    assert wild.reached(found.goal) is None
    assert tame.diverged is None
    assert len(tame) == found.steps == 50


def test_reached_means_to_stay():
    run = race("bowl", "sgd", steps=5).runs[0]
    losses = np.array([9.0, 1.0, 5.0, 1.0, 0.5, 0.5])
    passing = replace(run, losses=losses)
    assert passing.reached(2.0) == 3
    assert passing.reached(0.1) is None
    assert passing.reached(9.0) == 0
    assert replace(passing, diverged=6).reached(2.0) is None


def test_left_means_for_good():
    surface = Surface(name="a", f=lambda x, y: x + y, box=(0, 1, 0, 1))
    run = race("bowl", "sgd", steps=3).runs[0]
    out = replace(run, points=np.array([[0.5, 0.5], [2.0, 0.5], [0.5, 0.5], [0.5, 2.0]]))
    assert out.left(surface) == 3
    assert replace(out, points=np.full((4, 2), 0.5)).left(surface) is None
    assert replace(out, points=np.full((4, 2), 5.0)).left(surface) == 0


def test_the_goal_is_a_thousandth_of_the_way_above_the_lowest():
    assert race("saddle", "sgd", steps=1).goal == pytest.approx(
        -0.25 + 1e-3 * (SURFACES["saddle"](*SURFACES["saddle"].start) + 0.25)
    )
    free = race(lambda x, y: x**2 + y**2, "sgd", start=(1, 0), steps=5, lr=0.25)
    assert free.goal == pytest.approx(
        free.runs[0].losses[-1] + 1e-3 * (1 - free.runs[0].losses[-1])
    )


def test_races_of_one_surface_and_start_stand_beside_each_other():
    free, held = race("cliff", "sgd", steps=9), race("cliff", "sgd", steps=9, clip=1.0)
    both = free.beside(held.renamed({"sgd": "clipped"}))
    assert both.names == ["sgd", "clipped"]
    with pytest.raises(ValueError, match=r"both have a run 'sgd'; use renamed"):
        free.beside(held)
    with pytest.raises(ValueError, match=r"not of the same surface and start"):
        free.beside(race("cliff", "adam", start=(6.3, -2.3), steps=9))


def test_rules_are_named_so_that_no_two_are_alike():
    def mine(params):
        return optim.SGD(params, lr=0.1)

    given = [
        "sgd",
        "sgd",
        (optim.Adam, {"lr": 0.1}),
        optim.Adam,
        mine,
        lambda p: optim.SGD(p, lr=0.1),
    ]
    names = race("bowl", given, steps=1).names
    assert names == ["sgd", "sgd (2)", "Adam", "Adam (2)", "mine", "rule"]
    assert race("bowl", optim.Adam, steps=1).names == ["Adam"]
    assert race("bowl", (optim.Adam, {"lr": 0.1}), steps=1).names == ["Adam"]
    assert race("bowl", "sgd, adam:0.1", steps=1).names == ["sgd", "adam:0.1"]


def test_rates_come_from_the_name_the_call_or_the_surface():
    found = race("rosenbrock", ["sgd", "sgd:0.0005", "adam"], steps=1)
    assert [run.rates[0] for run in found.runs] == [0.001, 0.0005, 0.05]
    told = race("rosenbrock", ["sgd", "sgd:0.0005"], steps=1, lr=0.0002)
    assert [run.rates[0] for run in told.runs] == [0.0002, 0.0005]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: race("bowl", "adm"), ValueError, "race: optimizer 'adm' is unknown; did you mean"),
        (lambda: race("bowl", "adam:fast"), ValueError, "'adam:fast' has no rate after the colon"),
        (lambda: race("bowl", "adam:nan"), ValueError, "the rate of 'adam:nan' is nan"),
        (lambda: race("bowl", []), ValueError, "no optimizers; name some of sgd, momentum"),
        (lambda: race("bowl", [3]), TypeError, "3 is no optimizer; give a name, (optim.Adam"),
        (lambda: race("bowl", 3), TypeError, "3 is no optimizer"),
        (lambda: race("bowl", lambda p: None), TypeError, "rule gave None, which is no optimizer"),
        (lambda: race("bowl", steps=0), ValueError, "steps is 0; give 1 or more"),
        (lambda: race("bowl", steps=2.5), TypeError, "steps is 2.5"),
        (lambda: race("bowl", start=(1, 2, 3)), ValueError, "give two finite numbers"),
        (lambda: race("bowl", start=3), ValueError, "start is 3"),
        (lambda: race("bowl", noise=-1.0), ValueError, "noise is -1.0; give a finite number of"),
        (lambda: race("bowl", lr=math.inf), ValueError, "lr is inf; give a finite number of"),
        (lambda: race("bowl", noise=(1.0, -1.0)), ValueError, "gamma of the noise is -1.0"),
        (lambda: race("bowl", clip=-1.0), ValueError, "clip is -1.0"),
        (lambda: race("bowl", lr="fast"), TypeError, "lr is 'fast'"),
        (lambda: race(lambda x, y: mg.log(x) + y, start=(-1, 0)), ValueError, "is not finite at"),
        (lambda: race("bowl")["adm"], KeyError, "no run 'adm'; there are sgd, momentum, adam"),
    ],
)
def test_what_cannot_race_is_refused_with_a_way_out(call, error, said):
    with pytest.raises(error) as raised:
        call()
    assert said in str(raised.value)
