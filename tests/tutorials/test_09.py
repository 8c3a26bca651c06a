"""Lesson 9: the rules by closed forms, the races by plain loops, the limits by eigenvalues."""

import math
from collections import defaultdict

import numpy as np
import pytest

import microgd as mg


def test_the_velocities_are_geometric_sums(lesson):
    k = np.arange(31)
    along, across = 1 - 0.036, 1 - 0.036 * 50  # what a step of SGD leaves of x and of y
    expected = [
        -9 * (0.9 ** (k + 1) - along ** (k + 1)) / (0.9 - along),
        100 * (0.9 ** (k + 1) - across ** (k + 1)) / (0.9 - across),
    ]
    np.testing.assert_allclose(lesson["velocities"], np.transpose(expected), rtol=1e-9)
    assert abs(lesson["velocities"][:, 1]).max() == pytest.approx(100)
    assert abs(lesson["velocities"][:, 0]).max() > 5 * 9


def radius(lr, beta, nesterov):
    """How much longer an error becomes in each step across the ravine, where L = 50, at worst."""
    g = 50 * lr
    velocity, weight = [beta, 50], [-lr * beta, 1 - g]
    if nesterov:
        weight = [-lr * beta * beta, 1 - g * (1 + beta)]
    return abs(np.linalg.eigvals([velocity, weight])).max()


@pytest.mark.parametrize(
    ("name", "beta", "formula"),
    [("sgd", 0, 2 / 50), ("momentum", 0.9, 3.8 / 50), ("nesterov", 0.9, 3.8 / (50 * 2.8))],
)
def test_the_limits_are_where_an_eigenvalue_passes_one(lesson, name, beta, formula):
    limit, below, above = lesson["limits"][name]
    assert limit == pytest.approx(formula, rel=1e-9)
    assert radius(0.999 * limit, beta, name == "nesterov") < 1
    assert radius(1.001 * limit, beta, name == "nesterov") > 1
    assert below < 1e-6
    assert above > 1e6


def test_the_momentum_guess_is_the_limit(lesson):
    right = [o for o in lesson["guess_limit"].options if o.startswith("0.076")]
    assert len(right) == 1
    assert lesson["limits"]["momentum"][0] == pytest.approx(0.076)


def test_the_rates_of_the_weights(lesson):
    for name, lr, keep, new in (("adagrad", 2.0, 1, 1), ("rmsprop", 0.2, 0.99, 0.01)):
        w, s, rates = np.array([-9.0, 2.0]), 0, []
        for _ in range(60):
            g = np.array([1, 50]) * w
            s = keep * s + new * g**2
            rates.append(lr / np.sqrt(s))
            w = w - rates[-1] * g
        np.testing.assert_allclose(lesson["rates_along"][name], rates, rtol=1e-6)
    assert (np.diff(lesson["rates_along"]["adagrad"], axis=0) <= 0).all()
    low, back = (
        lesson["rates_along"]["rmsprop"][:, 0].min(),
        lesson["rates_along"]["rmsprop"][-1, 0],
    )
    assert back > 1.2 * low


def steady(rule, steps, g=2.0):
    memory = defaultdict(float)
    return [rule(g, memory) for _ in range(steps)][-1]


def test_the_rules_on_a_steady_slope_are_closed_forms(lesson):
    t = 7
    assert steady(lesson["momentum"], t) == pytest.approx(2 * (1 - 0.9**t) / 0.1)
    assert steady(lesson["nesterov"], t) == pytest.approx(2 + 0.9 * 2 * (1 - 0.9**t) / 0.1)
    assert steady(lesson["adagrad"], t) == pytest.approx(1 / math.sqrt(t))
    assert steady(lesson["rmsprop"], t) == pytest.approx(1 / math.sqrt(1 - 0.99**t))
    assert steady(lesson["adam"], t) == pytest.approx(1)
    assert steady(lesson["adadelta"], 1) == pytest.approx(math.sqrt(1e-6 / 0.1), rel=1e-5)


def test_the_rules_are_those_that_train(lesson):
    assert set(lesson["apart"]) == set(lesson["race"].names) - {"sgd"}
    assert max(lesson["apart"].values()) < 1e-12


def steps_by_hand(lesson, name, degrees, share=1.0, steps=120):
    """Steps until the loss stays under a thousandth, by a loop in NumPy; None if it does not."""
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    hessian = turn @ np.diag([1.0, 50.0]) @ turn.T
    rate = share * {
        "sgd": 0.036, "momentum": 0.036, "nesterov": 0.65 * 0.036,
        "adagrad": 2.0, "adadelta": 1.0, "rmsprop": 0.2, "adam": 0.4,
    }[name]  # fmt: skip
    rule = (lambda g, _: g) if name == "sgd" else lesson[name]
    w, memory, losses = turn @ [-9.0, 2.0], defaultdict(float), []
    for _ in range(steps + 1):
        losses.append(w @ hessian @ w / 2)
        w = w - rate * rule(hessian @ w, memory)
    above = np.flatnonzero(np.array(losses) > losses[0] / 1000)
    return int(above[-1]) + 1 if above[-1] < steps else None


