"""Lesson 13: staleness from the versions, limits from characteristic roots, walks by hand."""

import importlib.util
import math

import numpy as np
import pytest

import microgd as mg
from microgd import learn
from microgd.descent import surface_of
from microgd.parallel.delays import pareto


def recurrence(product, tau, updates):
    """w[t + 1] = w[t] - product * w[t - tau], where all began at 1."""
    w = [1.0]
    for t in range(updates):
        w.append(w[t] - product * w[max(t - tau, 0)])
    return np.array(w)


def largest_root(product, tau):
    """The largest root of z**(tau + 1) = z**tau - product, as a length."""
    polynomial = np.zeros(tau + 2)
    polynomial[0], polynomial[1] = 1.0, -1.0
    polynomial[-1] += product
    return abs(np.roots(polynomial)).max()


def edge(tau):
    """The product at which the largest root is 1, by halving."""
    low, high = 0.0, 3.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if largest_root(middle, tau) < 1 else (low, middle)
    return low


def test_staleness_is_what_lies_between_two_versions(lesson):
    pushes = lesson["record"].of("push")
    between = [push.written[0] - push.read[0] - 1 for push in pushes]
    assert [push.staleness for push in pushes] == between
    first_done = min(event.time for event in lesson["record"].of("done"))
    early = [b for b, push in zip(between, pushes, strict=True) if push.time <= first_done]
    assert lesson["mean_staleness"] == pytest.approx(np.mean(early))
    assert round(lesson["mean_staleness"]) == 3


def test_the_stepped_updates_are_of_four_workers_from_a_half_to_one_and_a_half(lesson):
    run = lesson["first_updates"]
    pushes = run.of("push")[:16]
    assert {push.worker for push in pushes} == {0, 1, 2, 3}
    for push in pushes:
        begun = max(p.time for p in run.of("pull", push.worker) if p.time < push.time)
        assert 0.5 <= push.time - begun <= 1.5
    shown = lesson["shown_update"]
    assert shown.staleness == shown.written[0] - shown.read[0] - 1 == 3


