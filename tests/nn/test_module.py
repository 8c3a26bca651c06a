"""Modules: what belongs to them, by which name, and what loading leaves behind."""

import threading

import numpy as np
import pytest

import microgd as mg
from microgd import nn
from microgd.graph import history, state


class Scale(nn.Module):
    """Parameters and a buffer of its own."""

    def __init__(self):
        self.shift = nn.Parameter([0.5, 0.5])
        self.factor = mg.tensor([1.0, 2.0], requires_grad=True)
        self.seen = mg.tensor(3)

    def forward(self, x):
        return x * self.factor + self.shift


class Net(nn.Module):
    """Parts in a list, in a dict, and one by one."""

    def __init__(self):
        self.first = nn.Linear(2, 2, rng=0)
        self.blocks = [nn.Linear(2, 2, rng=1), Scale()]
        self.heads = {"mean": nn.Linear(2, 1, rng=2), "other": (nn.ReLU(), nn.Linear(2, 1, rng=3))}
        self.lone = [nn.Parameter(1.0), nn.Parameter(2.0)]

    def forward(self, x):
        for block in [self.first, *self.blocks]:
            x = block(x)
        return self.heads["mean"](x) * self.lone[0]


NAMES = [
    "lone.0", "lone.1", "first.weight", "first.bias", "blocks.0.weight", "blocks.0.bias",
    "blocks.1.shift", "blocks.1.factor", "blocks.1.seen", "heads.mean.weight", "heads.mean.bias",
    "heads.other.1.weight", "heads.other.1.bias",
]  # fmt: skip


def test_parameters_come_in_order_of_definition():
    net = Net()
    names = [name for name, _ in net.named_parameters()]
    assert names == [name for name in NAMES if name != "blocks.1.seen"]
    assert [p.requires_grad for p in net.parameters()] == [True] * len(names)
    assert net.parameters()[2] is net.first.weight


def test_parts_come_in_order_of_definition():
    paths = [path for path, _ in Net().named_modules()]
    assert paths == [
        "", "first", "blocks.0", "blocks.1", "heads.mean", "heads.other.0", "heads.other.1",
    ]  # fmt: skip


def test_an_attribute_names_its_tensor_unless_it_has_a_name():
    net = Net()
    assert net.first.weight.name == "weight"
    assert net.lone[1].name == "lone.1"
    net.own = nn.Parameter(0.0, name="theta")
    assert net.own.name == "theta"


def test_a_frozen_parameter_is_one_still():
    net = Net()
    net.first.weight.requires_grad = False
    assert "first.weight" in dict(net.named_parameters())


def test_what_is_shared_counts_once():
    net = nn.Module()
    net.a = nn.Linear(3, 3, rng=0)
    net.b = net.a
    net.c = nn.Linear(3, 3, rng=0)
    net.c.weight = net.a.weight
    assert [name for name, _ in net.named_parameters()] == ["a.weight", "a.bias", "c.bias"]
    assert list(net.state_dict()) == ["a.weight", "a.bias", "c.bias"]
    assert repr(net).splitlines()[0] == "Module()  15 parameters"


def test_a_part_that_knows_its_owner_ends_no_walk():
    net = nn.Module()
    net.part = nn.Linear(1, 1, rng=0)
    net.part.owner = net
    assert [path for path, _ in net.named_modules()] == ["", "part"]


def test_zero_grad_forgets_all_gradients():
    net = Net()
    net(np.ones((1, 2))).sum().backward()
    assert net.first.weight.grad is not None
    net.zero_grad()
    assert [p.grad for p in net.parameters()] == [None] * len(net.parameters())


def test_train_and_eval_reach_every_part():
    net = Net()
    everyone = [module for _, module in net.named_modules()]
    assert all(module.training for module in everyone)
    assert net.eval() is net
    assert not any(module.training for module in everyone)
    assert net.train() is net
    assert all(module.training for module in everyone)


