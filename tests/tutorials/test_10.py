"""Lesson 10: floors and ends by the recursion of the mean square, rates by their formulas."""

import math

import numpy as np
import pytest

import microgd as mg

# The loss of one walker has a standard deviation of about its mean (of two squares of normals), so
# the mean of 1000 is off by 1 / sqrt(1000) of it; four times that is not to be expected once
FOUR_DEVIATIONS = 4 / math.sqrt(1000)


def test_the_floors_are_proportional_to_the_rate(lesson):
    for rate, floor in lesson["floors"].items():
        assert floor == pytest.approx(rate / (2 - rate), rel=FOUR_DEVIATIONS)
    assert 0.4 < lesson["floors"][0.1] / lesson["floors"][0.2] < 0.6  # the answer to the guess
    slow, fast = lesson["at_constant"][0.02][0], lesson["at_constant"][0.5][0]
    assert slow[100] > 0.9 * fast[100]
    assert slow[300] < fast[300] / 20


def cosine(start, end, share):
    return end + (start - end) * (1 + np.cos(np.pi * share)) / 2


def formulas():
    """Each schedule of the page, in NumPy."""
    t = np.arange(300)
    restarts = [cosine(0.5, 0, np.arange(n) / n) for n in (20, 40, 80, 160)]
    phase = t % 60
    return {
        "constant": np.full(300, 0.5),
        "step": np.repeat([0.5, 0.05, 0.005], 100),
        "milestones": np.repeat([0.5, 0.05, 0.005], [150, 75, 75]),
        "exponential": 0.5 * 0.985**t,
        "inverse time": 0.5 / (1 + 0.3 * t),
        "linear": 0.5 * (300 - t) / 300,
        "cosine": cosine(0.5, 0, t / 300),
        "warm-up, cosine": np.where(t < 50, 0.01 + 0.49 * t / 50, cosine(0.5, 0, (t - 50) / 250)),
        "one cycle": np.where(
            t <= 89, cosine(0.02, 0.5, t / 89), cosine(0.5, 2e-6, (t - 89) / 210)
        ),
        "cyclic": 0.02 + 0.48 * (1 - abs(phase - 30) / 30),
        "warm restarts": np.concatenate(restarts),
    }


