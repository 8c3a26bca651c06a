"""What all rules share: groups, states, dtypes, and errors that change nothing."""

import copy
import pickle

import numpy as np
import pytest

from microgd import Tensor, nn, optim
from microgd.optim import SGD, Adam


def leaf(*numbers, dtype=float):
    return Tensor(np.array(numbers), requires_grad=True, dtype=dtype)


def stepped(rule, *grads):
    params = [p for group in rule.param_groups for p in group["params"]]
    for p, g in zip(params, grads, strict=True):
        p.grad = g
    rule.step()
    return [p.data.tolist() for p in params]


W = leaf(1.0, 2.0)

MISUSES = [
    (lambda: SGD([]), ValueError, ["SGD: no parameters", "model.parameters()"]),
    (lambda: Adam(iter(())), ValueError, ["Adam: no parameters"]),
    (lambda: SGD(nn.ReLU().parameters()), ValueError, ["SGD: no parameters"]),
    (lambda: SGD(W), TypeError, ["SGD: params is tensor([1.", "list", "model.parameters()"]),
    (lambda: SGD(nn.Linear(2, 1)), TypeError, ["SGD: params is Linear(2 -> 1)", ".parameters()"]),
    (lambda: Adam(None), TypeError, ["Adam: params is None", "model.parameters()"]),
    (lambda: SGD([{"params": W}]), TypeError, ["SGD: params is tensor([1.", "list"]),
    (lambda: SGD([1.0]), TypeError, ["SGD: parameter 0 is 1.0", "leaf Tensors"]),
    (lambda: SGD([W, Tensor(1.0)]), TypeError, ["SGD: parameter 1 is tensor(1.", "require"]),
    (lambda: SGD([W * 2]), TypeError, ["SGD: parameter 0 is tensor(", "leaf Tensors"]),
    (lambda: SGD([W, W]), ValueError, ["SGD: a parameter is given twice"]),
    (lambda: SGD([{"params": [W]}, {"params": [W]}]), ValueError, ["given twice"]),
    (lambda: SGD([{"lr": 0.1}]), TypeError, ["SGD: group 0", "'params'"]),
    (lambda: SGD([{"params": [W]}, W]), TypeError, ["SGD: group 1 is tensor("]),
    (lambda: SGD([{"params": [W], "beta": 1}]), TypeError, ["SGD: group 0", "no option 'beta'"]),
    (lambda: SGD([{"params": []}]), ValueError, ["SGD: no parameters"]),
    (lambda: SGD([W], lr=-0.1), ValueError, ["SGD: lr=-0.1", "at least 0"]),
    (lambda: SGD([W], lr=np.nan), ValueError, ["SGD: lr=nan", "at least 0"]),
    (lambda: SGD([W], lr=np.inf), ValueError, ["SGD: lr=inf"]),
    (lambda: SGD([W], lr="fast"), ValueError, ["SGD: lr='fast'", "give a number"]),
    (lambda: SGD([W], lr=None), ValueError, ["SGD: lr=None", "give a number"]),
    (lambda: SGD([W], momentum=1.0), ValueError, ["SGD: momentum=1.0", "from 0 to below 1"]),
    (lambda: SGD([W], momentum=-0.5), ValueError, ["SGD: momentum=-0.5", "from 0 to below 1"]),
    (lambda: SGD([W], momentum=0.9, dampening=-1), ValueError, ["SGD: dampening=-1"]),
    (lambda: SGD([W], weight_decay=-1e-4), ValueError, ["SGD: weight_decay=-0.0001"]),
    (lambda: SGD([W], nesterov=True), ValueError, ["SGD: nesterov=True", "momentum=0.0"]),
    (
        lambda: SGD([W], momentum=0.9, dampening=0.1, nesterov=True),
        ValueError,
        ["nesterov=True", "dampening=0.1"],
    ),
    (
        lambda: SGD([{"params": [W], "momentum": 2}], momentum=0.9),
        ValueError,
        ["SGD: momentum=2", "below 1"],
    ),
    (lambda: Adam([W], lr=-1), ValueError, ["Adam: lr=-1"]),
    (lambda: Adam([W], eps=-1e-8), ValueError, ["Adam: eps=-1e-08", "at least 0"]),
    (lambda: Adam([W], betas=(1.0, 0.9)), ValueError, ["Adam: betas[0]=1.0", "below 1"]),
    (lambda: Adam([W], betas=(0.9, -0.1)), ValueError, ["Adam: betas[1]=-0.1"]),
    (lambda: Adam([W], betas=0.9), ValueError, ["Adam: betas=0.9", "two numbers"]),
    (lambda: Adam([W], betas=(0.9,)), ValueError, ["Adam: betas=(0.9,)", "two numbers"]),
    (lambda: Adam([W], betas=(0.9, 0.9, 0.9)), ValueError, ["two numbers"]),
]


