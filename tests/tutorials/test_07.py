"""Lesson 7: gains by hand, by the engine's own sweep, and by integrals done another way."""

import math

import numpy as np
import pytest

import microgd as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_the_chain_of_four_is_what_a_calculator_says(lesson):
    h = [1.0]
    for _ in range(4):
        h.append(1 / (1 + math.exp(-h[-1])))
    gradients = [2 * (h[4] - 1)]
    for k in (4, 3, 2):
        gradients.insert(0, gradients[0] * h[k] * (1 - h[k]))
    np.testing.assert_allclose(lesson["chain_gradients"], np.abs(gradients), rtol=1e-12)
    np.testing.assert_allclose(lesson["chain_gains"], [x * (1 - x) for x in h[1:]], rtol=1e-12)
    assert max(lesson["chain_slopes"]) < 0.25  # "takes three quarters and more, each time"


def test_the_slope_of_w1_is_that_of_a_finite_difference(lesson):
    def loss(w1):
        h = sigmoid(sigmoid(sigmoid(sigmoid(w1 * 1.0))))
        return (h - 1) ** 2

    slope = (loss(1 + 1e-6) - loss(1 - 1e-6)) / 2e-6
    assert lesson["chain"].gradient(lesson["weights"][0]) == pytest.approx(slope, rel=1e-6)


def by_hand(model, x, y, phi, slope):
    """Length of the gradient at the output of each hidden layer, in plain NumPy."""
    dense = [layer for layer in model.layers if hasattr(layer, "weight")]
    z, a = [], np.asarray(x)
    for layer in dense:
        z.append(a @ layer.weight.numpy().T + layer.bias.numpy())
        a = phi(z[-1])
    scores = np.exp(z[-1] - z[-1].max(axis=1, keepdims=True))
    g = scores / scores.sum(axis=1, keepdims=True)
    g[np.arange(len(y)), y] -= 1
    g, lengths = g / len(y), []
    for k in range(len(dense) - 1, 0, -1):
        g = g @ dense[k].weight.numpy()
        lengths.insert(0, np.linalg.norm(g))
        g = g * slope(z[k - 1])
    return lengths


