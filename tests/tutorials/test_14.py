"""Lesson 14: forward, backward and training in plain NumPy, beside what the charts say."""

import importlib.util
import math

import numpy as np
import pytest

import microgd as mg
from microgd import learn

ILL = {
    "A": "vanishing",
    "B": "dead rectifiers",
    "C": "exploding",
    "D": "symmetric",
    "E": "learning rate too large",
    "F": "saturation",
}
SLOPES = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h)),
    "relu": (lambda z: np.maximum(z, 0), lambda h: (h > 0).astype(float)),
    "tanh": (np.tanh, lambda h: 1 - h * h),
}


def parts(model):
    """The weights and biases of a network's dense layers, as copies."""
    dense = [layer for layer in model.layers if isinstance(layer, mg.nn.Linear)]
    return [[layer.weight.numpy().copy(), layer.bias.numpy().copy()] for layer in dense]


def by_hand(layers, x, y, name):
    """Loss, outputs of the hidden layers, gradients at these and at z, and those of the parts."""
    phi, slope = SLOPES[name]
    outputs = [x]
    for weight, bias in layers[:-1]:
        outputs.append(phi(outputs[-1] @ weight.T + bias))
    scores = outputs[-1] @ layers[-1][0].T + layers[-1][1]
    scores = scores - scores.max(axis=1, keepdims=True)
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    delta = np.exp(logs)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    at_outputs, at_z, gradients = [], [delta], []
    for k in range(len(layers) - 1, -1, -1):
        gradients.insert(0, [delta.T @ outputs[k], delta.sum(axis=0)])
        if k:
            upstream = delta @ layers[k][0]
            at_outputs.insert(0, upstream)
            delta = upstream * slope(outputs[k])
            at_z.insert(0, delta)
    loss = -logs[np.arange(len(y)), y].mean()
    return loss, outputs[1:], at_outputs, at_z, gradients


@pytest.mark.parametrize("name", [*ILL, "healthy"])
def test_a_chart_says_what_is_so(lesson, name):
    options = lesson["healthy"] if name == "healthy" else lesson["ward"][name]
    layers = parts(lesson["build"](**options)[0])
    activation = options["activation"]
    _, outputs, at_outputs, _, gradients = by_hand(layers, *lesson["batch"], activation)
    vitals = lesson["vitals"](options)
    lengths = np.array([np.linalg.norm(g) for g in at_outputs])
    np.testing.assert_allclose(vitals["gradient"], lengths / lengths[-1], rtol=1e-7)
    np.testing.assert_allclose(vitals["spread"], [h.std() for h in outputs], rtol=1e-7)
    if activation == "relu":
        dead = [(h == 0).all(axis=0).mean() for h in outputs]
        assert vitals["dead"] == pytest.approx(dead)
    if activation == "tanh":
        flat = [(abs(h) > 0.97).mean() for h in outputs]
        assert vitals["saturated"] == pytest.approx(flat, abs=0.005)
    twins = [np.unique(w, axis=0).shape[0] == 1 for w, _ in layers[:-1]]
    assert vitals["alike"] == [float(twin) for twin in twins]
    sizes = [
        math.sqrt(sum(np.linalg.norm(part) ** 2 for part in two)) for two in (*layers, *gradients)
    ]
    count = len(layers)
    steps = [options["rate"] * sizes[count + k] / sizes[k] for k in range(count)]
    assert vitals["step"] == pytest.approx(max(steps), rel=1e-6)


@pytest.mark.parametrize("name", ["A", "B", "D", "healthy"])
def test_the_losses_are_those_of_gradient_descent_by_hand(lesson, name):
    options = lesson["healthy"] if name == "healthy" else lesson["ward"][name]
    layers, losses = parts(lesson["build"](**options)[0]), []
    for _ in range(61):
        loss, *_, gradients = by_hand(layers, *lesson["batch"], options["activation"])
        losses.append(loss)
        for layer, gradient in zip(layers, gradients, strict=True):
            layer[0] -= options["rate"] * gradient[0]
            layer[1] -= options["rate"] * gradient[1]
    measured = lesson["sound"] if name == "healthy" else lesson["untreated"][name]
    np.testing.assert_allclose(measured, losses, rtol=1e-5)


