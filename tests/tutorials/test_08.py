"""Lesson 8: its networks by hand in NumPy, forward and back; recurrent ones, step by step."""

import itertools
import math

import numpy as np
import pytest

import microgd as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope_of(name, z):
    return {
        "relu": lambda: (z > 0).astype(float),
        "leaky": lambda: np.where(z > 0, 1.0, 0.01),
        "tanh": lambda: 1 - np.tanh(z) ** 2,
    }[name]()


def value_of(name, z):
    return np.tanh(z) if name == "tanh" else z * slope_of(name, z)


def lengths(model, x, y, phi="relu", norm=False, residual=False):
    """The gradient at what each hidden layer gives, where the last one has 1; all in NumPy."""
    weights = [p.numpy() for name, p in model.named_parameters() if p.ndim == 2]
    biases = [np.zeros(len(w)) for w in weights]
    if not norm:
        biases = [p.numpy() for name, p in model.named_parameters() if p.ndim == 1]
    h, kept = np.asarray(x), []
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        z = h @ weight.T + bias
        deviation = np.sqrt(z.var(axis=0) + 1e-5) if norm else 1.0
        z = (z - z.mean(axis=0)) / deviation if norm else z
        kept.append((z, deviation))
        h = value_of(phi, z) + (h if residual else 0)
    scores = h @ weights[-1].T + (0 if norm else biases[-1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    g = e / e.sum(axis=1, keepdims=True)
    g[np.arange(len(y)), y] -= 1
    g = (g / len(y)) @ weights[-1]
    found = [np.linalg.norm(g)]
    for weight, (z, deviation) in zip(weights[-2:0:-1], kept[:0:-1], strict=True):
        delta = g * slope_of(phi, z)
        if norm:
            delta = (delta - delta.mean(axis=0) - z * (delta * z).mean(axis=0)) / deviation
        g = delta @ weight + (g if residual else 0)
        found.insert(0, np.linalg.norm(g))
    return [length / found[-1] for length in found]


@pytest.mark.parametrize(
    ("name", "init", "phi", "remedy"),
    [
        ("old_left", None, "relu", {}),
        ("xavier_left", "xavier_normal", "relu", {}),
        ("he_left", "kaiming_normal", "relu", {}),
        ("tanh_left", "xavier_normal", "tanh", {}),
        ("batch_left", None, "relu", {"norm": "batch"}),
        ("residual_left", None, "relu", {"residual": True}),
        ("both_left", None, "relu", {"norm": "batch", "residual": True}),
    ],
)
def test_what_is_left_is_what_backpropagation_by_hand_leaves(lesson, name, init, phi, remedy):
    model = lesson["network"](init or lesson["old"], phi, **remedy)
    expected = lengths(
        model,
        lesson["images"],
        lesson["labels"],
        phi,
        "norm" in remedy,
        "residual" in remedy,
    )
    np.testing.assert_allclose(lesson[name], expected, rtol=1e-7)
    assert len(lesson[name]) == 30


def test_the_old_habit_has_a_scale_of_a_third(lesson):
    weight = lesson["network"]().layers[0].weight.numpy()
    assert abs(weight).max() <= 1 / 8
    assert weight.var() * 64 == pytest.approx(1 / 3, rel=0.05)


def test_the_answers_to_the_guesses_are_those_measured(lesson):
    assert 1e-5 < lesson["xavier_left"][0] < 1e-4
    assert 0.5 < lesson["he_left"][0] < 1.5
    assert 200 < lesson["batch_left"][0] < 900
    assert lesson["as_drawn"]["LSTM"][0] < 1e-9
    assert lesson["vanishing"]["first"] == lesson["vanishing"]["first, clipped"]


def test_the_gains_are_the_theorys(lesson):
    def gain(name):
        return lesson[name][0] ** (1 / 29)

    assert gain("old_left") == pytest.approx(math.sqrt(1 / 6), rel=0.05)
    assert gain("xavier_left") == pytest.approx(math.sqrt(1 / 2), rel=0.05)
    assert gain("he_left") == pytest.approx(1, rel=0.05)
    assert lesson["batch_gain"] == pytest.approx(math.sqrt(math.pi / (math.pi - 1)), rel=0.02)


def test_a_dead_layer_stops_relu_and_costs_leaky_relu_a_hundredth(lesson):
    dead = lesson["dead"]
    assert dead["relu"][:-1] == [0.0] * 29
    model = lesson["network"]("kaiming_normal", "leaky_relu")
    model.layers[28].bias.data -= 20
    hidden = [layer for layer in model.layers if hasattr(layer, "weight")][14]
    assert hidden is model.layers[28]  # the fifteenth dense layer
    expected = lengths(model, lesson["images"], lesson["labels"], "leaky")
    np.testing.assert_allclose(dead["leaky_relu"], expected, rtol=1e-7)
    assert 0.005 < dead["leaky_relu"][13] / dead["leaky_relu"][14] < 0.02  # "about 0.01"


def test_a_step_that_is_too_large_kills(lesson):
    model, h, off = lesson["network"]("kaiming_normal"), lesson["images"], []
    for dense in model.layers[:-1:2]:
        h = np.maximum(h @ dense.weight.numpy().T + dense.bias.numpy(), 0)
        off.append((h == 0).all(axis=0))
    assert lesson["dead_before"] == pytest.approx(np.mean(off), rel=1e-12)
    assert lesson["dead_after"] > lesson["dead_before"] + 0.2


def test_four_neurons_with_a_short_way_bring_the_sum_over_sixteen_paths(lesson):
    def end(x):
        for _ in range(4):
            x = x + sigmoid(x)
        return x

    slope = (end(1 + 1e-6) - end(1 - 1e-6)) / 2e-6
    assert lesson["arrived"] == pytest.approx(slope, rel=1e-8)
    paths = [
        math.prod(taken) for taken in itertools.product(*([1.0, one] for one in lesson["slopes"]))
    ]
    assert len(paths) == 16
    assert lesson["arrived"] == pytest.approx(sum(paths), rel=1e-12)
    assert lesson["long_way"] == pytest.approx(min(paths), rel=1e-12)


def test_the_slider_moves_two_curves_and_leaves_two(lesson):
    small, large = (lesson["remedies_at"](scale, 30) for scale in (0.1, 8))
    assert small["plain"][0] < 1e-15
    assert large["plain"][0] > 1e6
    assert large["residual"][0] > 1e6 * small["residual"][0]
    for name in ("batch normalisation", "both"):
        assert large[name][0] == pytest.approx(small[name][0], rel=0.1)
    deep = lesson["remedies_at"](2, 60)
    assert len(deep["plain"]) == 60
    assert deep["batch normalisation"][0] > 1e4
    assert deep["both"][0] < 100


def test_the_signal_grows_where_a_like_amount_is_added_in_each_layer(lesson):
    model, h, sizes = lesson["network"](norm="batch", residual=True), lesson["images"], []
    for weight in (p.numpy() for p in model.parameters()[:-2] if p.ndim == 2):
        z = h @ weight.T
        added = np.maximum((z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5), 0)
        assert math.sqrt((added**2).mean()) == pytest.approx(math.sqrt(1 / 2), rel=0.1)
        h = h + added
        sizes.append(math.sqrt((h**2).mean()))
    assert len(sizes) == 30
    assert lesson["sizes"] == pytest.approx(sizes, rel=1e-9)


def test_it_learns_where_the_gradient_arrives(lesson):
    last = {name: run["loss"][-1] for name, run in lesson["runs"].items()}
    assert last["old"] == pytest.approx(math.log(10), abs=0.01)
    assert last["both"] < last["batch normalisation"] < last["He"] < last["old"]
    assert lesson["left_after"]["batch normalisation"] < 10


def rnn(x, w, u, b):
    """Length of the gradient at each state of a plain RNN, from a loss on the last one."""
    h = [np.zeros((x.shape[1], u.shape[1]))]
    for x_t in x:
        h.append(np.tanh(x_t @ w.T + b + h[-1] @ u.T))
    g, found = 2 * h[-1], []
    for state in reversed(h[1:]):
        found.insert(0, np.linalg.norm(g))
        g = (g * (1 - state**2)) @ u
    return found


def lstm(x, w, u, b):
    """The same for an LSTM: h and c together."""
    h = c = np.zeros((x.shape[1], u.shape[1]))
    kept = []
    for x_t in x:
        i, f, n, o = np.split(x_t @ w.T + b + h @ u.T, 4, axis=1)
        i, f, n, o = sigmoid(i), sigmoid(f), np.tanh(n), sigmoid(o)
        kept.append((i, f, n, o, c))
        c = f * c + i * n
        h = o * np.tanh(c)
        kept[-1] += (c,)
    g, k, found = 2 * h, np.zeros_like(c), []
    for i, f, n, o, before, after in reversed(kept):
        found.insert(0, math.hypot(np.linalg.norm(g), np.linalg.norm(k)))
        k = k + g * o * (1 - np.tanh(after) ** 2)
        gates = [
            k * n * i * (1 - i),
            k * before * f * (1 - f),
            k * i * (1 - n**2),
            g * np.tanh(after) * o * (1 - o),
        ]
        g, k = np.concatenate(gates, axis=1) @ u, k * f
    return found


def gru(x, w, u, b, c):
    """The same for a GRU; `b` is the bias beside the input, `c` that beside the state."""
    h = np.zeros((x.shape[1], u.shape[1]))
    kept = []
    for x_t in x:
        from_x, from_h = x_t @ w.T + b, h @ u.T + c
        (r_x, z_x, n_x), (r_h, z_h, n_h) = (np.split(a, 3, axis=1) for a in (from_x, from_h))
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        n = np.tanh(n_x + r * n_h)
        kept.append((r, z, n, n_h, h))
        h = (1 - z) * n + z * h
    g, found = 2 * h, []
    for r, z, n, n_h, before in reversed(kept):
        found.insert(0, np.linalg.norm(g))
        of_n = g * (1 - z) * (1 - n**2)
        of_z = g * (before - n) * z * (1 - z)
        g = np.concatenate([of_n * n_h * r * (1 - r), of_z, of_n * r], axis=1) @ u + g * z
    return found


@pytest.mark.parametrize("opened", [0.0, 4.0])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_the_gradient_through_time_is_that_by_hand(lesson, kind, opened):
    net = getattr(mg.nn, kind)(4, 32, rng=0)
    state = {name: value.copy() for name, value in net.state_dict().items()}
    w, u, b, c = (state[f"{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    if kind != "RNN":
        b[32:64] += opened
    x = lesson["sequences"]
    found = (
        gru(x, w, u, b, c) if kind == "GRU" else {"RNN": rnn, "LSTM": lstm}[kind](x, w, u, b + c)
    )
    expected = [length / found[-1] for length in found]
    np.testing.assert_allclose(lesson["through_time"](kind, opened), expected, rtol=1e-7)


def test_the_gate_opens_the_way(lesson):
    for kind in ("LSTM", "GRU"):
        assert lesson["as_drawn"][kind][0] < 1e-10
        assert 0.3 < lesson["open_gate"][kind][0] < 1
        assert lesson["through_time"](kind, 6.0)[0] > 0.8
    assert lesson["gated"]["RNN"] == lesson["as_drawn"]["RNN"]


def test_clipping_holds_the_explosion_and_changes_nothing_that_vanishes(lesson):
    exploding, losses = lesson["exploding"], lesson["exploding_losses"]
    ratio = exploding["first, clipped"] / exploding["first"]
    assert ratio == pytest.approx(1 / exploding["all"], rel=1e-6)
    assert len(losses[None]) < 20 == len(losses[1.0])
    assert losses[1.0][-1] < losses[1.0][0] / 10
    assert list(lesson["vanishing_losses"][None]) == list(lesson["vanishing_losses"][1.0])
    assert lesson["vanishing"]["all"] < 1


def test_on_the_cliff_clipping_decides_and_on_the_plateau_it_does_nothing(lesson):
    free, held = lesson["cliff"].runs
    assert free.losses[-1] > free.losses[0]
    assert held.losses[-1] < 1e-8
    one, other = lesson["plateau"].runs
    assert (one.points == other.points).all()
    assert one.losses[-1] > 0.99


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.01, "Right. 2 / 200"),
        (2 / 250, "That is Xavier's rule"),
        (2 / 50, "the 50 neurons of the layer"),
        (1 / 200, "ReLU passes only half"),
        (math.sqrt(2 / 200), "That is the standard deviation"),
        (2, "That is the scale"),
        (100, "Upside down"),
        (1 / 600, "the old habit"),
        (0.03, "a scale of 6"),
        (0, "a scale of 0"),
        (-0.01, "a scale of -2"),
    ],
)
def test_hes_variance_is_checked(lesson, answer, says):
    checked = lesson["check_he"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "larger weights make the gains larger still"),
        (1, "there was too much of it, once"),
        (2, "would not have made the gradient shorter"),
        (3, "Right. Steps with a gradient of length 1 are not touched"),
    ],
)
def test_the_bad_hour_is_checked(lesson, number, says):
    checked = lesson["check_hour"](lesson["answer_hour"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 3)


@pytest.mark.parametrize(
    ("delta", "value", "says"),
    [
        ("g * (z > 0)", "g + delta @ W", "Right. The short way"),
        ("g * (z > 0)", "delta @ W", "That is the long way alone"),
        ("g * (z > 0)", "g", "That is the short way alone"),
        ("g * (z > 0)", "delta", "That is the gradient at $z$"),
        ("g * (z > 0)", "g + delta", "goes through the weights"),
        ("g * (z > 0)", "g + delta @ W.T", "Forward it was `W.T`"),
        ("g", "g + delta @ W", "The slope of the ReLU is missing"),
        ("g * np.maximum(z, 0)", "g + delta @ W", "not what the ReLU gives"),
        ("g * z", "g + delta @ W", "you multiplied by `z` itself"),
        ("g * (z > 0)", "g * (delta @ W)", "added up, not multiplied"),
        ("g * (z > 0)", "2 * g + delta @ W", "The engine finds another gradient"),
        ("g * (z > 0)", "(g + delta @ W).sum()", "has the shape of $h$, (2, 3); this gives ()"),
        ("...", "g + delta @ W", "Line 3"),
        ("g * (z > 0", "g", "SyntaxError"),
        ("g * slope", "g + delta @ W", "NameError: name 'slope'"),
    ],
)
def test_the_way_back_is_checked(lesson, delta, value, says):
    checked = lesson["check_back"](f"def back(g, W, z):\n    delta = {delta}\n    return {value}\n")
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_without_the_function_it_is_said_what_is_missing(lesson):
    assert "`back` is still to be written" in str(lesson["check_back"]("h = 1"))