# The names on what is recorded


def scopes(out):
    """The operations behind `out` with the places they were recorded at, in order."""
    return [(node.scope, node.op.name) for node in reversed(history(out))]


def test_operations_bear_the_path_of_their_module():
    assert scopes(Net()(np.ones((1, 2)))) == [
        ("first", "linear"),
        ("blocks.0", "linear"),
        ("blocks.1", "multiply"),
        ("blocks.1", "add"),
        ("heads.mean", "linear"),
        ("", "multiply"),
    ]


def test_paths_nest():
    outer = nn.Sequential(nn.Sequential(nn.Linear(2, 2, rng=0), nn.Tanh()), nn.ReLU())
    assert scopes(outer(np.ones((1, 2)))) == [("0.0", "linear"), ("0.1", "tanh"), ("1", "relu")]


def test_an_mlp_calls_its_layers_layers():
    net = nn.MLP([2, 3, 4, 1], rng=0)
    assert scopes(net(np.ones((1, 2)))) == [
        ("layers.0", "linear"), ("layers.1", "relu"), ("layers.2", "linear"),
        ("layers.3", "relu"), ("layers.4", "linear"),
    ]  # fmt: skip


def test_a_list_that_grew_later_is_named_when_it_is_looked_at():
    net = nn.MLP([2, 2], rng=0)
    net.layers.append(nn.Tanh())
    assert [path for path, _ in net.named_modules()] == ["", "layers.0", "layers.1"]
    assert scopes(net(np.ones((1, 2))))[-1] == ("layers.1", "tanh")


def test_a_module_without_a_name_adds_none():
    class Outer(nn.Module):
        def __init__(self):
            self.dense = nn.Linear(2, 2, rng=0)

        def forward(self, x):
            return nn.Tanh()(self.dense(x))

    assert scopes(Outer()(np.ones((1, 2)))) == [("dense", "linear"), ("", "tanh")]


def test_the_path_is_as_before_after_an_error():
    class Broken(nn.Module):
        def forward(self, x):
            return 1 / (x - x)

    net = nn.Sequential(nn.Sequential(Broken()))
    with pytest.raises(ZeroDivisionError):
        net(1)
    assert state.call == ()


def test_another_thread_has_a_path_of_its_own():
    class Starts(nn.Module):
        def forward(self, x):
            found = []
            thread = threading.Thread(target=lambda: found.append(nn.Tanh()(x).scope))
            thread.start()
            thread.join()
            return found[0], nn.Tanh()(x).scope

    net = nn.Sequential(Starts())
    assert net(mg.tensor(1.0)) == ("", "0")


def test_what_forward_is_given_by_name_reaches_it():
    class Power(nn.Module):
        def forward(self, x, exponent=2):
            return x**exponent

    assert Power()(mg.tensor(2.0), exponent=3).item() == 8


# Saving and loading


def test_a_state_dict_holds_copies_of_parameters_and_buffers():
    net = Net()
    saved = net.state_dict()
    assert list(saved) == NAMES
    assert saved["blocks.1.seen"] == 3
    saved["first.weight"][:] = 0
    assert (net.first.weight.data != 0).all()


def test_a_state_dict_goes_round():
    net, other = Net(), Net()
    for p in net.parameters():
        p.data = p.data + 1
    net.blocks[1].seen.data = 7
    other.load_state_dict(net.state_dict())
    for name, value in other.state_dict().items():
        np.testing.assert_array_equal(value, net.state_dict()[name])
        assert value.dtype == net.state_dict()[name].dtype


def test_loading_changes_the_parameters_that_an_optimizer_holds():
    net, other = nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1)
    held = net.parameters()
    net.load_state_dict(other.state_dict())
    np.testing.assert_array_equal(held[0].data, other.weight.data)
    assert held[0] is net.weight