def test_they_stand_still_or_go_astray_as_told(lesson):
    losses = lesson["untreated"]
    for name in "ABD":
        assert losses[name][20:] == pytest.approx(math.log(10), abs=0.01)
    assert losses["C"][0] < 300 < losses["C"][1] < 1e3
    assert losses["C"][2] > 1e3
    assert losses["C"][5] > 1e50
    assert losses["E"][10:].min() > 5
    assert losses["F"][-1] == pytest.approx(math.log(10), abs=0.06)
    assert losses["F"][0] > 10
    assert lesson["sound"][-1] < 0.6


def test_no_step_changes_a_hidden_layer_of_b(lesson):
    model, rule = lesson["build"](**lesson["ward"]["B"])
    before = parts(model)
    x, y = lesson["batch"]
    for _ in range(5):
        rule.zero_grad()
        mg.nn.cross_entropy(model(x), y).backward()
        rule.step()
    for old, new in zip(before[:-1], parts(model)[:-1], strict=True):
        assert (old[0] == new[0]).all()
        assert (old[1] == new[1]).all()


def test_the_doctor_finds_one_disease_in_each_and_none_in_the_healthy(lesson):
    found = {name: [one.disease for one in all_] for name, all_ in lesson["findings"].items()}
    assert found == {name: [disease] for name, disease in ILL.items()}
    assert lesson["diagnose"](lesson["healthy"]) == []
    assert set(lesson["DISEASES"]) == set(ILL.values())


@pytest.mark.parametrize("name", ["A", "C"])
def test_what_the_first_layer_gets_is_measured_before_the_activations(lesson, name):
    options = lesson["ward"][name]
    layers = parts(lesson["build"](**options)[0])
    at_z = by_hand(layers, *lesson["batch"], options["activation"])[3]
    share = np.linalg.norm(at_z[0]) / np.linalg.norm(at_z[-1])
    assert lesson["findings"][name][0].value == pytest.approx(share, rel=1e-7)
    assert math.exp(-3) == pytest.approx(0.05, abs=0.001)
    assert math.exp(3) == pytest.approx(20, abs=0.1)  # "a factor of twenty, either way"


def test_the_weights_of_c_are_too_large_by_that_factor(lesson):
    weight = parts(lesson["build"](**lesson["ward"]["C"])[0])[3][0]
    he = math.sqrt(2 / 32)
    assert weight.std() / he == pytest.approx(1.8, abs=0.1)
    weight = parts(lesson["build"](**lesson["ward"]["F"])[0])[3][0]
    assert weight.std() / math.sqrt(2 / 64) == pytest.approx(10, abs=0.5)


def test_the_stable_rate_of_e_is_two_over_the_largest_curvature(lesson):
    layers = parts(lesson["build"](**lesson["ward"]["E"])[0])
    shapes = [part.shape for layer in layers for part in layer]
    place = np.concatenate([part.ravel() for layer in layers for part in layer])

    def gradient(at):
        cut = np.split(at, np.cumsum([math.prod(shape) for shape in shapes])[:-1])
        flat = [part.reshape(shape) for part, shape in zip(cut, shapes, strict=True)]
        there = list(zip(flat[::2], flat[1::2], strict=True))
        found = by_hand(there, *lesson["batch"], "tanh")[4]
        return np.concatenate([part.ravel() for layer in found for part in layer])

    v = np.random.default_rng(5).normal(size=place.size)
    for _ in range(60):
        v /= np.linalg.norm(v)
        v = (gradient(place + 1e-4 * v) - gradient(place - 1e-4 * v)) / 2e-4
    curvature = np.linalg.norm(v)
    finding = lesson["findings"]["E"][0]
    assert finding.value == pytest.approx(2.0 / (2 / curvature), rel=0.02)


def test_e_is_the_healthy_network_with_steps_twenty_times_as_long(lesson):
    e, healthy = lesson["ward"]["E"], lesson["healthy"]
    assert e["rate"] / healthy["rate"] == pytest.approx(20)
    assert e | {"rate": healthy["rate"]} == healthy


