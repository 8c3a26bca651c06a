"""The gradient through time, against finite differences and recursions written out."""

from functools import partial

import numpy as np
import pytest
from differences import central

import microgd as mg
from microgd import nn
from microgd.draw.through_time import text
from microgd.explain import through_time

RNG = np.random.default_rng(0)
TIME, BATCH, INPUT, HIDDEN = 5, 3, 2, 4
X = RNG.normal(size=(TIME, BATCH, INPUT))
V = RNG.normal(size=(TIME, BATCH, HIDDEN))  # what the loss says of each h_t directly
norm = np.linalg.norm

KINDS = [nn.RNN, nn.LSTM, nn.GRU]
every_kind = pytest.mark.parametrize("kind", KINDS)


def rest(net, t, state):
    """What the loss gets from the steps after t, when the state after step t is `state`."""
    if t == TIME:
        return 0.0
    start = tuple(part[None] for part in state)
    out, _ = net(X[t:], start if len(start) > 1 else start[0])
    return float((out.numpy() * V[t:]).sum())


@every_kind
def test_norms_are_those_of_finite_differences(kind):
    net = kind(INPUT, HIDDEN, rng=1)
    names = ["h", "c"] if kind is nn.LSTM else ["h"]
    out, _ = net(X)
    steps = through_time((out * V).sum())["l0"]
    assert [step.step for step in steps] == [1, 2, 3, 4, 5]
    state = np.zeros((len(names), BATCH, HIDDEN))
    total = {}
    for t, step in enumerate(steps, 1):
        new = net.l0(X[t - 1], tuple(state) if len(state) > 1 else state[0])
        state = np.stack([part.numpy() for part in (new if isinstance(new, tuple) else (new,))])
        carried = central(partial(rest, net, t), state)
        total[t] = carried.copy()
        total[t][0] += V[t - 1]
        assert step.at_output == pytest.approx(norm(total[t]), rel=1e-6)
        for name, part in zip(names, total[t], strict=True):
            assert step.parts.get(name, 0.0) == pytest.approx(norm(part), rel=1e-6)
        if t < TIME:
            assert step.carried == pytest.approx(norm(carried), rel=1e-6)
        else:
            assert step.carried is step.factor is None
    for t, step in enumerate(steps[:-1], 1):
        assert step.factor == pytest.approx(step.carried / norm(total[t + 1]), rel=1e-6)


def test_in_a_linear_network_each_factor_is_that_of_the_recurrent_matrix():
    """With ReLU units that stay positive, d h_t / d h_{t-1} is the matrix itself."""
    net = nn.RNN(1, 2, nonlinearity="relu", rng=0)
    net.weight_hh_l0.data = 0.5 * np.array([[0.6, 0.8], [0.8, -0.6]])  # half of a reflection
    net.weight_ih_l0.data, net.bias_ih_l0.data = np.zeros((2, 1)), np.full(2, 10.0)
    out, _ = net(np.zeros((8, 1)))
    steps = through_time(out[-1].sum())["l0"]
    assert [step.factor for step in steps[:-1]] == pytest.approx([0.5] * 7, rel=1e-12)
    assert steps[0].at_output == pytest.approx(np.sqrt(2) * 0.5**7, rel=1e-12)


def test_only_time_counts_not_what_goes_down_to_the_layer_before():
    net, upper = nn.GRU(INPUT, HIDDEN, num_layers=2, rng=1), nn.GRU(HIDDEN, HIDDEN, rng=2)
    state = net.state_dict()
    upper.load_state_dict({name: state[name.replace("l0", "l1")] for name in upper.state_dict()})
    lower = nn.GRU(INPUT, HIDDEN, rng=1)
    lower.load_state_dict({name: state[name] for name in lower.state_dict()})
    both = through_time((net(X)[0] * V).sum())
    alone = through_time((upper(lower(X)[0].numpy())[0] * V).sum())
    assert list(both) == ["l0", "l1"]
    for row, expected in zip(both["l1"], alone["l0"], strict=True):
        assert row.at_output == pytest.approx(expected.at_output, rel=1e-12)
        assert row.factor == (expected.factor and pytest.approx(expected.factor, rel=1e-12))


def test_on_the_way_back_the_first_step_is_the_last_element():
    net, other = nn.RNN(INPUT, HIDDEN, bidirectional=True, rng=1), nn.RNN(INPUT, HIDDEN, rng=2)
    state = net.state_dict()
    other.load_state_dict({name: state[f"{name}_reverse"] for name in other.state_dict()})
    back = through_time((net(X)[0][..., HIDDEN:] * V).sum())["l0_reverse"]
    forth = through_time((other(X[::-1])[0] * V[::-1]).sum())["l0"]
    assert [row.at_output for row in back] == pytest.approx([row.at_output for row in forth])


class Own(nn.Module):
    """A cell that a user wrote, with parts of its own, called by a loop that a user wrote."""

    class Step(nn.Module):
        def __init__(self):
            self.x, self.h = nn.Linear(INPUT, HIDDEN, rng=1), nn.Linear(HIDDEN, HIDDEN, rng=2)

        def forward(self, x, h):
            return mg.tanh(self.x(x) + self.h(h))

    def __init__(self):
        self.step = self.Step()

    def forward(self, x):
        h = np.zeros((BATCH, HIDDEN))
        for x_t in x:
            h = self.step(x_t, h)
        return h


