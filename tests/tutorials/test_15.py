"""The closing page: every deciding number against plain NumPy, and every verdict against those."""

import math
from itertools import pairwise

import numpy as np
import pytest

import microgd as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def weight_gradients(net, x, y):
    """d loss / d weight of each layer of a sigmoid network, in plain NumPy."""
    dense = [layer for layer in net.layers if hasattr(layer, "weight")]
    inputs, z = [np.asarray(x)], None
    for layer in dense:
        z = inputs[-1] @ layer.weight.numpy().T + layer.bias.numpy()
        inputs.append(sigmoid(z))
    scores = np.exp(z - z.max(axis=1, keepdims=True))
    g = scores / scores.sum(axis=1, keepdims=True)
    g[np.arange(len(y)), y] -= 1
    g, found = g / len(y), []
    for layer, a in zip(reversed(dense), reversed(inputs[:-1]), strict=True):
        found.insert(0, (g.T @ a, g.sum(axis=0)))
        g = (g @ layer.weight.numpy()) * a * (1 - a)
    return found


@pytest.fixture(scope="module")
def vanishing(lesson):
    """The gradients of statement 1 by hand: weights and biases of each layer."""

    def init(shape, rng=None, dtype=float):
        return mg.nn.init.normal(shape, rng=rng, std=1 / 8, dtype=dtype)

    net = mg.nn.MLP([64] * 11 + [10], "sigmoid", init=init, rng=3)
    return weight_gradients(net, lesson["images"], lesson["labels"])


def lengths(gradients):
    return [np.linalg.norm(weight) for weight, _ in gradients]


def test_clipping_by_norm_multiplies_all_by_one_factor(lesson, vanishing):
    np.testing.assert_allclose(lesson["unclipped"], lengths(vanishing), rtol=1e-9)
    whole = math.sqrt(sum((w**2).sum() + (b**2).sum() for w, b in vanishing))
    expected = np.array(lengths(vanishing)) * 0.01 / (whole + 1e-6)
    np.testing.assert_allclose(lesson["by_norm"], expected, rtol=1e-9)


def test_clipping_by_value_only_takes(lesson, vanishing):
    expected = [np.linalg.norm(np.clip(weight, -0.01, 0.01)) for weight, _ in vanishing]
    np.testing.assert_allclose(lesson["by_value"], expected, rtol=1e-9)
    for how in ("by_norm", "by_value"):
        assert all(c <= u for c, u in zip(lesson[how], lesson["unclipped"], strict=True))
    assert lesson["by_norm"][0] < lesson["by_value"][0] == lesson["unclipped"][0] < 1e-6
    share = [lengths[0] / lengths[-1] for lengths in (lesson["unclipped"], lesson["by_norm"])]
    assert share[0] == pytest.approx(share[1])  # "stays, as it was"


@pytest.mark.parametrize("norm", [0.5, 0.9, 1, 1.5, 3, 8])
@pytest.mark.parametrize(("activation", "steepest"), [("relu", 1), ("tanh", 1), ("sigmoid", 0.25)])
def test_no_layer_lengthens_by_more_than_norm_times_slope(lesson, activation, steepest, norm):
    left = lesson["left"](activation, norm)
    assert len(left) == 20
    assert all(
        earlier <= later * norm * steepest * (1 + 1e-12) for earlier, later in pairwise(left)
    )


@pytest.mark.parametrize("norm", [0.9, 1.5])
def test_without_activations_the_norm_is_the_gain(lesson, norm):
    np.testing.assert_allclose(
        lesson["left"]("identity", norm), norm ** np.arange(19.0, -1, -1), rtol=1e-9
    )


def test_a_norm_above_one_is_necessary_and_not_sufficient(lesson):
    above = {name: left[0] for name, left in lesson["above"].items()}
    assert above["identity"] == pytest.approx(1.5**19)
    assert above["sigmoid"] < 0.375**19
    assert 1 < above["relu"] < 10
    assert 1 < above["tanh"] < 10
    assert lesson["most_below"] == pytest.approx(0.9**19)  # of all, and it is the bound