def test_who_is_first_in_the_ravine_is_so_by_hand(lesson):
    expected = {name: steps_by_hand(lesson, name, 0, steps=100) for name in lesson["reached"]}
    assert lesson["reached"] == expected
    assert expected["adadelta"] is None
    assert max(expected["adagrad"], expected["rmsprop"]) < expected["nesterov"] / 2  # "far ahead"
    assert expected["nesterov"] < expected["momentum"] < expected["sgd"]


def test_who_is_first_in_the_turned_ravine_is_so_by_hand(lesson):
    found = lesson["reached_45"]
    assert found == {name: steps_by_hand(lesson, name, 45) for name in found}
    assert [found[name] for name in ("sgd", "momentum", "nesterov")] == [78, 69, 45]  # as before
    assert found["sgd"] < min(found["adagrad"], found["rmsprop"])  # the answer to the guess


def test_no_better_rate_gives_the_lead_back(lesson):
    for name, (straight, turned) in lesson["best_rates"].items():
        for degrees, found in ((0, straight), (45, turned)):
            tried = [steps_by_hand(lesson, name, degrees, share) for share in (0.5, 1, 2, 4)]
            assert found == min(steps for steps in tried if steps)
    assert min(lesson["best_rates"][name][1] for name in ("adagrad", "rmsprop")) > 78
    assert lesson["best_rates"]["adam"][1] < 1.2 * lesson["best_rates"]["adam"][0]
    finer = [steps_by_hand(lesson, "adagrad", 45, 2**power) for power in np.arange(-2, 3.1, 0.25)]
    assert min(steps for steps in finer if steps) > 78  # nor does a rate in between


@pytest.mark.parametrize("degrees", [0, 90])
def test_the_sliders_ends_are_the_ravine_along_the_axes(lesson, degrees):
    race = lesson["race_turned"](degrees)
    for run in race.runs:
        assert run.reached(race.goal) == lesson["reached"][run.name]


def test_growth_from_the_ridge_is_exponential(lesson):
    for start in (1e-3, 1e-6):
        y, steps = start, 0
        while y <= 0.5:
            y, steps = y + 0.1 * (y - y**3), steps + 1
        assert lesson["away"][start]["sgd"] == steps
    away = lesson["away"]
    assert away[1e-6]["sgd"] - away[1e-3]["sgd"] == round(math.log(1000) / math.log(1.1)) == 72
    assert 1.7 < away[1e-6]["sgd"] / away[1e-3]["sgd"] < 2.3
    squares = ("adagrad", "rmsprop", "adam")
    assert max(away[1e-6][name] for name in squares) < away[1e-3]["momentum"]


def test_on_the_ridge_nobody_leaves_and_noise_helps_all(lesson):
    assert set(lesson["away"][0.0].values()) == {None}
    still = lesson["race_saddle"](0.0)
    assert all((run.points[:, 1] == 0).all() for run in still.runs)
    assert None not in lesson["away"]["noise"].values()


def test_the_slider_throws_out_who_passes_his_limit(lesson):
    ravine = mg.descent.SURFACES["ravine"]
    for share, thrown in lesson["thrown"].items():
        beyond = [
            name
            for name, (limit, *_) in lesson["limits"].items()
            if share * mg.descent.RULES[name].rate(ravine) > limit
        ]
        assert thrown == beyond
    assert lesson["thrown"][1.15] == ["sgd"]
    assert lesson["calm"] < 1e-3  # those that divide arrive all the same
    assert min(lesson["ends"](1 / 32).values()) > 1e-3  # "none of them arrives"


def cross_entropy(optimizer, data):
    """The loss of a network of two layers from its weights, in NumPy."""
    w1, b1, w2, b2 = (p.numpy() for p in optimizer.param_groups[0]["params"])
    scores = np.maximum(data.x @ w1.T + b1, 0) @ w2.T + b2
    scores = scores - scores.max(axis=1, keepdims=True)
    right = scores[np.arange(len(scores)), data.y]
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - right))


def test_the_losses_of_the_network_are_cross_entropies(lesson):
    digits = lesson["digits"]
    assert len(digits.x) == 1437
    for name, lr, seed in (("adam", 0.01, 1), ("sgd", 1.0, 2)):
        optimizer, loss = lesson["train"](name, lr, seed)
        assert loss == pytest.approx(cross_entropy(optimizer, digits), rel=1e-5)
        assert lesson["losses"][name][lesson["tried"].index(lr), seed] == loss
    assert sum(p.size for p in optimizer.param_groups[0]["params"]) == 2410


def test_adams_lead_is_one_of_the_rate(lesson):
    same, best = lesson["same"], lesson["best"]
    assert same["adam"] < same["sgd"] / 5  # "Adam is far ahead"
    assert 1 / 3 < best["adam"][1] / best["sgd"][1] < 3
    rates = {name: rate for name, (rate, _) in best.items()}
    assert rates == {
        "sgd": 1.0, "momentum": 0.1, "nesterov": 0.1, "adagrad": 0.1,
        "adadelta": 10.0, "rmsprop": 0.01, "adam": 0.1,
    }  # fmt: skip
    leaders = {min(best, key=lambda n, i=i: lesson["losses"][n][i].mean()) for i in range(5)}
    assert len(leaders) >= 3  # at any rate in common another rule wins