def test_loading_keeps_the_dtype_and_copies():
    net = nn.Linear(2, 1, rng=0, dtype=np.float32)
    weight = np.array([[1.0, 2.0]])
    net.load_state_dict({"weight": mg.tensor(weight, requires_grad=True), "bias": [3]})
    assert net.weight.dtype == net.bias.dtype == np.float32
    weight[:] = 0
    assert net.state_dict()["weight"].tolist() == [[1.0, 2.0]]


def test_a_result_that_is_kept_to_look_at_is_no_buffer():
    class Keeps(nn.Module):
        def __init__(self):
            self.dense = nn.Linear(2, 2, rng=0)

        def forward(self, x):
            self.hidden = self.dense(x)
            return self.hidden.sum()

    net = Keeps()
    net(np.ones((1, 2)))
    assert net.hidden.name == "hidden"
    assert list(net.state_dict()) == ["dense.weight", "dense.bias"]
    net.load_state_dict(net.state_dict())


WRONG = {
    "a missing name": (
        lambda d: d.pop("first.bias"),
        KeyError,
        "Net misses first.bias in what is loaded",
    ),
    "an extra name": (
        lambda d: d.update(more=1.0),
        KeyError,
        "Net does not know more in what is loaded",
    ),
    "both": (
        lambda d: d.update(more=d.pop("first.bias")),
        KeyError,
        "Net misses first.bias and does not know more in what is loaded",
    ),
    "another shape": (
        lambda d: d.update({"lone.1": [1.0]}),
        ValueError,
        r"lone.1 has shape \(1,\), expected \(\)",
    ),
    "no number": (
        lambda d: d.update({"heads.other.1.bias": [np.nan]}),
        ValueError,
        "heads.other.1.bias holds numbers that are not finite",
    ),
    "words": (
        lambda d: d.update({"heads.other.1.bias": ["x"]}),
        TypeError,
        "heads.other.1.bias holds <U1",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_after_a_load_that_fails_all_is_as_before(wrong):
    net = Net()
    before = net.state_dict()
    loaded = {name: value + 1 for name, value in before.items()}
    change, error, message = WRONG[wrong]
    change(loaded)
    loss = net(np.ones((1, 2))).sum()
    with pytest.raises(error, match=message):
        net.load_state_dict(loaded)
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    loss.backward()  # no parameter counts as changed
    assert net.first.weight.grad is not None


def test_a_number_too_large_for_the_dtype_is_refused():
    net = nn.Linear(1, 1, rng=0, dtype=np.float32)
    with pytest.raises(ValueError, match="weight holds numbers that are not finite float32s"):
        net.load_state_dict({"weight": [[1e300]], "bias": [0.0]})


# How it looks


def test_repr_shows_parts_shapes_and_counts():
    assert repr(Net()).splitlines() == [
        "Net(lone.0 (), lone.1 ())  24 parameters",
        "  (first) Linear(2 -> 2)  6 parameters",
        "  (blocks.0) Linear(2 -> 2)  6 parameters",
        "  (blocks.1) Scale(shift (2,), factor (2,), seen ())  4 parameters",
        "  (heads.mean) Linear(2 -> 1)  3 parameters",
        "  (heads.other.0) ReLU()",
        "  (heads.other.1) Linear(2 -> 1)  3 parameters",
    ]


def test_repr_nests_and_counts_in_thousands():
    net = nn.Sequential(nn.MLP([64, 32, 1], rng=0), nn.Linear(1, 1, bias=False, rng=0))
    assert repr(net).splitlines() == [
        "Sequential()  2,114 parameters",
        "  (0) MLP(64 -> 32 -> 1)  2,113 parameters",
        "    (layers.0) Linear(64 -> 32)  2,080 parameters",
        "    (layers.1) ReLU()",
        "    (layers.2) Linear(32 -> 1)  33 parameters",
        "  (1) Linear(1 -> 1, no bias)  1 parameter",
    ]