def test_the_curves_are_those_of_the_formulas(lesson):
    expected = formulas()
    assert set(lesson["plans"]) == {*expected, "plateau"}
    for name, rates in expected.items():
        np.testing.assert_allclose(lesson["preview"](name), rates, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(lesson["walks"][name][1], rates, atol=1e-12, err_msg=name)


def mean_losses(rates):
    """The mean loss after each step, the variance and the mean of a walker apart."""
    left = np.concatenate([[1.0], np.cumprod(1 - np.asarray(rates))])
    variance = [0.0]
    for rate in rates:
        variance.append((1 - rate) ** 2 * variance[-1] + rate**2)
    return (6 * left) ** 2 / 2 + np.array(variance)  # a variance in x, and one in y, halved


def test_the_walkers_end_where_the_recursion_says(lesson):
    for name, (losses, rates, _) in lesson["walks"].items():
        expected = mean_losses(rates)
        assert lesson["calculated"][name] == pytest.approx(expected[-1], rel=1e-9)
        five = 5 / math.sqrt(1000)  # there are 3600 of these: one in 15000 is beyond four
        np.testing.assert_allclose(losses, expected, rtol=five, err_msg=name)
        assert lesson["ends"][name] == losses[-1]


def test_the_plateau_waits_for_the_loss(lesson):
    losses, rates, _ = lesson["walks"]["plateau"]
    rate, best, bad = 0.5, math.inf, 0
    for t in range(300):
        assert rates[t] == pytest.approx(rate)
        if losses[t] < best * (1 - 1e-4):
            best, bad = losses[t], 0
        else:
            bad += 1
        if bad > 15:
            rate, bad = rate / 2, 0


def test_what_is_said_of_the_order_is_so(lesson):
    def after_300(rate):  # the sum of the geometric series, no recursion
        q = (1 - rate) ** 600
        return 18 * q + rate / (2 - rate) * (1 - q)

    rates = np.geomspace(0.001, 0.9, 20000)
    best = rates[after_300(rates).argmin()]
    assert lesson["best_constant"] == pytest.approx(best, rel=0.02)  # among 200
    assert lesson["best_end"] == pytest.approx(after_300(best), rel=FOUR_DEVIATIONS)
    assert lesson["passed"] == ["inverse time", "exponential"]
    below = [name for name, end in lesson["calculated"].items() if end < 0.9 * after_300(best)]
    assert sorted(below) == sorted(lesson["passed"])  # and not by chance
    assert lesson["calculated"]["plateau"] == pytest.approx(after_300(best), rel=0.1)  # "level"
    falling = [end for name, end in lesson["ends"].items() if name not in {"constant", "cyclic"}]
    assert max(falling) < lesson["ends"]["constant"] / 10
    assert lesson["ends"]["cyclic"] > lesson["ends"]["constant"] / 10
    assert lesson["walks"]["cyclic"][1][-1] < 0.04  # "ends as small"
    assert lesson["best_walk"][50] > 50 * lesson["walks"]["inverse time"][0][50]


def test_the_two_that_race_see_the_same_noise(lesson):
    race = lesson["race"]
    noise = [race[name].seen - race[name].gradients for name in ("constant", "cosine")]
    np.testing.assert_allclose(*noise, atol=1e-12)
    assert (race["constant"].rates == 0.5).all()
    np.testing.assert_allclose(
        race["cosine"].rates, cosine(0.5, 0, np.arange(101) / 100), atol=1e-12
    )
    assert race["cosine"].losses[-20:].mean() < race["constant"].losses[-20:].mean() / 5


def test_a_rate_that_falls_too_fast_stops_on_the_way(lesson):
    stops = 6 * math.prod(1 - 0.2 * 0.9**k for k in range(2000))
    assert lesson["too_fast"][-1] == pytest.approx(stops, rel=1e-12)
    assert abs(stops - 0.7) < 0.05
    for steps in (50, 10000):  # (t + 8) / (t + 10), multiplied: all but the ends cancel
        expected = 6 * 8 * 9 / ((steps + 8) * (steps + 9))
        assert lesson["by_time"][steps - 1] == pytest.approx(expected, rel=1e-9)


def test_the_sliders_ends_do_what_the_text_says(lesson):
    t = np.arange(300)
    for found, rates in (
        ("forgiven", 3 * 0.985**t),
        ("thrown_out", np.repeat([3, 0.3, 0.03], 100)),
        ("timid", 0.005 * 0.985**t),
        ("steady", np.full(300, 0.005)),
    ):
        np.testing.assert_allclose(lesson[found], mean_losses(rates), rtol=1e-6)
    assert lesson["forgiven"].max() > 1e9
    assert lesson["forgiven"][-1] < 0.1
    assert lesson["thrown_out"][-1] > 1e20
    assert lesson["timid"][-1] > 5 * lesson["steady"][-1]
    for name in lesson["which"].options:
        for rate in (0.005, 3):
            losses = lesson["walk"](lesson["plans"][name], rate, steps=40)[0]
            diverges = rate == 3 and name in {"constant", "step", "milestones", "cosine", "linear"}
            assert (losses[-1] > 1e9) == diverges


def test_each_schedule_can_be_drawn_from_both_ends_of_the_slider(lesson):
    for rate in (0.005, 3):
        figure = lesson["draw_walk"]("exponential", rate)
        assert f"from {rate:g}" in figure.axes[0].get_title(loc="left")


def by_hand(data, plan, lr, seed):
    """The same training with rates from a function, and the loss in NumPy."""
    model = mg.nn.MLP([64, 64, 64, 64, 10], rng=seed)
    rule = mg.optim.Adam(model.parameters(), lr=lr)
    schedule = mg.train.Scheduled(mg.optim.LambdaLR(rule, plan), each="step")
    mg.train.fit(
        model, data, rule, epochs=6, batch_size=64, rng=seed, callbacks=[schedule], progress=False
    )
    parameters = [p.numpy() for p in model.parameters()]
    a = data.x
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        a = np.maximum(a @ weight.T + bias, 0)
    scores = a @ parameters[-2].T + parameters[-1]
    scores = scores - scores.max(axis=1, keepdims=True)
    right = scores[np.arange(len(a)), data.y]
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - right))


def test_the_runs_on_digits_are_so_by_hand(lesson):
    digits = lesson["digits"]

    def down(t):
        return (1 + math.cos(math.pi * t / 138)) / 2

    def up_and_down(t):
        return (1 + 22 * t / 23) / 23 if t < 23 else (1 + math.cos(math.pi * (t - 23) / 115)) / 2

    for found, plan, lr in (
        (lesson["trained"]["constant"][0.01], lambda t: 1.0, 0.01),
        (lesson["trained"]["cosine"][0.03], down, 0.03),
        (lesson["warm"][0.1], up_and_down, 0.1),
    ):
        assert found[0] == pytest.approx(by_hand(digits, plan, lr, 0), rel=1e-3)
    assert len(lesson["at_once"]["lr"]) == 138 == lesson["steps"]
    expected = [0.1 * up_and_down(t) for t in range(138)]
    np.testing.assert_allclose(lesson["slowly"]["lr"], expected, atol=1e-12)


