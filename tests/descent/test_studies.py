"""The studies: the slope in every direction, four rates, clipping, sizes of batches."""

import math

import numpy as np
import pytest

from microgd.data import line, moons
from microgd.descent import SURFACES, clipping, directions, race, rates, sampled

# --- the gradient is the steepest ----------------------------------------------------------------


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_the_slope_in_a_direction_is_the_gradient_times_the_cosine(surface):
    found = directions(surface, count=41)
    slopes = found.length * np.cos(np.radians(found.angles))
    assert found.slopes == pytest.approx(slopes, rel=1e-9, abs=1e-9 * found.length)
    assert found.slopes.argmax() == 20, "at angle 0, which is the gradient's direction"
    assert found.slopes.max() == pytest.approx(found.length, rel=1e-12)


def test_the_slope_agrees_with_a_small_step_in_that_direction():
    surface, at, h = SURFACES["beale"], np.array([0.5, 1.5]), 1e-6
    found = directions(surface, (0.5, 1.5), count=9)
    turned = np.radians(found.angles + found.heading)
    for angle, slope in zip(turned, found.slopes, strict=True):
        step = h * np.array([np.cos(angle), np.sin(angle)])
        difference = (surface(*(at + step)) - surface(*(at - step))) / (2 * h)
        assert slope == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: directions("bowl", (0.0, 0.0)), "has no direction; take another place"),
        (lambda: directions("bowl", count=1), "count is 1; give 2 or more"),
        (lambda: directions("bowl", (1, 2, 3)), "give two finite numbers"),
    ],
)
def test_a_place_without_a_direction_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


# --- rates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ravine", "line"])
def test_on_a_quadratic_what_is_foretold_is_what_comes(name):
    found = rates(name)
    assert found.limit == pytest.approx(2 / found.curvature)
    foretold = {rate.name: rate.factor for rate in found.rates}
    assert foretold == pytest.approx(
        {"too small": 0.9, "right": 0.0, "oscillating": -0.9, "divergent": -1.1}, abs=1e-12
    )
    for rate in found.rates:
        assert rate.measured == pytest.approx(rate.factor, abs=1e-6)


def test_the_names_of_the_rates_say_what_becomes_of_them():
    found = rates("ravine", steps=80).race
    ends = {run.name: run.losses[-1] / run.losses[0] for run in found.runs}
    assert ends["divergent"] > 1e3
    assert ends["too small"] > ends["right"]
    across = found["oscillating"].points[:, 1]
    assert (across[:-1] * across[1:] < 0).all(), "from one wall to the other"
    assert (np.diff(found["right"].losses) < 0).all()


@pytest.mark.parametrize("name", ["himmelblau", "rastrigin", "bumps", "saddle"])
def test_near_a_minimum_of_any_surface_the_limit_holds_as_well(name):
    surface = SURFACES[name]
    minimum = np.array(surface.minima[0])
    _, vectors = np.linalg.eigh(surface.hessian(tuple(minimum)))
    near = tuple((minimum + 1e-4 * vectors[:, -1]).tolist())
    found = rates(surface, near, steps=20)
    for rate in found.rates:
        assert rate.measured == pytest.approx(rate.factor, abs=0.02)


def test_a_hill_has_no_limit():
    with pytest.raises(ValueError, match=r"rates: hill does not curve upwards.*take another start"):
        rates(_hill(), (0.5, 0.5))


def _hill():
    def hill(x, y):
        return -(x**2) - y**2

    return hill


# --- clipping ------------------------------------------------------------------------------------


def test_at_the_cliff_one_step_throws_the_ball_out_and_clipping_keeps_it():
    found = clipping("cliff")
    free, held = found.runs
    thrown = np.linalg.norm(np.diff(free.points, axis=0), axis=1).max()
    assert free.left(found.surface) is not None
    assert held.left(found.surface) is None
    assert np.linalg.norm(free.gradients, axis=1).max() > 10
    assert np.linalg.norm(held.seen, axis=1).max() <= 1.0
    step = np.linalg.norm(np.diff(held.points, axis=0), axis=1).max()
    assert step <= held.rates[0] < thrown / 10
    assert held.losses[-1] < free.losses[-1] / 10


def test_on_the_plateau_clipping_changes_nothing():
    free, held = clipping("plateau").runs
    assert np.linalg.norm(free.gradients, axis=1).max() < 0.1
    assert free.points.tolist() == held.points.tolist()


def test_the_plateau_holds_descent_up_and_not_the_rules_that_look_at_directions_only():
    found = race("plateau", ["sgd", "adam"])
    assert found["sgd"].losses[-1] > 0.9
    assert found["adam"].reached(found.goal) is not None


# --- batches -------------------------------------------------------------------------------------


def test_the_larger_the_batch_the_less_the_gradient_is_off():
    found = sampled(steps=200)
    off = [np.linalg.norm(run.seen - run.gradients, axis=1).mean() for run in found.race.runs]
    assert off[0] == 0
    assert off[2] > 2 * off[1] > 0
    ends = [np.std(run.points[100:], axis=0).max() for run in found.race.runs]
    assert ends[0] < ends[1] < ends[2]


def test_an_epoch_of_batches_adds_up_to_the_whole_gradient():
    data = line(30, noise=0.5)
    found = sampled(data, (10,), steps=3, lr=0.0)
    run = found.race.runs[0]
    assert run.seen[:3].mean(axis=0) == pytest.approx(run.gradients[0])


def test_batch_descent_reaches_the_solution_of_least_squares():
    found = sampled(sizes=[None], steps=300)
    run = found.race.runs[0]
    assert found.race.surface.distance(tuple(run.points[-1])) < 1e-9


def test_the_points_looked_at_are_counted():
    found = sampled(line(40), (None, 8, 1), steps=5)
    assert found.sizes == {"batch (40)": 40, "mini-batch (8)": 8, "stochastic (1)": 1}
    assert found.examples("mini-batch (8)").tolist() == [0, 8, 16, 24, 32, 40]
    assert sampled(line(40), (None, 40, 99), steps=2).sizes == {"batch (40)": 40}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sampled(sizes=(0,)), "size is 0; give 1 or more, or None"),
        (lambda: sampled(sizes=()), "no sizes; give some"),
        (lambda: sampled(moons(20)), "give one feature and one target"),
    ],
)
def test_batches_of_nothing_are_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_numbers_are_plain():
    assert isinstance(directions("bowl").length, float)
    assert math.isfinite(rates().limit)
