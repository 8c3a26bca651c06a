"""Recurrent networks: PyTorch's outputs, states and gradients from PyTorch's weights."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

import microgd as mg
from microgd import nn
from microgd.graph import history

TORCH = np.load(Path(__file__).parents[1] / "fixtures" / "torch_recurrent.npz")
CASES = list(dict.fromkeys(key.rpartition("/")[0] for key in TORCH))
X = np.ones((4, 2, 3))
KINDS = [nn.RNN, nn.LSTM, nn.GRU]
CELLS = [nn.RNNCell, nn.LSTMCell, nn.GRUCell]

every_kind = pytest.mark.parametrize("kind", KINDS)
every_cell = pytest.mark.parametrize("cell", CELLS)


def network(case):
    """The network of a case with PyTorch's weights, and its arrays."""
    of = {key.rpartition("/")[2]: TORCH[key] for key in TORCH if key.startswith(f"{case}/")}
    kind = getattr(nn, case.partition(":")[0].split()[0])
    net = kind(of["x"].shape[-1], 3, rng=0, **json.loads(str(of["options"])))
    shapes = json.loads(str(of["names"]))
    cuts = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    for role in ("parameters", "gradients"):
        parts = zip(shapes.items(), np.split(of[role], cuts[:-1]), strict=True)
        of[role] = {name: part.reshape(shape) for (name, shape), part in parts}
    net.load_state_dict(of["parameters"])
    return net, of


def parts(state):
    """The arrays of a state, or of a pair of them, as one."""
    return np.stack([part.numpy() for part in (state if isinstance(state, tuple) else (state,))])


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_names_and_layouts_are_pytorchs_in_pytorchs_order(case):
    net, of = network(case)
    own = [(name, p.shape) for name, p in net.named_parameters()]
    assert own == [(name, p.shape) for name, p in of["parameters"].items()]
    assert [p.name for p in net.parameters()] == list(of["parameters"])


@pytest.mark.parametrize("case", CASES)
def test_outputs_states_and_all_gradients_are_pytorchs(case):
    net, of = network(case)
    x = mg.tensor(of["x"], requires_grad=True)
    start = [mg.tensor(part, requires_grad=True) for part in of["start"]]
    out, end = net(x, tuple(start) if len(start) > 1 else start[0])
    close(out.numpy(), of["out"])
    close(parts(end), of["end"])
    ends = end if isinstance(end, tuple) else (end,)
    loss = (out * of["g_out"]).sum()
    for part, g in zip(ends, of["g_end"], strict=True):
        loss = loss + (part * g).sum()
    loss.backward()
    close(x.grad, of["x_grad"])
    close(np.stack([part.grad for part in start]), of["start_grad"])
    for name, parameter in net.named_parameters():
        close(parameter.grad, of["gradients"][name])


@pytest.mark.parametrize("case", CASES)
def test_without_a_state_it_begins_at_zero(case):
    net, of = network(case)
    close(net(of["x"])[0].numpy(), of["from_zeros"])