def test_the_slider_answers_what_it_asks(lesson):
    left = lesson["left"]
    assert left("relu", 1.4)[0] == pytest.approx(1, abs=0.35)  # "keep": near the root of 2
    assert left("relu", 1.2)[0] < 0.1
    assert left("relu", 1.6)[0] > 5
    assert all(left("sigmoid", norm)[0] < 1 for norm in (5, 6, 8))  # "even then they saturate"
    assert left("identity", 0.5)[0] < 1e-5
    assert left("identity", 8)[0] > 1e10
    assert lesson["norm"].value == 1.5


def descend(slope, lr, box, steps=300):
    x0, x1, y0, y1 = box
    x, y = np.meshgrid(np.linspace(x0, x1, 41), np.linspace(y0, y1, 33))
    for _ in range(steps):
        dx, dy = slope(x, y)
        x, y = x - lr * dx, y - lr * dy
    return x, y


def bumps_slope(x, y):
    return (x / 20 + 0.4 * np.sin(x) * np.cos(y), y / 20 + 0.4 * np.cos(x) * np.sin(y))


def test_descent_ends_where_it_ends_by_hand(lesson):
    x, y = descend(bumps_slope, 0.3, (-10, 10, -8, 8))
    loss = (x**2 + y**2) / 40 + 0.4 * (1 - np.cos(x) * np.cos(y))
    np.testing.assert_allclose(lesson["ends"]["bumps"], loss, atol=1e-9)
    assert lesson["found"] == {"bumps": (np.hypot(x, y) < 0.1).mean(), "bowl": 1.0}


def test_all_others_end_in_a_dent(lesson):
    x, y = descend(bumps_slope, 0.3, (-10, 10, -8, 8))
    assert np.hypot(*bumps_slope(x, y)).max() < 1e-9
    along, across = 0.05 + 0.4 * np.cos(x) * np.cos(y), 0.4 * np.sin(x) * np.sin(y)
    assert (along > np.abs(across)).all(), "the Hessian is positive: a minimum"
    assert 0.3 < 0.25 * 2 / (0.05 + 0.4), "far under 2/L"


def test_relu_without_hes_factor_leaves_the_root_of_one_half_each_time(lesson):
    assert lesson["plain"][0] == pytest.approx(math.sqrt(0.5) ** 19, rel=0.5)
    assert lesson["he"][0] == pytest.approx(1, abs=0.5)
    # every gain of the one is that of the other times the root of 2: the weights differ by that
    np.testing.assert_allclose(
        np.array(lesson["he"]) / lesson["plain"], 2 ** (np.arange(19, -1, -1) / 2), rtol=0.05
    )


def test_dead_units_are_zero_for_every_digit(lesson):
    x, y = lesson["digits"].x, lesson["digits"].y
    net = mg.nn.MLP([64, 64, 64, 64, 10], "relu", rng=0)
    weights = [
        [layer.weight.numpy().copy(), layer.bias.numpy().copy()]
        for layer in net.layers
        if hasattr(layer, "weight")
    ]

    def forward(x):
        inputs = [x]
        for weight, bias in weights:
            inputs.append(np.maximum(inputs[-1] @ weight.T + bias, 0))
        return inputs, inputs[-2] @ weights[-1][0].T + weights[-1][1]

    def gradients(x, y):
        inputs, z = forward(x)
        g = np.exp(z - z.max(axis=1, keepdims=True))
        g /= g.sum(axis=1, keepdims=True)
        g[np.arange(len(y)), y] -= 1
        g, found = g / len(y), []
        for k in range(3, -1, -1):
            found.insert(0, (g.T @ inputs[k], g.sum(axis=0)))
            g = (g @ weights[k][0]) * (inputs[k] > 0)
        return found

    for step in range(30):
        batch = slice(50 * step, 50 * step + 50)
        for pair, slopes in zip(weights, gradients(x[batch], y[batch]), strict=True):
            for value, slope in zip(pair, slopes, strict=True):
                value -= 2.0 * slope
    dead = [(a == 0).all(axis=0).mean() for a in forward(x)[0][1:4]]
    assert lesson["dead_large"] == dead
    assert dead[-1] == 1.0
    assert lesson["grad_large"] == 0.0 == np.abs(gradients(x, y)[0][0]).max()
    assert max(lesson["dead_small"]) < 0.1
    assert lesson["grad_small"] > 0


def adam(factor, steps=50, lr=0.1, eps=1e-8):
    w, m, v, places = np.array([-9.0, 2.0]), 0.0, 0.0, []
    for t in range(1, steps + 2):
        places.append(w)
        g = factor * w * [1, 50]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + eps)
    return np.array(places)