@pytest.mark.parametrize(("misuse", "error", "said"), MISUSES)
def test_a_misuse_is_named_and_changes_nothing(misuse, error, said):
    W.grad = [3.0, 4.0]
    with pytest.raises(error) as caught:
        misuse()
    for words in said:
        assert words in str(caught.value)
    assert W.data.tolist() == [1.0, 2.0]
    assert W.grad.tolist() == [3.0, 4.0]


def test_a_rule_shows_its_options_and_what_it_moves():
    rule = SGD([{"params": [W]}, {"params": [leaf(1.0), leaf(2.0)], "lr": 0.5}], momentum=0.9)
    rest = "momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False"
    assert repr(rule).splitlines() == [
        "SGD",
        f"  1 parameter: lr=0.001, {rest}",
        f"  2 parameters: lr=0.5, {rest}",
    ]


def test_a_step_of_gradient_descent_by_hand():
    assert stepped(SGD([leaf(1.0, 2.0)], lr=0.5), [2.0, -2.0]) == [[0.0, 3.0]]
    assert stepped(SGD([leaf(2.0)], lr=0.5, weight_decay=0.25), [1.0]) == [[1.25]]


def test_momentum_by_hand():
    rule = SGD([leaf(0.0)], lr=1.0, momentum=0.5)
    assert [stepped(rule, [1.0])[0][0] for _ in range(4)] == [-1.0, -2.5, -4.25, -6.125]


def test_groups_have_options_of_their_own_and_share_the_rest():
    a, b, c = leaf(0.0), leaf(0.0), leaf(0.0)
    rule = SGD([{"params": [a, b], "lr": 1.0}, {"params": iter([c])}], lr=0.5)
    assert stepped(rule, [1.0], [2.0], [4.0]) == [[-1.0], [-2.0], [-2.0]]
    assert [group["lr"] for group in rule.param_groups] == [1.0, 0.5]


def test_a_rate_may_be_changed_on_the_way():
    rule = SGD([leaf(0.0)], lr=1.0)
    stepped(rule, [1.0])
    rule.param_groups[0]["lr"] = 0.5
    assert stepped(rule, [1.0]) == [[-1.5]]


def test_dtypes_and_shapes_may_be_mixed():
    params = [
        leaf(1.0, dtype=np.float32),
        leaf([1.0, 2.0], [3.0, 4.0]),
        Tensor(1.0, requires_grad=True),
    ]
    rule = Adam(params, lr=0.125)
    values = stepped(rule, [3.0], [[1.0, -1.0], [2.0, -2.0]], -5.0)
    np.testing.assert_allclose(values[0], [0.875], rtol=1e-6)
    np.testing.assert_allclose(values[1], [[0.875, 2.125], [2.875, 4.125]], rtol=1e-7)
    np.testing.assert_allclose(values[2], 1.125, rtol=1e-7)
    assert [p.dtype for p in params] == [np.float32, np.float64, np.float64]


def test_a_step_keeps_the_gradients_and_zero_grad_forgets_them():
    rule = Adam([leaf(1.0, 2.0), leaf(3.0)], weight_decay=0.1)
    grads = [np.array([1.0, -1.0]), np.array([2.0])]
    stepped(rule, *grads)
    params = rule.param_groups[0]["params"]
    assert [p.grad.tolist() for p in params] == [[1.0, -1.0], [2.0]]
    rule.zero_grad()
    assert [p.grad for p in params] == [None, None]
    before = [p.data.tolist() for p in params]
    rule.step()
    assert [p.data.tolist() for p in params] == before


def test_a_step_between_forward_and_backward_is_noticed():
    w = leaf(1.0)
    rule, loss = SGD([w], lr=0.1), (w * w).sum()
    stepped(rule, [1.0])
    with pytest.raises(RuntimeError, match="changed after"):
        loss.backward()


def test_numbers_assigned_between_steps_are_taken_up():
    w = leaf(1.0)
    rule = SGD([w], lr=1.0)
    stepped(rule, [1.0])
    w.data = [10.0]
    assert stepped(rule, [1.0]) == [[9.0]]
    mine = np.array([5.0])
    w.data = mine
    stepped(rule, [1.0])
    assert mine.tolist() == [5.0], "an array that was assigned is copied"


def test_two_optimizers_may_take_turns_on_one_parameter():
    w = leaf(0.0)
    first, second = SGD([w], lr=1.0), SGD([w], lr=0.5)
    assert stepped(first, [1.0]) == [[-1.0]]
    assert stepped(second, [1.0]) == [[-1.5]]
    assert stepped(first, [1.0]) == [[-2.5]]


def test_a_state_has_the_form_of_pytorch():
    rule = Adam([{"params": [leaf(1.0), leaf(2.0, 3.0)], "lr": 0.1}, {"params": [leaf(4.0)]}])
    stepped(rule, [1.0], None, [2.0])
    state = rule.state_dict()
    assert list(state) == ["state", "param_groups"]
    assert sorted(state["state"]) == [0, 2]
    assert set(state["state"][0]) == {"step", "exp_avg", "exp_avg_sq"}
    assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2]]
    assert [group["lr"] for group in state["param_groups"]] == [0.1, 1e-3]