class Recorder(mg.optim.Adagrad):
    """Adagrad that adds up the squares once more, by itself."""

    total = 0.0

    def step(self):
        self.total = self.total + self.param_groups[0]["params"][0].grad ** 2
        super().step()


def test_the_memory_as_a_picture_is_the_sum_of_squares(lesson):
    digits = lesson["digits"]
    model = mg.nn.MLP([64, 32, 10], rng=0)
    rule = Recorder(model.parameters(), lr=0.1)
    mg.train.fit(model, digits, rule, epochs=3, batch_size=64, rng=0, progress=False)
    blank = ~digits.x.any(axis=0)
    rates = lesson["pixel_rates"]
    assert (np.isnan(rates) == blank).all()
    expected = 0.1 / np.sqrt(rule.total.mean(axis=0)[~blank])
    np.testing.assert_allclose(rates[~blank], expected, rtol=1e-4)
    order = np.argsort(lesson["ink"][~blank])
    assert rates[~blank][order[:10]].min() > 5 * rates[~blank][order[-10:]].max()  # rare, often


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (10, "Right. A velocity v that does not change"),
        (1, "a mean of gradients, as Adam keeps it"),
        (1.9, "after the second step"),
        (9, "what is left of the old velocity"),
        (0.9, "the share that is kept"),
        (100, "It gives 91, so it is still changing"),
    ],
)
def test_the_velocity_is_checked(lesson, answer, says):
    checked = lesson["check_velocity"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_velocity_of_the_exercise_is_ten(lesson):
    assert steady(lesson["momentum"], 500, g=1.0) == pytest.approx(10)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.1, "Right. In the first step"),
        (-0.1, "Right"),
        (100, "the step of SGD"),
        (0.01, "a tenth of the gradient"),
        (0.316, "without the two corrections"),
        (1, "the learning rate is still to come"),
        (0.0001, "divides by the square"),
        (7, "what is the mean, what the square"),
    ],
)
def test_adams_first_step_is_checked(lesson, answer, says):
    checked = lesson["check_adam"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_adams_typical_wrong_answers_are_what_is_said_of_them():
    g = 1000
    assert 0.1 * 0.1 * g / math.sqrt(0.001 * g * g) == pytest.approx(0.316, rel=0.01)
    weight = mg.Tensor(0.0, requires_grad=True)
    rule = mg.optim.Adam([weight], lr=0.1)
    weight.grad = 1000.0
    rule.step()
    assert weight.item() == pytest.approx(-0.1, rel=1e-6)


STEP = "def step(w, g, s):\n    s = {}\n    w = {}\n    return w, s\n"
MEAN = "0.9 * s + 0.1 * g**2"
MOVE = "w - 0.1 * g / (np.sqrt(s) + 1e-8)"
EARLY = f"def step(w, g, s):\n    w = {MOVE}\n    s = {MEAN}\n    return w, s\n"


@pytest.mark.parametrize(
    ("memory", "move", "says"),
    [
        (MEAN, MOVE, "Right. The same weights"),
        ("...", MOVE, "TypeError"),
        (MEAN, "...", "`w` is still `...`"),
        ("s + g**2", MOVE, "That is Adagrad"),
        ("0.9 * s + g**2", MOVE, "the new one counts in full"),
        ("0.9 * s + 0.1 * g", "w - 0.1 * g", "a mean of the gradients"),
        ("0.1 * s + 0.9 * g**2", MOVE, "the wrong way round"),
        ("s", "w - 0.1 * g", "Your `s` stays as it was"),
        ("0.99 * s + 0.01 * g**2", MOVE, "no mean of squares that fades by 0.9"),
        (MEAN, "w + 0.1 * g / (np.sqrt(s) + 1e-8)", "It goes uphill"),
        (MEAN, "w - 0.1 * g / (s + 1e-8)", "divide by `s` itself"),
        (MEAN, "w - 0.1 * g", "that is SGD"),
        (MEAN, "w - g / (np.sqrt(s) + 1e-8)", "The learning rate is missing"),
        (MEAN, "w - 0.2 * g / (np.sqrt(s) + 1e-8)", "follow the two lines of `rmsprop`"),
        (MEAN, "w -", "SyntaxError"),
    ],
)
def test_a_step_of_rmsprop_is_checked(lesson, memory, move, says):
    checked = lesson["check_rmsprop"](STEP.format(memory, move))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (EARLY, "what `s` was before this gradient came"),
        ("def step(w, g, s):\n    return w", "return two things"),
        ("s = 1", "`step` is still to be written"),
    ],
)
def test_other_slips_with_rmsprop_are_told(lesson, code, says):
    checked = lesson["check_rmsprop"](code)
    assert says in str(checked)
    assert not checked.right