def test_a_users_own_cell_is_seen_as_well():
    model, g = Own(), V[-1]
    found = through_time((model(X) * g).sum())
    assert list(found) == ["step"]
    weight, bias = model.step.h.weight.data, model.step.h.bias.data
    states = [np.zeros((BATCH, HIDDEN))]
    for x_t in X:
        states.append(np.tanh(model.step.x(x_t).data + states[-1] @ weight.T + bias))
    for row, h in zip(found["step"][::-1], states[::-1], strict=False):
        assert row.at_output == pytest.approx(norm(g), rel=1e-12)
        assert row.parts == {}
        g = (g * (1 - h * h)) @ weight


def test_where_nothing_arrives_there_is_no_factor():
    net = nn.RNN(INPUT, HIDDEN, rng=1)
    steps = through_time(net(X)[0][1].sum())["l0"]
    assert [step.at_output > 0 for step in steps] == [True, True, False, False, False]
    assert [step.factor is None for step in steps] == [False, True, True, True, True]
    assert steps[1].carried == 0.0


@every_kind
def test_it_leaves_no_trace(kind):
    net = kind(INPUT, HIDDEN, rng=1)
    out, _ = net(X)
    loss = (out * V).sum()
    first = through_time(loss)
    assert all(p.grad is None for p in net.parameters())
    assert through_time(loss) == first
    loss.backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (lambda: mg.tensor(1.0), RuntimeError, "through_time: the loss () requires no gradient"),
        (lambda: nn.RNN(2, 4, rng=0)(X)[0], ValueError, "is not one number; call .mean()"),
        (
            lambda: nn.MLP([2, 3, 1], rng=0)(X).sum(), ValueError,
            "through_time: no module on the way to the loss is called on its own output; give the",
        ),
        (nn.RNN(2, 4, rng=0)(X[:1])[0].sum, ValueError, "called on its own output"),
    ],
)  # fmt: skip
def test_misuse_says_what_is_missing(loss, error, message):
    with pytest.raises(error) as raised:
        through_time(loss())
    assert message in str(raised.value)


# The other records see time as well


class Last(nn.Module):
    """Scores from the last output."""

    def __init__(self, kind):
        self.rnn = kind(INPUT, HIDDEN, batch_first=True, rng=1)
        self.head = nn.Linear(HIDDEN, 2, rng=2)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


@every_kind
def test_the_flow_has_a_row_for_every_time_step(kind):
    model, labels = Last(kind), [0, 1, 1]
    loss = nn.cross_entropy(model(X.swapaxes(0, 1)), labels)
    flow = mg.explain.flow(model, loss)
    rows = {row.module: row for row in flow}
    steps = through_time(loss)["rnn.l0"]
    assert [name for name in rows if "l0" in name] == [f"rnn.l0[{t}]" for t in range(TIME)]
    for t, step in enumerate(steps):
        assert rows[f"rnn.l0[{t}]"].at_output == pytest.approx(step.at_output, rel=1e-12)
    for t, step in enumerate(steps[:-1]):
        assert rows[f"rnn.l0[{t + 1}]"].gain == pytest.approx(step.factor, rel=1e-12)


def test_a_gradient_that_vanishes_through_time_is_diagnosed():
    x = RNG.normal(size=(20, 30, INPUT))
    [finding] = mg.explain.diagnose(Last(nn.RNN), (x, np.arange(20) % 2))
    assert finding.disease == "vanishing"
    assert finding.place == "rnn.l0[0]"
    assert "through time, a gated cell" in finding.cure


def test_steps_and_pictures_call_the_states_by_their_names():
    loss = nn.cross_entropy(Last(nn.LSTM)(X.swapaxes(0, 1)), [0, 1, 1])
    said = str(mg.explain.backprop(loss))
    for name in ("h_1", "h_5", "c_1", "c_5"):
        assert f": {name} = " in said
    source = mg.draw.graph(loss, collapse=None).dot()
    assert all(name in source for name in ("h_1", "h_5", "c_1", "c_5"))


# The table

HALVES = """\
l0
step  gradient  factor
4      1.4e+00          ██████████
3      7.1e-01    0.50  █████████▌
2      3.5e-01    0.50  █████████▌
1      1.8e-01    0.50  █████████"""


def test_the_table_begins_with_the_last_step():
    net = nn.RNN(1, 2, nonlinearity="relu", rng=0)
    net.weight_hh_l0.data = 0.5 * np.array([[0.6, 0.8], [0.8, -0.6]])
    net.weight_ih_l0.data, net.bias_ih_l0.data = np.zeros((2, 1)), np.full(2, 10.0)
    found = through_time(net(np.zeros((4, 1)))[0][-1].sum())
    assert repr(found) == HALVES
    assert text(found, 80) == HALVES


def test_the_table_of_an_lstm_tells_h_from_c_where_there_is_room():
    net = nn.LSTM(INPUT, HIDDEN, num_layers=2, rng=1)
    found = through_time((net(X)[0] * V).sum())
    lines = text(found, 80).splitlines()
    assert lines[1].split() == ["step", "gradient", "of", "h", "of", "c", "factor"]
    assert lines[7] == ""
    assert lines[8] == "l1"
    narrow = text(found, 40).splitlines()
    assert narrow[1].split() == ["step", "gradient", "factor"]
    assert max(map(len, narrow)) <= 40
    assert "█" not in "".join(narrow)


def test_a_gradient_of_zero_has_no_bars():
    net = nn.RNN(INPUT, HIDDEN, rng=1)
    assert "█" not in text(through_time((net(X)[0] * 0.0).sum()), 80)