@pytest.mark.parametrize("tau", range(8))
def test_a_walk_by_workers_in_turn_is_the_recurrence(lesson, tau):
    for product in (0.05, 0.3, 1.0):
        walked = lesson["walk"]([product], tau, updates=60)[:, 0]
        np.testing.assert_allclose(walked, recurrence(product, tau, 60), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("tau", range(8))
def test_the_line_is_where_the_largest_root_has_length_one(tau):
    assert 2 * math.sin(math.pi / (4 * tau + 2)) == pytest.approx(edge(tau), abs=1e-6)


def test_the_measured_limits_are_those_of_the_roots(lesson):
    for tau, limit in enumerate(lesson["measured_limits"]):
        assert edge(tau) - 0.025 < limit <= edge(tau)
    assert lesson["measured_limits"][1] == pytest.approx(1, abs=0.02)


def run_with(**values):
    """What the lesson defines with other settings of its sliders."""
    spec = importlib.util.spec_from_file_location("lesson", learn.find(13).path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    _, defined = module.app.run(defs=values)
    return defined


class Slider:
    """A slider that stands at a value."""

    def __init__(self, value):
        self.value = value


@pytest.fixture(scope="module")
def broken():
    """The page with each slider at the end that the text speaks of."""
    return run_with(
        lateness=Slider(7), rate_times_curvature=Slider(0.8), crew=Slider(16),
        crew_rate=Slider(0.2), tolerant_rate=Slider(0.1), density=Slider(1.0), spring=Slider(1.1),
    )  # fmt: skip


def test_raising_tau_breaks_the_walk(lesson, broken):
    assert lesson["late_verdict"] == "comes to rest"
    assert abs(lesson["late_walk"][-1]) < 1e-12
    assert broken["late_verdict"] == "swings ever wider"
    assert np.abs(broken["late_walk"]).max() > 1e3
    assert largest_root(0.8, 7) > 1
    assert largest_root(0.2, 7) < 1  # a rate of the slider saves it


@pytest.fixture(scope="module")
def there():
    """Another setting of some of them."""
    return run_with(
        lateness=Slider(1), rate_times_curvature=Slider(1.0), tolerant_rate=Slider(0.4),
        spring=Slider(0.01),
    )  # fmt: skip


def test_on_the_edge_it_swings_for_ever(there):
    assert there["late_verdict"] == "swings for ever"
    np.testing.assert_allclose(there["late_walk"][6:], there["late_walk"][:-6], atol=1e-12)


def test_a_crowd_ruins_what_one_does_well(lesson):
    for run in (lesson["alone"], lesson["crowd"]):
        assert len(run.losses) == 320
    assert lesson["loss_alone"] == pytest.approx(0.03, abs=0.005)
    assert 7 < lesson["loss_of_crowd"] / lesson["loss_alone"] < 14
    assert lesson["alone"].staleness.max() == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_so_it_is_with_other_seeds(lesson, seed):
    one, crowd = (lesson["hands"](mg.parallel.Downpour(lr=1.0), k, rng=seed)[1] for k in (1, 16))
    assert crowd > 5 * one


def test_one_worker_alone_is_plain_gradient_descent(lesson):
    moons = lesson["moons"]
    rows = np.arange(len(moons.x))
    models = [mg.nn.MLP([2, 16, 2], rng=0) for _ in range(2)]
    mg.parallel.train(
        models[0], moons, mg.parallel.Downpour(lr=1.0), 1, "simulated", epochs=1, batch_size=None
    )
    mg.nn.cross_entropy(models[1](moons.x[rows]), moons.y[rows]).backward()
    mg.optim.SGD(models[1].parameters(), lr=1.0).step()
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-9, atol=1e-12)


def test_small_steps_save_the_crowd(lesson, broken):
    assert broken["loss_of_crew"] < 0.6 * lesson["loss_of_crowd"]
    assert broken["loss_of_crew"] > lesson["loss_alone"]  # "it costs speed"


def test_the_delays_are_as_heavy_tailed_as_said():
    rng = np.random.default_rng(7)
    drawn = (1 + rng.pareto(1.5, 400_000)) / 3
    own = np.random.default_rng(7)
    assert [pareto(own, 0) for _ in range(5)] == pytest.approx(
        (1 + np.random.default_rng(7).pareto(1.5, 5)) / 3
    )
    assert np.median(drawn) == pytest.approx(0.53, abs=0.005)
    assert 1 / np.mean(drawn > 10) == pytest.approx(164, rel=0.05)


def test_who_knows_the_delay_bears_a_larger_rate_and_is_slower_at_a_small_one(
    lesson, broken, there
):
    naive, aware = "takes every gradient for fresh", "knows the delay"
    at_half, at_tenth = lesson["tolerant_losses"], broken["tolerant_losses"]
    assert at_half[aware] < at_half[naive] / 2
    assert at_tenth[naive] < at_tenth[aware]
    assert there["tolerant_losses"][aware] < there["tolerant_losses"][naive]
    assert mg.parallel.AdaDelay(lr=0.5).rate(t=16, tau=9) == pytest.approx(0.5 / 5)


def overlapped(density):
    """The share of the writes lost by two workers in turns of their own, by a Monte Carlo."""
    rng, lost, writes = np.random.default_rng(1), 0, 20_000
    times = []
    for _ in range(2):
        begun = np.cumsum(rng.exponential(1, writes) + 0.1) - 0.1
        times.append(begun)
    for begun in times[0]:
        lost += bool(
            np.any(abs(times[1][np.searchsorted(times[1], begun - 0.1) :][:3] - begun) < 0.1)
        )
    return lost / (2 * writes) * density


def test_as_much_is_lost_as_chance_makes_two_writes_meet(lesson, broken):
    for density, share in lesson["lost_at"].items():
        expected = density * 0.1 / 1.1
        assert overlapped(density) == pytest.approx(expected, rel=0.05)
        # 1000 writes, of which one in 11 meets another; then both have h numbers in common
        count, writes = 100 * density, 1000
        h, variance = count * density, count * density * (1 - density) ** 2 * 100 / 99
        deviation = math.sqrt(writes / 11 * (h * h + variance)) / (writes * count)
        assert abs(share - expected) < 3 * deviation
    assert lesson["lost_at"][0.1] == pytest.approx(0.01, abs=0.003)  # "about 1 in 100"
    assert broken["lost_share"] > 8 * lesson["lost_share"]


def test_springs_hold_up_to_the_limit(lesson, broken, there):
    assert lesson["on_springs"].distances.max() < 3
    assert broken["on_springs"].distances.max() > 1e3
    slow = there["on_springs"].of("push")
    ends = [np.linalg.norm(run[-1].centre) for run in (slow, lesson["on_springs"].of("push"))]
    assert ends[0] > 1 > ends[1]
    bowl = surface_of("bowl")
    step = 1e-4
    curvature = (
        bowl.gradient(np.array([1 + step, 1.0]))[0] - bowl.gradient(np.array([1 - step, 1.0]))[0]
    ) / (2 * step)
    assert 0.1 * curvature == pytest.approx(0.1)


def spring_radius(alpha, rate, workers=4):
    """The spectral radius of one round of elastic averaging in turn, written as one matrix."""
    size, whole = workers + 1, np.eye(workers + 1)
    for me in range(workers):
        one = np.eye(size)
        one[me, me], one[me, -1] = 1 - rate - alpha, alpha
        one[-1, me], one[-1, -1] = alpha, 1 - alpha
        whole = one @ whole
    return abs(np.linalg.eigvals(whole)).max()


def test_the_limit_of_the_spring_is_that_of_its_matrix():
    limit = (4 - 2 * 0.1) / (4 - 0.1)
    assert round(limit, 2) == 0.97
    assert spring_radius(limit - 0.005, 0.1) < 1 < spring_radius(limit + 0.005, 0.1)


def test_against_the_clock(lesson):
    means, runs = lesson["crew_means"], lesson["crew_runs"]
    assert {name: len(of[0][0].losses) for name, of in runs.items()} == {
        "synchronous": 80, "Downpour": 320, "Hogwild!": 320, "elastic": 320,
    }  # fmt: skip
    seconds, waiting, staleness, loss = np.transpose([means(of) for of in runs.values()])
    # The slowest of four exponential delays takes 1 + 1/2 + 1/3 + 1/4 on average
    slowest, spread = 25 / 12, math.sqrt(1 + 1 / 4 + 1 / 9 + 1 / 16)
    assert abs(seconds[0] - 80 * slowest) < 3 * spread * math.sqrt(80 / 3)
    assert abs(waiting[0] - (1 - 1 / slowest)) < 0.04
    assert seconds.argmax() == 0
    assert loss.argmin() == 1
    assert loss.argmax() == 3
    assert staleness[[0, 3]] == pytest.approx(0)
    assert waiting[2] == pytest.approx(0.1 / 1.1, abs=0.02)
    assert waiting[[1, 3]] == pytest.approx(0)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (7, "Right. While one works"),
        (8, "one of them is the worker itself"),
        (3, "measured for four workers"),
        (0, "0 is a fresh gradient"),
        (3.5, "Half of the others"),
        (4, "Half of the workers"),
        (20, "Count who pushes"),
    ],
)
def test_the_staleness_of_eight_is_checked(lesson, answer, says):
    checked = lesson["check_eight"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_eight_workers_are_seven_late(lesson):
    run = lesson["hands"](mg.parallel.Downpour(lr=0.1), 8, epochs=60)[0]
    assert run.staleness.mean() == pytest.approx(7, abs=0.3)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.1545, "Right. The product"),
        (0.618, "limit for rate times curvature"),
        (0.5, "for fresh gradients. These"),
        (0.25, "one update late, not two"),
        (0.111, "three updates late"),
        (0.0027, "set to degrees"),
        (3, "above even the limit for fresh"),
        (0.3, "Read the limit"),
    ],
)
def test_the_largest_rate_is_checked(lesson, answer, says):
    checked = lesson["check_rate"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_largest_rate_is_that_of_the_roots():
    assert edge(2) / 4 == pytest.approx(0.1545, abs=1e-4)
    assert edge(1) / 4 == pytest.approx(0.25, abs=1e-6)
    assert edge(3) / 4 == pytest.approx(0.111, abs=5e-4)


CAREFUL = """class Careful(mg.parallel.Downpour):
    def weigh(self, rule, staleness, version):
        rate = {}
        rule.param_groups[0]["lr"] = rate
"""


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        ("self.lr / (1 + staleness)", "Right. At a staleness of 3"),
        ("...", "is still `...`"),
        ("self.lr", "for a staleness of 3 and of 9"),
        ("self.lr * (1 + staleness)", "old news count for more"),
        ('rule.param_groups[0]["lr"] / (1 + staleness)', "Begin from `self.lr` every time"),
        ("self.lr / (2 + staleness)", "take all of it at a staleness of 0"),
        ("self.lr / staleness", "ZeroDivisionError"),
        ("self.lr * (1 - staleness / 5)", "leads downhill no more"),
        ("self.lr / (1 + 0.01 * staleness)", "not by enough"),
    ],
)
def test_the_careful_server_is_checked(lesson, rate, says):
    checked = lesson["check_careful"](CAREFUL.format(rate))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_what_is_no_server_is_told_so(lesson):
    assert "made from `mg.parallel.Downpour`" in str(lesson["check_careful"]("Careful = 3"))
    assert "still to be written" in str(lesson["check_careful"]("x = 1"))