def test_the_round_is_as_told(lesson):
    helped = {
        cure: {name for name, loss in zip(ILL, column, strict=True) if loss < 1.2}
        for cure, column in zip(lesson["CURES"], lesson["rounds"].T, strict=True)
    }
    assert helped == {
        "a tenth of the learning rate": {"C", "E"},
        "ten times the learning rate": set(),
        "clip the gradient": {"C", "E"},
        "new random weights": {"B", "C", "D", "F"},
        "ReLU with He's weights": {"A", "B", "C", "D", "F"},
        "batch normalisation": {"A", "B", "C", "E", "F"},
    }
    normed = lesson["rounds"][:, -1]
    assert normed.argmax() == 3
    assert normed[3] > 1.9
    for cure in (1, 2):  # larger steps, or shorter gradients, where nothing arrives
        for row in (0, 1, 3):
            assert lesson["rounds"][row, cure] == pytest.approx(math.log(10), abs=0.01)


def test_a_smaller_rate_is_a_crutch_to_c(lesson):
    smaller = lesson["treated"]("C", "a tenth of the learning rate")
    assert [found.disease for found in lesson["diagnose"](smaller)] == ["exploding"]
    assert "exploding" in lesson["verdict"]("C", "a tenth of the learning rate")
    assert "nothing any more" in lesson["verdict"]("C", "new random weights")
    assert "Choose a cure" in lesson["verdict"]("C", None)


def test_a_rerun_draws_the_losses_without_and_with(lesson):
    lines = lesson["rerun"]("A", "ReLU with He's weights").axes[0].get_lines()
    for line, losses in zip(lines, (lesson["untreated"]["A"][-1], 0.82), strict=True):
        assert line.get_ydata()[-1] == pytest.approx(losses, abs=0.005)
    assert lesson["rerun"]("A", None) is None


def test_equal_units_stay_equal_even_when_normalised(lesson):
    model, rule = lesson["build"](**lesson["treated"]("D", "batch normalisation"))
    x, y = lesson["batch"]
    for _ in range(20):
        rule.zero_grad()
        mg.nn.cross_entropy(model(x), y).backward()
        rule.step()
    for layer in model.layers[:-1]:
        if isinstance(layer, mg.nn.Linear):
            assert np.ptp(layer.weight.numpy(), axis=0).max() < 1e-9


def test_the_cures_do_what_their_names_say(lesson):
    patient = {"activation": "tanh", "rate": 0.5, "init": "zeros", "bias": 3.0}
    changes = {name: cure(patient) for name, cure in lesson["CURES"].items()}
    assert changes["a tenth of the learning rate"] == {"rate": 0.05}
    assert changes["ten times the learning rate"] == {"rate": 5.0}
    anew, _ = lesson["build"](**patient | changes["new random weights"])
    assert all((bias == 0).all() for _, bias in parts(anew))
    bound = math.sqrt(6 / 64)  # Xavier's, uniform
    assert abs(parts(anew)[2][0]).max() == pytest.approx(bound, rel=0.01)
    normed, _ = lesson["build"](**patient | changes["batch normalisation"])
    assert any(isinstance(layer, mg.nn.BatchNorm1d) for layer in normed.layers)


def found_at(lesson, scale=1.0, depth=6, rate=0.1):
    options = {
        "activation": "tanh", "init": lesson["weights_of"](scale), "depth": depth, "rate": rate,
    }  # fmt: skip
    return [found.disease for found in lesson["diagnose"](options)]


def test_the_sliders_make_it_sick(lesson):
    assert lesson["found_in_made"] == []
    assert found_at(lesson, scale=0.125) == ["vanishing"]
    assert found_at(lesson, scale=8.0) == ["saturation"]
    assert found_at(lesson, rate=10.0) == ["learning rate too large"]
    assert found_at(lesson, rate=1e-6) == ["learning rate too small"]


def test_deeper_the_healthy_range_is_narrower(lesson):
    steps = [0.125, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 8.0]
    shallow, deep = (
        {scale for scale in steps if not found_at(lesson, scale, depth)} for depth in (2, 14)
    )
    assert deep < shallow
    assert 1.0 in deep


class Slider:
    """An element that stands at a value."""

    def __init__(self, value):
        self.value = value