@pytest.mark.parametrize("factor", [1, 1e3, 1e-3, 1e-8, 1e-10, 1e-12])
def test_adams_path_is_that_of_the_paper(lesson, factor):
    np.testing.assert_allclose(lesson["path"](factor), adam(factor), rtol=1e-6, atol=1e-9)


def test_adam_is_blind_to_scale_up_to_eps(lesson):
    for factor, apart in lesson["apart"].items():
        assert apart == pytest.approx(np.abs(adam(factor) - adam(1)).max(), rel=1e-3, abs=1e-9)
    assert lesson["apart"][1e3] < 1e-7
    assert lesson["apart"][1e-3] < 1e-4
    assert 0.1 < lesson["apart"][1e-8] < 1 < lesson["apart"][1e-10]
    start, first = lesson["path"](1e-12)[:2]  # the slider's left end: hardly a step
    assert np.abs(first - start).max() < 0.1 * 100 * 1e-12 / 1e-8 * 1.01


def test_adagrads_steps_are_those_of_the_formula(lesson):
    t = np.arange(1, 1001)
    np.testing.assert_allclose(lesson["even"], 1 / np.sqrt(t), rtol=1e-6)
    np.testing.assert_allclose(lesson["spiked"][1:], 1 / np.sqrt(1e6 + t[1:] - 1), rtol=1e-6)
    assert lesson["even"].sum() == pytest.approx(2 * math.sqrt(1000), rel=0.03)
    assert lesson["even"][1:].sum() / lesson["even"][1:250].sum() == pytest.approx(2, rel=0.05)
    assert lesson["spiked"][1:].sum() == pytest.approx(1, rel=0.01)
    v, forgetful = 0.01 * 1e6, []
    for _ in t[1:]:
        v = 0.99 * v + 0.01
        forgetful.append(0.1 / math.sqrt(v))
    np.testing.assert_allclose(lesson["forgetful"][1:], forgetful, rtol=1e-5)
    assert forgetful[-1] > 20 * lesson["spiked"][-1]


def test_the_larger_partial_derivative_needs_the_smaller_step(lesson):
    np.testing.assert_allclose(lesson["slopes"], [-9, 100])
    assert lesson["too_far"] == pytest.approx(50)
    w, shrink, steps = np.array([-9.0, 2.0]), np.array([49 / 51, -49 / 51]), 0
    while w**2 @ [1, 50] > 1e-3 * (81 + 50 * 4):  # a thousandth of the start
        w, steps = w * shrink, steps + 1
    assert lesson["needed"] == {"ravine": steps, "bowl": 1}
    assert lesson["narrow"].goal == pytest.approx(1e-3 * (81 + 50 * 4) / 2)
    np.testing.assert_allclose(lesson["even_axes"]["sgd"].points[1], 0, atol=1e-12)


def walk(y, pull, pulls):
    found = [abs(y)]
    for sign in pulls:
        y = y - 0.1 * (-y + y**3 + sign * pull)
        found.append(abs(y))
    return np.array(found)


def test_noise_leaves_the_ridge_and_the_full_gradient_does_not(lesson):
    full, stochastic = lesson["full"], lesson["stochastic"]
    assert (full[:, 0] == 0).all()
    for column, start in ((1, 1e-3), (2, 1e-6)):
        by_hand = walk(start, 0.0, [0] * 150)
        np.testing.assert_allclose(full[:, column], by_hand, rtol=1e-9)
        assert lesson["left_full"][column] == np.flatnonzero(by_hand > 0.5)[0]
    signs = np.random.default_rng(0).choice([-1, 1], size=(150, 200))
    by_hand = walk(np.zeros(200), 0.1, signs)
    np.testing.assert_allclose(stochastic, by_hand, rtol=1e-6, atol=1e-9)
    assert lesson["left_full"][0] is None
    assert lesson["got_away"] == (by_hand > 0.5).any(axis=0).sum() == 200
    assert lesson["typical"] == np.median((by_hand > 0.5).argmax(axis=0)) < lesson["left_full"][1]