@pytest.mark.parametrize("case", [case for case in CASES if "a batch" in case])
def test_the_gradient_of_the_weights_is_the_same_whether_x_requires_one_or_not(case):
    net, of = network(case)
    (net(of["x"])[0] * of["g_out"]).sum().backward()
    expected = [p.grad for p in net.parameters()]
    net.zero_grad()
    (net(mg.tensor(of["x"], requires_grad=True))[0] * of["g_out"]).sum().backward()
    for parameter, gradient in zip(net.parameters(), expected, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


@every_kind
def test_each_row_of_a_batch_is_a_sequence_of_its_own(kind):
    net = kind(2, 3, num_layers=2, batch_first=True, rng=0)
    x = np.random.default_rng(1).normal(size=(4, 5, 2))
    together = net(x)[0].numpy()
    for row, sequence in zip(together, x, strict=True):
        close(row, net(sequence)[0].numpy())


@every_kind
def test_a_sequence_may_go_on_from_the_last_state(kind):
    net = kind(2, 3, num_layers=2, rng=0)
    x = np.random.default_rng(1).normal(size=(6, 4, 2))
    whole, end = net(x)
    first, middle = net(x[:2])
    second, again = net(x[2:], middle)
    np.testing.assert_array_equal(np.concatenate([first.data, second.data]), whole.data)
    np.testing.assert_array_equal(parts(again), parts(end))


@every_kind
def test_a_network_of_one_time_step_is_its_cell(kind):
    net, cell = kind(2, 3, rng=0), getattr(nn, f"{kind.__name__}Cell")(2, 3, rng=1)
    cell.load_state_dict({name[:-3]: value for name, value in net.state_dict().items()})
    rng = np.random.default_rng(1)
    x, h, c = rng.normal(size=(4, 2)), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    state = (h, c) if kind is nn.LSTM else h
    start = (h[None], c[None]) if kind is nn.LSTM else h[None]
    np.testing.assert_array_equal(parts(cell(x, state)), parts(net(x[None], start)[1])[:, 0])
    np.testing.assert_array_equal(parts(cell(x[0])), parts(net(x[:1])[1])[:, 0])


@every_cell
@pytest.mark.parametrize("shape", [(2,), (4, 2)])
def test_the_gradients_of_a_cell_are_those_of_finite_differences(cell, shape):
    made, rng = cell(2, 3, rng=0), np.random.default_rng(1)
    names = [name for name, _ in made.named_parameters()]

    def step(x, h, c, *weights):
        for name, weight in zip(names, weights, strict=True):
            setattr(made, name, weight)
        new = made(x, (h, c) if cell is nn.LSTMCell else h + c)
        return mg.concatenate(new) if isinstance(new, tuple) else new

    state = (*shape[:-1], 3)
    start = [rng.normal(size=size) for size in (shape, state, state)]
    inputs = [*start, *(p.numpy() for p in made.parameters())]
    assert mg.gradcheck(step, tuple(inputs))


@every_kind
def test_the_gradients_of_a_network_are_those_of_finite_differences(kind):
    net, rng = kind(2, 2, num_layers=2, bidirectional=True, rng=0), np.random.default_rng(1)
    x = rng.normal(size=(3, 2))
    assert mg.gradcheck(lambda x: net(x)[0], [x])


@every_kind
def test_it_starts_uniform_in_the_bound_of_pytorch(kind):
    net = kind(50, 25, num_layers=2, rng=0)
    for start in net.state_dict().values():
        assert 0.9 / 5 < np.abs(start).max() <= 1 / 5
    assert kind(50, 25, num_layers=2, rng=0).state_dict()["weight_hh_l1"].tolist() == (
        net.state_dict()["weight_hh_l1"].tolist()
    )


@every_kind
def test_float32_stays_float32(kind):
    net = kind(2, 3, num_layers=2, bidirectional=True, rng=0, dtype=np.float32)
    x = mg.tensor(np.ones((4, 2, 2), np.float32), requires_grad=True)
    out, end = net(x)
    out.sum().backward()
    dtypes = {out.dtype, parts(end).dtype, x.grad.dtype, *(p.grad.dtype for p in net.parameters())}
    assert dtypes == {np.dtype(np.float32)}


@every_kind
def test_every_time_step_is_a_call_of_its_own_and_its_state_has_a_name(kind):
    model = nn.Sequential(kind(2, 3, num_layers=2, rng=0))
    out, _ = model(np.ones((4, 1, 2)))
    nodes = history(out.sum())
    calls = {id(node.call): node.scope for node in nodes if node.scope.count(".") == 1}
    assert sorted(calls.values()) == ["0.l0"] * 4 + ["0.l1"] * 4
    hidden = [node.name for node in reversed(nodes) if (node.name or "").startswith("h_")]
    assert hidden == ["h_1", "h_2", "h_3", "h_4"] * 2


def test_time_runs_backwards_on_the_way_back():
    net = nn.RNN(1, 1, bidirectional=True, rng=0)
    net.load_state_dict({**net.state_dict(), **{
        name.removesuffix("_reverse"): value
        for name, value in net.state_dict().items() if name.endswith("_reverse")
    }})  # fmt: skip
    x = np.arange(1.0, 5.0)[:, None]
    out, end = (array.numpy() for array in net(x))
    np.testing.assert_array_equal(out[:, 1], net(x[::-1])[0].numpy()[::-1, 0])
    np.testing.assert_array_equal(end[:, 0], [out[-1, 0], out[0, 1]])


@every_kind
def test_no_gradient_is_recorded_in_no_grad(kind):
    net = kind(2, 3, rng=0)
    with mg.no_grad():
        out, _ = net(mg.tensor(np.ones((3, 1, 2)), requires_grad=True))
    assert not out.requires_grad


@every_kind
def test_a_copy_is_whole_and_apart(kind):
    net = kind(2, 3, rng=0)
    other = copy.deepcopy(net)
    assert other.l0.weight_hh is other.weight_hh_l0 is not net.weight_hh_l0
    other.weight_hh_l0.data = np.zeros(other.weight_hh_l0.shape)
    assert (net(X[..., :2])[0].data != other(X[..., :2])[0].data).any()


def test_options_stand_in_pytorchs_order():
    net = nn.RNN(2, 3, 2, "relu", False, True, 0.1, True)
    assert (net.num_layers, net.l0.nonlinearity, net.batch_first) == (2, "relu", True)
    assert (net.dropout.p, net.bidirectional) == (0.1, True)
    assert "bias_ih_l0" not in net.state_dict()
    net = nn.LSTM(2, 3, 2, False, True, 0.1, True)
    assert (net.batch_first, net.dropout.p, net.bidirectional) == (True, 0.1, True)


def test_a_parameter_that_is_replaced_is_used():
    net, other = nn.RNN(2, 3, rng=0), nn.Parameter(np.zeros((3, 3)))
    net.weight_hh_l0 = other
    assert net.l0.weight_hh is other
    assert "l0.weight_hh" not in net.state_dict()
    start = np.ones((1, 3))
    np.testing.assert_array_equal(net([[1.0, 2.0]], start)[0].data, net([[1.0, 2.0]])[0].data)


@every_kind
def test_dropout_acts_between_layers_and_in_training_alone(kind):
    options = {"num_layers": 2, "rng": 0}
    net, without = kind(2, 3, dropout=0.5, **options), kind(2, 3, **options)
    x = np.ones((4, 1, 2))
    expected = without(x)[0].numpy()
    np.testing.assert_array_equal(net.eval()(x)[0].data, expected)
    assert (net.train()(x)[0].data != expected).any()
    # neither what comes in nor what goes out is dropped
    np.testing.assert_array_equal(parts(net(x)[1])[:, 0], parts(without(x)[1])[:, 0])
    assert (net(x)[0].data != 0).all()


def test_a_network_learns_through_time():
    """The first input of ten decides: only a gradient through all time steps can tell."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(10, 64, 1))
    y = (x[0] > 0).astype(float)
    net, head = nn.LSTM(1, 8, rng=rng), nn.Linear(8, 1, rng=rng)
    optimizer = mg.optim.Adam([*net.parameters(), *head.parameters()], lr=0.03)
    for _ in range(150):
        _, (h, _) = net(x)
        loss = nn.binary_cross_entropy_with_logits(head(h[0]), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_repr_says_the_sizes():
    assert repr(nn.LSTM(2, 3, num_layers=2, bidirectional=True, rng=0)).splitlines() == [
        "LSTM(2 -> 3, 2 layers, bidirectional)  432 parameters",
        "  (l0) LSTMCell(2 -> 3)  84 parameters",
        "  (l0_reverse) LSTMCell(2 -> 3)  84 parameters",
        "  (l1) LSTMCell(6 -> 3)  132 parameters",
        "  (l1_reverse) LSTMCell(6 -> 3)  132 parameters",
    ]
    assert repr(nn.GRUCell(2, 3, bias=False, rng=0)) == "GRUCell(2 -> 3, no bias)  45 parameters"


# Misuse

MISUSE = {
    "no inputs": (lambda: nn.RNN(0, 3), ValueError, "RNNCell: input_size is 0; give a whole"),
    "no units": (lambda: nn.GRUCell(3, 0), ValueError, "GRUCell: hidden_size is 0; give a whole"),
    "half a unit": (lambda: nn.LSTM(3, 2.5), TypeError, "hidden_size is 2.5, a float, not a whole"),
    "no layers": (lambda: nn.LSTM(3, 4, num_layers=0), ValueError, "LSTM: num_layers is 0; give a"),
    "two layers and a half": (lambda: nn.LSTM(3, 4, 2.5), TypeError, "num_layers is 2.5, a float"),
    "an unknown nonlinearity": (
        lambda: nn.RNN(3, 4, nonlinearity="tahn"), ValueError,
        "RNNCell: nonlinearity 'tahn' is unknown; did you mean 'tanh'? There are tanh, relu",
    ),
    "no seed": (lambda: nn.RNN(3, 4, rng="x"), TypeError, "rng: 'x' is no seed"),
    "dropout for one layer": (
        lambda: nn.LSTM(3, 4, dropout=0.5), ValueError,
        "LSTM: dropout=0.5 acts between layers, and there is one; give num_layers=2",
    ),
    "dropout of more than all": (lambda: nn.GRU(3, 4, 2, dropout=1.5), ValueError, "p is 1.5"),
    "one axis": (
        lambda: nn.RNN(3, 4)(X[0, 0]), ValueError,
        "RNN: x has shape (3,); give (time, batch, 3) or (time, 3), the last being input_size",
    ),
    "four axes": (lambda: nn.RNN(3, 4)(X[None]), ValueError, "RNN: x has shape (1, 4, 2, 3); give"),
    "other features": (
        lambda: nn.LSTM(5, 4, batch_first=True)(X), ValueError,
        "LSTM: x has shape (4, 2, 3); give (batch, time, 5) or (time, 5), the last being",
    ),
    "an empty sequence": (
        lambda: nn.GRU(3, 4)(X[:0]), ValueError,
        "GRU: x has shape (0, 2, 3), an empty sequence or batch; give (time, batch, 3)",
    ),
    "an empty batch": (lambda: nn.GRU(3, 4)(X[:, :0]), ValueError, "empty sequence or batch"),
    "words": (lambda: nn.GRU(3, 4)([["a", "b", "c"]]), TypeError, "tensor: got <U1"),
    "words in an array": (
        lambda: nn.GRU(3, 4)(np.array([["a", "b", "c"]])), TypeError, "linear: got <U1",
    ),
    "a part of a larger model": (
        lambda: nn.Sequential(nn.LSTM(5, 4))(X), ValueError, "0.LSTM: x has shape (4, 2, 3); give",
    ),
    "ragged rows": (lambda: nn.GRU(3, 4)([[1.0], [1.0, 2.0]]), TypeError, "inhomogeneous"),
    "a state of another batch": (
        lambda: nn.RNN(3, 4)(X, np.zeros((1, 3, 4))), ValueError,
        "RNN: h_0 has shape (1, 3, 4), expected (1, 2, 4), which is (num_layers, batch, hidden",
    ),
    "a state for one layer of two": (
        lambda: nn.RNN(3, 4, 2)(X[:, 0], np.zeros((1, 4))), ValueError,
        "RNN: h_0 has shape (1, 4), expected (2, 4), which is (num_layers, hidden_size)",
    ),
    "a state for one way of two": (
        lambda: nn.GRU(3, 4, bidirectional=True)(X, np.zeros((1, 2, 4))), ValueError,
        "expected (2, 2, 4), which is (num_layers * 2, batch, hidden_size)",
    ),
    "a state that is no pair": (
        lambda: nn.LSTM(3, 4)(X, np.zeros((1, 2, 4))), TypeError,
        "LSTM: the state is a ndarray; give a pair (h_0, c_0), or none for zeros",
    ),
    "a pair of one": (
        lambda: nn.LSTM(3, 4)(X, (np.zeros((1, 2, 4)),)), TypeError,
        "LSTM: the state is a tuple of 1; give a pair (h_0, c_0)",
    ),
    "a pair of which one does not fit": (
        lambda: nn.LSTM(3, 4)(X, (np.zeros((1, 2, 4)), np.zeros((1, 2, 5)))), ValueError,
        "LSTM: c_0 has shape (1, 2, 5), expected (1, 2, 4)",
    ),
    "a cell and other features": (
        lambda: nn.LSTMCell(3, 4)(np.ones((2, 5))), ValueError,
        "LSTMCell: x has shape (2, 5); give (batch, 3) or (3,), the last being input_size",
    ),
    "a cell and a sequence": (lambda: nn.RNNCell(3, 4)(X), ValueError, "RNNCell: x has shape (4,"),
    "a cell and one number": (lambda: nn.RNNCell(3, 4)(1.0), ValueError, "RNNCell: x has shape ()"),
    "a cell and a state that does not fit": (
        lambda: nn.GRUCell(3, 4)(np.ones((2, 3)), np.ones(4)), ValueError,
        "GRUCell: h has shape (4,), expected (2, 4), which is (batch, hidden_size)",
    ),
    "a cell and a state that is no pair": (
        lambda: nn.LSTMCell(3, 4)(np.ones(3), np.ones(4)), TypeError,
        "LSTMCell: the state is a ndarray; give a pair (h, c)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISUSE)
def test_misuse_says_what_came_and_the_way_out(case):
    call, error, message = MISUSE[case]
    with pytest.raises(error) as raised:
        call()
    assert message in str(raised.value)
