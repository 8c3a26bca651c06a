"""The flow through chains: gains, their product and their two parts, against NumPy by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd import nn, optim

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 4)), RNG.integers(0, 3, 6)
PHI = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda a: 1.0 * (a > 0)),
}
norm = np.linalg.norm


def by_hand(model, name, x, y):
    """Layer by layer from the last: norms of the gradient at its output, of delta, W.T delta..."""
    phi, slope = PHI[name]
    dense = [layer for layer in model.layers if isinstance(layer, nn.Linear)]
    signals = [x]
    for layer in dense[:-1]:
        signals.append(phi(signals[-1] @ layer.weight.data.T + layer.bias.data))
    scores = signals[-1] @ dense[-1].weight.data.T + dense[-1].bias.data
    chances = np.exp(scores - scores.max(1, keepdims=True))
    g = delta = (chances / chances.sum(1, keepdims=True) - np.eye(scores.shape[1])[y]) / len(y)
    for layer, signal in zip(reversed(dense), reversed(signals), strict=True):
        back = delta @ layer.weight.data
        yield norm(g), norm(delta), norm(back), norm(delta.T @ signal), norm(delta.sum(0))
        g = back
        delta = g * slope(signal)


networks = st.builds(
    lambda sizes, name, seed, scale: (
        name,
        nn.MLP([4, *sizes, 3], name, rng=seed, init=lambda s, rng: scale * rng.normal(size=s)),
    ),
    st.lists(st.integers(1, 8), max_size=5),
    st.sampled_from(sorted(PHI)),
    st.integers(0, 999),
    st.sampled_from([0.1, 0.5, 1.0, 3.0]),
)


@given(networks)
def test_gains_and_their_parts_are_those_of_numpy(network):
    name, model = network
    found = mg.explain.flow(model, (X, Y))
    expected = list(by_hand(model, name, X, Y))[::-1]
    dense = [row for row in found if row.weights is not None]
    for layer, row, (g, delta, back, of_weight, of_bias) in zip(
        found.layers, dense, expected, strict=True
    ):
        assert row.at_output == pytest.approx(delta, rel=1e-9)
        assert row.at_input == pytest.approx(back, rel=1e-9)
        assert row.of_weights == pytest.approx(math.hypot(of_weight, of_bias), rel=1e-9)
        if delta:
            assert layer.weight_part == pytest.approx(back / delta, rel=1e-9)
        if g:
            assert layer.activation_part == pytest.approx(delta / g, rel=1e-9)
            assert layer.gain == pytest.approx(back / g, rel=1e-9)


@given(networks)
def test_gains_multiply_to_the_factor_and_parts_to_the_gain(network):
    _, model = network
    found = mg.explain.flow(model, (X, Y))
    if any(row.gain is None for row in found):  # every rectifier is off: nothing arrives
        assert found[0].at_input == 0
        return
    assert math.prod(row.gain for row in found) == pytest.approx(found.factor, rel=1e-12)
    assert math.prod(layer.gain for layer in found.layers) == pytest.approx(found.factor, rel=1e-12)
    for i, row in enumerate(found):
        assert row.share == pytest.approx(math.prod(r.gain for r in found[i + 1 :]), rel=1e-12)
    for layer in found.layers:
        assert layer.weight_part * layer.activation_part == pytest.approx(layer.gain, rel=1e-12)


@given(networks)
def test_a_weight_part_lies_between_the_singular_values(network):
    _, model = network
    found = mg.explain.flow(model, (X, Y))
    linear = [layer for layer in model.layers if isinstance(layer, nn.Linear)]
    for layer, module in zip(found.layers, linear, strict=True):
        weight = module.weight.data
        assert layer.singular_values[0] == pytest.approx(norm(weight, ord=2), rel=1e-9)
        assert math.hypot(*layer.singular_values) == pytest.approx(norm(weight), rel=1e-9)
        assert layer.weight_variance == pytest.approx(norm(weight) ** 2 / len(weight), rel=1e-9)
        if layer.weight_part is not None:
            assert layer.weight_part <= layer.singular_values[0] * (1 + 1e-9)
            if weight.shape[0] <= weight.shape[1]:
                assert layer.weight_part >= layer.singular_values[-1] * (1 - 1e-9)


def test_signal_saturation_and_death():
    model = nn.Sequential(nn.Linear(1, 2, rng=0), nn.ReLU(), nn.Linear(2, 4, rng=0), nn.Sigmoid())
    model.load_state_dict(
        {
            "0.weight": [[1.0], [-1.0]],
            "0.bias": [0.0, 0.0],
            "2.weight": [[1.0, 0.0], [2.0, 0.0], [-4.0, 0.0], [0.0, 9.0]],
            "2.bias": [0.0, 0.0, 0.0, 0.0],
        }
    )
    x = np.array([[1.0], [2.0]])
    loss = model(x).sum()
    rows = mg.explain.flow(model, loss)
    assert [row.module for row in rows] == ["0", "1", "2", "3"]
    assert [row.units for row in rows] == [2, 2, 4, 4]
    assert (rows[0].mean, rows[0].std) == (0.0, pytest.approx(math.sqrt(2.5)))
    assert [row.dead for row in rows] == [None, 0.5, None, None]
    # of the scores 1 2 / 2 4 / -4 -8 / 0 0, those beyond +-4.18 lie over tanh(z / 2) = 0.97
    assert [row.saturated for row in rows] == [None, None, None, 1 / 8]
    assert rows[0].at_input is None
    assert rows[0].gain is None
    assert rows.layers[0].weight_part is None
    assert rows.loss == pytest.approx(loss.item())
    assert rows.factor == rows[0].share


every_rule = pytest.mark.parametrize(
    ("make", "options"),
    [
        (optim.SGD, {}),
        (optim.SGD, {"momentum": 0.9}),
        (optim.Adagrad, {"lr_decay": 0.1, "initial_accumulator_value": 0.1}),
        (optim.Adadelta, {}),
        (optim.RMSprop, {"centered": True, "momentum": 0.9}),
        (optim.Adam, {}),
        (optim.Adam, {"amsgrad": True}),
        (optim.AdamW, {"weight_decay": 0.1}),
    ],
)


@every_rule
@pytest.mark.parametrize("steps", [0, 3])
def test_of_weights_and_update_are_the_optimizers(make, options, steps):
    model = nn.MLP([4, 5, 3], "tanh", rng=0)
    rule = make(model.parameters(), lr=0.1, **options)
    for _ in range(steps):
        rule.zero_grad()
        nn.cross_entropy(model(X), Y).backward()
        rule.step()
    found = mg.explain.flow(model, (X, Y), optimizer=rule)
    before = model.state_dict()
    rule.zero_grad()
    nn.cross_entropy(model(X), Y).backward()
    rule.step()
    after = model.state_dict()
    for row in found:
        own = [name for name in before if name.startswith(row.module + ".")]
        if not own:
            assert row.update is None
            continue
        moved = math.hypot(*(norm(after[name] - before[name]) for name in own))
        size = math.hypot(*(norm(before[name]) for name in own))
        assert row.weights == pytest.approx(size, rel=1e-12)
        assert row.update == pytest.approx(moved / size, rel=1e-12)


@every_rule
def test_nothing_is_touched(make, options):
    model = nn.MLP([4, 5, 3], "tanh", rng=0)
    optimizer = make(model.parameters(), lr=0.1, **options)
    for _ in range(2):
        optimizer.zero_grad()
        waiting = nn.cross_entropy(model(X), Y)
        waiting.backward()
        optimizer.step()
    waiting = nn.cross_entropy(model(X), Y)
    before = model.state_dict(), [p.grad.copy() for p in model.parameters()]
    memory = optimizer.state_dict()
    mg.explain.flow(model, (X, Y), optimizer=optimizer)
    mg.explain.flow(model, waiting, optimizer=optimizer)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[0][name])
    for p, gradient in zip(model.parameters(), before[1], strict=True):
        np.testing.assert_array_equal(p.grad, gradient)
    assert repr(optimizer.state_dict()) == repr(memory)
    waiting.backward()  # a graph that was there before is good still


def test_float32_and_tiny_gradients():
    model = nn.MLP([4, *[8] * 30, 3], "sigmoid", rng=0, dtype=np.float32)
    loss = nn.cross_entropy(model(X.astype(np.float32)), Y)
    found = mg.explain.flow(model, loss)
    assert 0 < found[0].share < 1e-17
    assert loss.dtype == np.float32


def test_errors_name_the_way_out():
    model, other = nn.MLP([4, 3, 3], rng=0), nn.MLP([4, 3, 3], rng=0)
    with pytest.raises(ValueError, match=r"no module of the model is on the way to the loss"):
        mg.explain.flow(other, nn.cross_entropy(model(X), Y))
    with mg.no_grad(), pytest.raises(RuntimeError, match=r"flow: the loss .* requires no gradient"):
        mg.explain.flow(model, nn.cross_entropy(model(X), Y))
    with pytest.raises(ValueError, match=r"flow: the loss \(6, 3\) is not one number"):
        mg.explain.flow(model, model(X))
    with pytest.raises(TypeError, match=r"flow: data is .*give a Dataset or a pair"):
        mg.explain.flow(model, 3)
    with pytest.raises(ValueError, match=r"flow: the loss has shape \(6,\)"):
        mg.explain.flow(model, (X, Y), lambda out, y: nn.cross_entropy(out, y, reduction="none"))
    layer = nn.Linear(4, 3, rng=0)
    with pytest.raises(ValueError, match=r"give a batch instead, or wrap .* nn\.Sequential"):
        mg.explain.flow(layer, nn.cross_entropy(layer(X), Y))
    assert [row.module for row in mg.explain.flow(layer, (X, Y))] == ["linear"]


def test_it_prints_as_a_table_that_fits():
    found = mg.explain.flow(nn.MLP([4, 5, 3], "tanh", rng=0), (X, Y))
    assert repr(found).splitlines()[0].split()[:3] == ["module", "mean", "std"]
    from microgd.draw.flows import text

    for width in (40, 60, 80, 120):
        lines = text(found, width).splitlines()
        assert max(map(len, lines)) <= width
        assert lines[1].startswith("layers.2")  # the last comes first, as for the gradient
        assert "…" not in text(found, width)