def test_the_table_has_eight_verdicts_and_each_is_one_of_the_answers(lesson):
    verdicts = lesson["verdicts"]
    said = [verdict for _, verdict, _, _ in verdicts]
    sometimes = "true on a condition"
    assert said == [
        "false", sometimes, "false", "false", sometimes, sometimes, sometimes, "true",
    ]  # fmt: skip
    assert set(said) == set(lesson["SAID"])
    assert all(any(letter.isdigit() for letter in number) for _, _, number, _ in verdicts)
    guesses = ("clipping", "norm", "global", "relu", "adam", "adagrad", "larger", "noise")
    for guess, (statement, *_) in zip(guesses, verdicts, strict=True):
        assert statement in lesson[f"guess_{guess}"].question


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.1 * 2e-8 / (2e-8 + 1e-8), "Right. Two thirds"),
        (0.067, "Right"),
        (0.1, "without `eps`"),
        (0.2, "the denominator is their sum"),
        (2e-9, "the step of plain descent"),
        (0.05, "this one is twice as large"),
        (0.0333, "above the fraction's bar"),
        (0.667, "the rate is still to be multiplied"),
        (-0.067, "it has no sign"),
        (7, "the formula of statement 5"),
        (0, "the formula of statement 5"),
    ],
)
def test_adams_first_step_is_checked(lesson, answer, says):
    checked = lesson["check_step"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "every unit sees the same one"),
        (1, "makes the same steps longer. Measured"),
        (2, "measured, the weights move by up to"),
        (3, "Right. Measured: the weights moved by up to"),
    ],
)
def test_the_equal_units_are_checked(lesson, number, says):
    checked = lesson["check_equal"](lesson["answer_equal"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 3)


@pytest.mark.parametrize("lr", [0.1, 1.0])
def test_equal_units_stay_equal(lesson, lr):
    before, after = lesson["train_equals"](lr)
    assert np.abs(after - before).max() > 0.1
    assert np.ptp(after, axis=0).max() < 1e-12


CLIP = (
    "def clip(gradients, limit):\n    length = {}\n    factor = {}\n"
    "    return [factor * g for g in gradients]"
)
HEAD = "def clip(gradients, limit):\n    return "
LENGTH = "np.sqrt(sum((g**2).sum() for g in gradients))"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (CLIP.format(LENGTH, "min(1, limit / length)"), "Right. Under the limit of 6.5"),
        (CLIP.format(LENGTH, "min(1, limit / (length + 1e-6))"), "Right"),
        (CLIP.format(LENGTH, "limit / length if length > limit else 1"), "Right"),
        (CLIP.format(LENGTH, "limit / length"), "what is within the limit must not change"),
        (CLIP.format(LENGTH, "1"), "is still 13 afterwards"),
        (CLIP.format(LENGTH, "length / limit"), "Upside down"),
        (CLIP.format(LENGTH, "limit"), "a length of 13 is 84.5 afterwards"),
        (
            CLIP.format("sum((g**2).sum() for g in gradients)", "min(1, limit / length)"),
            "the length is its root",
        ),
        (
            CLIP.format("sum(np.linalg.norm(g) for g in gradients)", "min(1, limit / length)"),
            "what is added is their squares",
        ),
        (
            HEAD + "[g * min(1, limit / np.linalg.norm(g)) for g in gradients]",
            "by a factor of its own",
        ),
        (HEAD + "[np.clip(g, -limit, limit) for g in gradients]", "clipping by value"),
        ("def clip(gradients, limit):\n    pass", "A list is asked for"),
        (HEAD + "gradients[:1]", "A list is asked for"),
        (HEAD + "[1, 2]", "of the same shape"),
        (CLIP.format("...", "..."), "Line 4"),
        (CLIP.format(LENGTH, "min(1, limit / lenght)"), "NameError: name 'lenght'"),
        ("length = 3", "`clip` is still to be written"),
    ],
)
def test_clipping_by_ones_own_hand_is_checked(lesson, code, says):
    checked = lesson["check_clip"](code)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_pictures_show_what_is_said(lesson):
    (ax,) = lesson["draw_left"](1.5).axes
    assert [line.get_ydata()[0] for line in ax.lines[:4]] == [
        left[0] for left in lesson["above"].values()
    ]
    (ax,) = lesson["draw_path"](-10).axes
    np.testing.assert_allclose(np.array(ax.lines[1].get_data()).T, lesson["path"](1e-10))