def test_the_page_runs_with_everything_at_its_worst():
    spec = importlib.util.spec_from_file_location("lesson", learn.find(14).path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cures = {f"cure_{name}": Slider("batch normalisation") for name in "abcdef"}
    _, defined = module.app.run(
        defs=cures
        | {"kind": Slider("relu"), "scale": Slider(8.0), "depth": Slider(14), "rate": Slider(10.0)}
    )
    assert [found.disease for found in defined["found_in_made"]] == ["exploding"]


def test_the_friends_network(lesson):
    friend, remedies = lesson["friend"], list(lesson["remedies"].values())
    assert [found.disease for found in friend["findings"]] == ["unscaled inputs"]
    assert min(remedies) == remedies[3] < 0.7 * friend["losses"][-1]
    assert min(remedies[:3]) > friend["losses"][-1]
    moons = mg.data.moons(200, rng=0)
    rms = np.sqrt(np.mean((moons.x * [1, 5000]) ** 2, axis=0))
    assert friend["rms"] == pytest.approx(rms)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "Nothing leaps about"),
        (1, "right for inputs of about 1"),
        (2, "passes on all of the size"),
        (3, "Right. Tried"),
    ],
)
def test_the_remedy_for_the_friend_is_checked(lesson, number, says):
    checked = lesson["check_friend"](list(lesson["remedies"])[number])
    assert says in str(checked)
    assert checked.right == (number == 3)


LOOP = """def train(model, x, y):
    rule = mg.optim.SGD(model.parameters(), lr=0.3)
    for step in range(25):
        loss = mg.nn.cross_entropy(model(x), y)
        {}
    return rule
"""
MENDED = "rule.zero_grad(); loss.backward(); rule.step()"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (LOOP.format(MENDED), "Right. The doctor finds nothing"),
        (LOOP.format("loss.backward(); rule.step(); rule.zero_grad()"), "Right"),
        (LOOP.format("loss.backward(); rule.step()"), "still finds a stale gradient"),
        (LOOP.format("loss.backward(); rule.zero_grad(); rule.step()"), "not moved at all"),
        (LOOP.format(MENDED).replace("0.3", "0.03"), "not the 25 steps at a rate of 0.3"),
        (LOOP.format(MENDED).replace("25", "5"), "not the 25 steps"),
        (LOOP.format(MENDED).replace("return rule", "return loss"), "is to return its `rule`"),
        (LOOP.format("zero_grad(); loss.backward()"), "NameError: name 'zero_grad'"),
        ("rule = 1", "`train` is still to be written"),
    ],
)
def test_the_loop_is_checked(lesson, code, says):
    checked = lesson["check_loop"](code)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_loop_as_it_stands_falls_to_039_and_rises(lesson):
    moons, layer = mg.data.moons(200, rng=0), lesson["one_layer"]()[0]
    weight, bias = layer.weight.numpy().copy(), layer.bias.numpy().copy()
    sums, losses = [np.zeros((2, 2)), np.zeros(2)], []
    for _ in range(25):
        loss, *_, [gradients] = by_hand([[weight, bias]], moons.x, moons.y, "tanh")
        losses.append(loss)
        sums = [old + new for old, new in zip(sums, gradients, strict=True)]
        weight, bias = weight - 0.3 * sums[0], bias - 0.3 * sums[1]
    assert min(losses) == pytest.approx(0.39, abs=0.005)
    assert losses[-1] > 0.6


OWN = """data = mg.data.moons(200, noise=0.1, rng=0)
model = mg.nn.MLP({}, rng=0)
optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
loss = mg.nn.cross_entropy
"""


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ("[2, *[16] * 9, 2], activation='sigmoid'", "**vanishing** at `layers.0`"),
        ("[2, 16, 2], init='zeros'", "**symmetric**"),
        ("[2, 16, 2]", "Right. The doctor finds nothing"),
        ("[3, 16, 2]", "Not yet."),
        ("[2, 16", "SyntaxError"),
    ],
)
def test_ones_own_network_is_looked_at(lesson, network, says):
    checked = lesson["check_own"](OWN.format(network))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")
    if says.startswith("**"):
        assert "*Proof, in 50 steps on a copy:*" in str(checked)


def test_the_doctors_own_cure_helps_the_network_that_stands_there(lesson):
    data = mg.data.moons(200, noise=0.1, rng=0)
    model = mg.nn.MLP([2, *[16] * 9, 2], activation="sigmoid", rng=0)
    proof = mg.explain.diagnose(model, data)[0].prove(50)
    assert proof.losses_after[-1] < 0.5 < proof.losses_before[-1]


def test_without_a_loss_it_is_said_what_is_missing(lesson):
    assert "`loss` is still to be written" in str(
        lesson["check_own"](OWN.format("[2, 16, 2]").replace("loss = mg", "other = mg"))
    )