@pytest.mark.parametrize(
    ("name", "phi", "slope"),
    [
        ("sigmoid", sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
        ("relu", lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
    ],
)
def test_what_is_left_is_what_backpropagation_by_hand_leaves(lesson, name, phi, slope):
    lengths = by_hand(lesson["network"](name), lesson["images"], lesson["labels"], phi, slope)
    expected = [length / lengths[-1] for length in lengths]
    np.testing.assert_allclose(lesson[f"{name}_left"], expected, rtol=1e-9)


def test_the_answers_to_the_guesses_are_those_measured(lesson):
    assert 1e-7 < lesson["sigmoid_left"][0] < 1e-5
    parts = lesson["parts"]
    change = {
        part: math.log(parts["relu"][part] / parts["sigmoid"][part])
        for part in ("weight", "activation")
    }
    assert change["activation"] > 20 * abs(change["weight"])
    assert parts["relu"]["activation"] == pytest.approx(0.71, abs=0.02)
    ratio = lesson["strides"][lesson["thrown"]] / lesson["strides"][lesson["thrown"] - 1]
    assert 150 < ratio < 250


def test_every_stair_is_nearly_the_same(lesson):
    stairs = np.diff(np.log(lesson["sigmoid_left"]))
    assert stairs.std() / stairs.mean() < 0.1


def test_the_two_networks_have_the_same_weights(lesson):
    one, other = (lesson["network"](name).state_dict() for name in ("sigmoid", "relu"))
    assert all((one[key] == other[key]).all() for key in one)


def test_the_parts_multiply_to_the_gain(lesson):
    for flow in lesson["both"].flows.values():
        for layer in flow.layers:
            assert layer.weight_part * layer.activation_part == pytest.approx(layer.gain, rel=1e-12)


def at_rest(phi, slope, scale):
    """Gain of a deep layer: averages over a fine grid of the normal, and q by iteration."""
    u = np.linspace(-9, 9, 20001)
    weight = np.exp(-u * u / 2)
    weight /= weight.sum()
    q = 1.0
    for _ in range(3000):
        q = scale * float(weight @ phi(math.sqrt(q) * u) ** 2)
    return math.sqrt(scale * float(weight @ slope(math.sqrt(q) * u) ** 2))


@pytest.mark.parametrize(
    ("name", "phi", "slope"),
    [
        ("sigmoid", sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
        ("tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    ],
)
def test_the_predicted_gains_are_the_theorys(lesson, name, phi, slope):
    for scale, predicted in zip(lesson["scales"], lesson["predicted"][name], strict=True):
        if (name, scale) == ("tanh", 1):  # critical: q creeps to 0, where the gain is 1
            assert predicted == pytest.approx(1, abs=1e-6)
        else:
            assert predicted == pytest.approx(at_rest(phi, slope, scale), rel=1e-6)


def test_a_rectifiers_gain_is_the_root_of_half_the_scale(lesson):
    expected = np.sqrt(np.array(lesson["scales"]) / 2)
    np.testing.assert_allclose(lesson["predicted"]["relu"], expected, rtol=1e-12)


def test_theory_is_not_far_off_and_the_sigmoid_stays_under_one(lesson):
    assert lesson["theory_error"] < 0.05
    assert sum(map(len, lesson["measured"].values())) == 21
    assert max(lesson["measured"]["sigmoid"]) < 1


def test_the_sliders_break_it_as_the_text_asks(lesson):
    deep = {scale: lesson["flows_at"](scale, 40) for scale in (0.25, 1, 4)}
    assert deep[4]["relu"][0][0] > 1e3  # explodes
    assert deep[0.25]["relu"][0][0] < 1e-15  # vanishes
    assert 0.05 < deep[1]["tanh"][0][0] < 1  # kept, near the critical scale
    assert deep[1]["sigmoid"][0][0] < 1e-20
    assert lesson["shares"].keys() == {"sigmoid", "tanh", "relu"}


def test_plateau_and_cliff_are_flat_and_steep(lesson):
    x = 6.0
    assert abs(lesson["plateau_slope"][0]) == pytest.approx(
        x / 3 * (1 - math.tanh(x**2 / 6) ** 2), rel=1e-9
    )

    def loss(w, b=-2.2):
        h = 0.5
        for _ in range(50):
            h = w * sigmoid(h) + b
        return (sigmoid(h) - 0.7) ** 2

    slope = [(loss(w + 1e-7) - loss(w - 1e-7)) / 2e-7 for w in np.linspace(4, 6.5, 1001)[130:140]]
    np.testing.assert_allclose(lesson["cliff_slope"][130:140], slope, rtol=1e-3)
    assert abs(lesson["cliff_slope"]).max() > 20


def test_fifty_factors_are_the_slope_of_the_last_state_along_the_first(lesson):
    def last(h, w, b=-2.2):
        for _ in range(50):
            h = w * sigmoid(h) + b
        return h

    for factors, w in ((lesson["at_wall"], lesson["wall"]), (lesson["far_right"], 6.5)):
        slope = (last(0.5 + 1e-6, w) - last(0.5 - 1e-6, w)) / 2e-6
        assert factors.prod() == pytest.approx(slope, rel=1e-4, abs=1e-9)
    assert 1 < np.exp(np.log(lesson["at_wall"]).mean()) < 1.1  # "hardly more than 1"
    assert lesson["at_wall"].prod() > 10


def test_descent_ends_higher_than_it_began_out_of_sight(lesson):
    losses, strides, thrown = lesson["descent_losses"], lesson["strides"], lesson["thrown"]
    assert losses[-1] > losses[0]
    assert strides[thrown + 1 :].max() < 1e-8
    assert np.median(strides) < 0.1
    assert lesson["race"]["sgd"].left(lesson["race"].surface) == thrown + 1
    assert len(strides) == lesson["race"].steps


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.25**6, "Right. A quarter, six times"),
        (0.000244, "Right"),
        (4096, "what is left is asked for"),
        (1.5, "multiplied with each other, not added"),
        (0.0417, "not shared out"),
        (0.25, "through one layer; there are six"),
        (1, "the slopes of the sigmoids do"),
        (0.0156, "its slope multiplies the gradient"),
        (1.7e-4, "asked is the most they can"),
        (0, "Where is the slope"),
        (-3, "Where is the slope"),
    ],
)
def test_the_share_of_six_layers_is_checked(lesson, answer, says):
    checked = lesson["check_most"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "larger ones would push the units further out"),
        (1, "Right. A tanh has slope 1 at zero"),
        (2, "it is not enough: the gain decides"),
        (3, "multiplied, not averaged"),
    ],
)
def test_the_friends_network_is_checked(lesson, number, says):
    checked = lesson["check_friend"](lesson["answer_friend"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 1)


@pytest.mark.parametrize("scale", [3.6, 16.0, 40.0])
def test_what_ails_the_friend_is_so(scale):
    """Over a scale of 1, smaller weights raise tanh's activation part by more than they take."""
    gain, rest = mg.explain.meanfield.gain, mg.explain.meanfield.resting_variance
    parts = [gain("tanh", 1.0, rest("tanh", s)) for s in (scale, scale / 2)]
    assert parts[1] > parts[0]


BODY = "def activation_part(z, g):\n    h = 1 / (1 + np.exp(-z))\n    delta = {}\n    return {}\n"
RATIO = "np.linalg.norm(delta) / np.linalg.norm(g)"


@pytest.mark.parametrize(
    ("delta", "value", "says"),
    [
        ("h * (1 - h) * g", RATIO, "Right. On four neurons"),
        ("h * g", RATIO, "That is with the sigmoid itself"),
        ("(1 - h) * g", RATIO, "One factor of the slope is missing"),
        ("h * (1 - h)", RATIO, "where does the gradient `g` that arrives come in"),
        ("h * (1 - h) + g", RATIO, "multiplied, not added"),
        ("h * (1 - h)", "delta.mean()", "The mean slope is not it"),
        ("h * (1 - h) * g", "(delta**2).sum() / (g**2).sum()", "That is the square"),
        ("h * (1 - h) * g", "np.linalg.norm(g) / np.linalg.norm(delta)", "Upside down"),
        ("g", RATIO, "as if the sigmoid had slope 1"),
        ("3 * g", RATIO, "the engine finds another number"),
        ("h * (1 - h) * g", "delta", "A single number is asked for"),
        ("...", RATIO, "Line 4"),
        ("h * (1 - ", RATIO, "SyntaxError"),
        ("slope * g", RATIO, "NameError: name 'slope'"),
    ],
)
def test_the_activation_part_is_checked(lesson, delta, value, says):
    checked = lesson["check_part"](BODY.format(delta, value))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_without_the_function_it_is_said_what_is_missing(lesson):
    assert "`activation_part` is still to be written" in str(lesson["check_part"]("h = 1"))