def test_a_state_is_a_copy_and_loading_copies():
    rule, again = Adam([leaf(1.0)]), Adam([leaf(1.0)])
    stepped(rule, [1.0])
    state = rule.state_dict()
    before = repr(state)
    stepped(rule, [5.0])
    assert repr(state) == before
    again.load_state_dict(state)
    stepped(again, [5.0])
    assert repr(state) == before
    assert repr(again.state_dict()) == repr(rule.state_dict())


def other(change):
    """The state of a rule like MINE after a step, changed."""
    rule = Adam([leaf(1.0, 2.0), leaf(3.0)], lr=0.5)
    stepped(rule, [1.0, 1.0], [1.0])
    state = rule.state_dict()
    change(state)
    return state


def made_by(rule, *grads):
    stepped(rule, *grads)
    return rule.state_dict()


def put(*path, to):
    def change(state):
        for key in path[:-1]:
            state = state[key]
        state[path[-1]] = to

    return change


def drop(*path):
    def change(state):
        for key in path[:-1]:
            state = state[key]
        del state[path[-1]]

    return change


BAD_STATES = [
    ({}, ["'state' and 'param_groups'"]),
    (None, ["'state' and 'param_groups'"]),
    (other(drop("state")), ["'state' and 'param_groups'"]),
    (made_by(Adam([leaf(1.0, 2.0)]), [1.0, 1.0]), ["groups of [1] parameters, expected [2]"]),
    (
        made_by(Adam([{"params": [leaf(1.0, 2.0)]}, {"params": [leaf(3.0)]}]), [1.0, 1.0], [1.0]),
        ["groups of [1, 1] parameters, expected [2]"],
    ),
    (made_by(Adam([leaf(1.0), leaf(3.0)]), [1.0], [1.0]), ["exp_avg", "(1,), expected (2,)"]),
    (made_by(SGD([leaf(1.0, 2.0), leaf(3.0)]), [1.0, 1.0], [1.0]), ["no 'amsgrad'"]),
    (SGD([leaf(1.0, 2.0), leaf(3.0)]).state_dict(), ["no 'amsgrad'"]),
    (other(drop("param_groups", 0, "betas")), ["group 0", "betas"]),
    (other(put("param_groups", 0, "lr", to=-1.0)), ["lr=-1.0"]),
    (other(put("param_groups", 0, "betas", to=(0.9, 2.0))), ["betas[1]=2.0"]),
    (other(put("state", 2, to={})), ["parameter 2", "2 parameters"]),
    (other(put("state", -1, to={})), ["parameter -1"]),
    (other(put("state", "0", to={})), ["parameter '0'"]),
    (other(drop("state", 1, "step")), ["parameter 1", "step"]),
    (other(put("state", 1, "step", to=-1)), ["parameter 1", "step"]),
    (other(put("state", 1, "step", to=1.5)), ["parameter 1", "step"]),
    (other(drop("state", 1, "exp_avg_sq")), ["exp_avg_sq of parameter 1"]),
    (other(put("state", 1, "exp_avg", to=np.zeros((1, 1)))), ["(1, 1), expected (1,)"]),
]


@pytest.mark.parametrize(("state", "said"), BAD_STATES)
def test_a_bad_state_is_refused_and_changes_nothing(state, said):
    mine = Adam([leaf(1.0, 2.0), leaf(3.0)], lr=0.25)
    stepped(mine, [1.0, -1.0], [2.0])
    stepped(mine, [1.0, -1.0], [2.0])
    before = repr(mine.state_dict())
    with pytest.raises(ValueError, match=r"^Adam") as caught:
        mine.load_state_dict(state)
    for words in said:
        assert words in str(caught.value)
    assert repr(mine.state_dict()) == before


def test_a_rule_without_a_direction_says_what_is_missing():
    class Rule(optim.Optimizer):
        pass

    w = leaf(1.0)
    w.grad = [1.0]
    with pytest.raises(NotImplementedError, match="Rule: write a direction method"):
        Rule([w], lr=0.1, weight_decay=0.0).step()


def _through_pickle(pair):
    return pickle.loads(pickle.dumps(pair))  # noqa: S301 (our own bytes)


@pytest.mark.parametrize("made", [copy.deepcopy, _through_pickle])
def test_a_copy_trains_its_own_parameters_and_only_those(made):
    w = Tensor([1.0, 2.0], requires_grad=True)
    rule = SGD([w], lr=0.1, momentum=0.9)
    (w * w).sum().backward()
    rule.step()
    twin, twins_rule = made((w, rule))
    before = w.numpy()
    for parameter, its in ((twin, twins_rule), (w, rule)):
        its.zero_grad()
        (parameter * parameter).sum().backward()
        its.step()
        assert (w.data == before).all() == (parameter is twin)
    np.testing.assert_array_equal(w.data, twin.data)