def test_what_is_said_of_the_runs_on_digits_is_so(lesson):
    (constant, at), (cosine_, start) = (lesson["best_of"][k] for k in ("constant", "cosine"))
    assert start > at  # "the cosine's best rate is the larger one"
    assert cosine_ < constant / 2
    trained, warm = lesson["trained"], lesson["warm"]
    assert trained["cosine"][0.003].mean() > trained["constant"][0.003].mean()
    assert warm[0.1].mean() < trained["cosine"][0.1].mean() / 2  # the answer to the guess
    assert warm[0.1].max() < trained["cosine"][0.1].min()
    assert abs(warm[0.03].mean() - trained["cosine"][0.03].mean()) < 0.01  # "hardly matters"
    assert min(trained["constant"][0.1].mean(), trained["cosine"][0.1].mean()) > 0.2  # "bad"


def test_adams_first_step_is_as_long_as_the_rate(lesson):
    assert lesson["moved"] == pytest.approx(0.1, rel=1e-3)
    weight = mg.nn.MLP([64, 64, 64, 64, 10], rng=0).parameters()[2].numpy()
    assert weight.shape == (64, 64)
    assert lesson["size"] == pytest.approx(weight.std(), rel=0.02)
    assert lesson["at_once"]["loss"].max() > 5 * lesson["slowly"]["loss"].max()


def test_restarts_are_good_places_to_stop_and_no_more(lesson):
    restarted, single = lesson["restarted"], lesson["single"]
    for end in (20, 60, 140):
        assert restarted[end] < single[end] / 3
        assert restarted[end + 5] > 3 * restarted[end]
    assert single[300] < restarted[300]
    assert lesson["cycle_ends"] == tuple(np.cumsum([20, 40, 80, 160]))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.1, "Right. Three tens"),
        (0.05, "You halved four times"),
        (0.2, "You halved twice"),
        (0.4, "You halved once"),
        (0.0707, "a step schedule stays level"),
        (0.2667, "You divided by 3"),
        (0.8 * 0.5**35, "after each epoch"),
        (-0.4, "never below 0"),
        (6.4, "it cannot be above"),
        (0.33, "How many times is the rate halved"),
    ],
)
def test_the_step_schedule_is_checked(lesson, answer, says):
    checked = lesson["check_step"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_rate_of_the_exercise_is_a_tenth():
    rule = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=0.8)
    assert mg.optim.StepLR(rule, step_size=10, gamma=0.5).preview(36)[35] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "A larger rate has a higher floor"),
        (1, "here the beginning was good"),
        (2, "Right. It looks like a noise floor"),
        (3, "would take ten times as long"),
        (4, "each step brings as much in"),
    ],
)
def test_the_friends_floor_is_checked(lesson, number, says):
    checked = lesson["check_friend"](lesson["answer_friend"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 2)


RATE = "def rate(t):\n    if t < 10:\n        return {}\n    return {}\n"
CLIMB = "0.04 * (t + 1)"
FALL = "0.4 * (1 + np.cos({})) / 2"
ANGLE = "np.pi * (t - 10) / 90"


@pytest.mark.parametrize(
    ("climb", "angle", "says"),
    [
        (CLIMB, ANGLE, "Right. The same 101 rates"),
        ("...", ANGLE, "`rate(0)` gives no number yet"),
        (CLIMB, "...", "TypeError"),
        ("0.04 * t", ANGLE, "It begins at 0"),
        ("0.4", ANGLE, "no warm-up"),
        ("0.1 * (t + 1)", ANGLE, "the top is 0.4"),
        ("0.4 - 0.04 * t", ANGLE, "it should go up"),
        ("0.03 * t", ANGLE, "it should be 0.04, 0.08 and 0.4"),
        (CLIMB, "np.pi * t / 100", "it should count from 10"),
        (CLIMB, "np.pi * (t - 10) / 100", "not at 0 when t is 100"),
        (CLIMB, "np.pi * t / 90", "too far at t = 10"),
        (CLIMB, "(t - 10) / 90", "to 1, not to π"),
        (CLIMB, "2 * np.pi * (t - 10) / 90", "comes up again"),
        (CLIMB, "180 * (t - 10) / 90", "radians"),
        (CLIMB, "np.pi * (t - 5) / 90", "it should be 0.4, 0.2 and 0"),
        (CLIMB, "np.pi * (t -", "SyntaxError"),
    ],
)
def test_a_warm_up_and_a_cosine_are_checked(lesson, climb, angle, says):
    checked = lesson["check_rate"](RATE.format(climb, FALL.format(angle)))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_without_the_function_it_is_said_what_is_missing(lesson):
    assert "`rate` is still to be written" in str(lesson["check_rate"]("t = 1"))
