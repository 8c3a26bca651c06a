"""What backward() promises: sums, memory of one's own, staleness, and state kept after an error."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd import nn, optim
from microgd.backprop import sweep
from microgd.graph import history, state


def leaf(data=(1.0, 2.0, 3.0), name=None):
    return mg.Tensor(data, requires_grad=True, name=name, dtype=float)


# Sums


def test_gradients_accumulate_until_they_are_cleared():
    w = leaf()
    (w * w).sum().backward()
    (3 * w).sum().backward()
    assert w.grad.tolist() == [5.0, 7.0, 9.0]
    w.zero_grad()
    assert w.grad is None
    w.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0, 1.0]


def deep(w):
    hidden = (w * w).tanh() + w
    return (hidden.softmax() * hidden.exp() - mg.sqrt(hidden)).sum()


def test_twice_backward_on_one_graph_is_exactly_twice_the_gradient():
    w = leaf()
    loss = deep(w)
    loss.backward()
    once = w.grad.copy()
    for times in (2, 3, 4):
        loss.backward()
        np.testing.assert_allclose(w.grad, times * once, rtol=1e-15)
        if times in (2, 4):
            np.testing.assert_array_equal(w.grad, times * once)


def test_twice_backward_through_a_network_is_exactly_twice():
    model, x = nn.MLP([3, 4, 2], rng=0), np.eye(3)
    loss = nn.cross_entropy(model(x), [0, 1, 0])
    loss.backward()
    once = [p.grad.copy() for p in model.parameters()]
    loss.backward()
    for p, g in zip(model.parameters(), once, strict=True):
        np.testing.assert_array_equal(p.grad, 2 * g)


def test_both_edges_of_one_input_are_counted():
    x = leaf(3.0)
    (x * x).backward()
    assert x.grad == 6.0
    y = leaf(2.0)
    (y**y).backward()
    np.testing.assert_allclose(y.grad, 4 * (np.log(2) + 1))
    z = leaf(5.0)
    (z - z).backward()
    assert z.grad == 0.0
    m = leaf(np.arange(9.0).reshape(3, 3))
    (m @ m).sum().backward()
    ones = np.ones((3, 3))
    np.testing.assert_allclose(m.grad, ones @ m.data.T + m.data.T @ ones)


def test_a_diamond_gets_every_path_once():
    x = leaf(2.0)
    a = x * 3
    b, c = a * a, a + 1
    (b * c + a).backward()  # 3a**2 + 2a + 1, times 3, at a = 6
    assert x.grad == 3 * (3 * 36 + 2 * 6 + 1)


@given(st.lists(st.tuples(st.integers(0), st.integers(0)), max_size=30))
def test_a_node_is_taken_up_once_when_all_that_used_it_is_done(choices):
    made = [leaf(0.5), leaf(0.25)]
    for i, j in choices:  # any graph: each takes two values from before
        made.append(mg.sin(made[i % len(made)] * made[j % len(made)]))
    totals = {}
    edges = [(id(node), i) for node, i, _, _ in sweep(made[-1], np.ones(()), totals)]
    order = history(made[-1])
    assert edges == [(id(node), i) for node in order for i in range(len(node.operands))]
    assert all(x.is_leaf for x in totals)


def test_a_module_used_twice_gets_the_sum():
    layer, x = nn.Linear(2, 2, rng=0), np.array([[1.0, -2.0]])
    layer(layer(x)).sum().backward()
    shared = layer.weight.grad
    first, second = nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=0)
    second(first(x)).sum().backward()
    np.testing.assert_allclose(shared, first.weight.grad + second.weight.grad)


def test_a_graph_may_be_walked_from_several_results():
    x = leaf(2.0)
    a = x * x
    b, c = a * 3, a.exp()
    b.backward()
    assert x.grad == 12.0
    c.backward()
    np.testing.assert_allclose(x.grad, 12 + 4 * np.exp(4))


def test_gradients_reach_only_what_requires_them():
    x, frozen = leaf(), mg.Tensor([1.0, 1.0, 1.0])
    stranger = leaf()
    (x * frozen).sum().backward()
    assert frozen.grad is None
    assert stranger.grad is None


def test_a_leaf_is_its_own_derivative():
    x = leaf(3.0)
    x.backward()
    assert x.grad == 1.0
    y = leaf()
    y.backward([1.0, 2.0, 3.0])
    assert y.grad.tolist() == [1.0, 2.0, 3.0]


def test_size_zero_goes_through():
    x = leaf(np.zeros((0, 3)))
    (x * 2).sum().backward()
    assert x.grad.shape == (0, 3)
    y = leaf(1.0)
    (y * np.zeros((0, 2))).sum().backward()
    assert y.grad.shape == ()
    assert y.grad == 0.0


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)])
def test_one_number_of_any_shape_needs_no_gradient(shape):
    x = leaf(np.full(shape, 2.0))
    (x * x).backward()
    np.testing.assert_array_equal(x.grad, np.full(shape, 4.0))
    assert type(x.grad) is np.ndarray


@pytest.mark.parametrize(
    "gradient",
    [[1, 2, 3], (1.0, 2.0, 3.0), np.array([1, 2, 3], np.int8), mg.Tensor([1.0, 2.0, 3.0])],
)
def test_the_upstream_gradient_may_be_anything_like_an_array(gradient):
    x = leaf()
    (x * 2).backward(gradient)
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
    assert x.grad.dtype == float


@pytest.mark.parametrize(
    ("gradient", "error", "said"),
    [
        (None, ValueError, ["(3,)", "not one number", ".sum()", "gradient="]),
        (1.0, ValueError, ["backward", "()", "(3,)"]),
        ([1.0, 2.0], ValueError, ["backward", "(2,)", "(3,)"]),
        ([[1.0, 2.0, 3.0]], ValueError, ["backward", "(1, 3)", "(3,)"]),
        ("abc", TypeError, ["backward", "'abc'", "real numbers"]),
        ([None] * 3, TypeError, ["backward", "object", "real numbers"]),
        ([1j, 0, 0], TypeError, ["backward", "complex", "real numbers"]),
        ([[1.0], [1.0, 2.0]], TypeError, ["backward"]),
    ],
)
def test_a_gradient_that_does_not_fit_is_refused_and_nothing_changes(gradient, error, said):
    x = leaf()
    x.grad = [7.0, 8.0, 9.0]
    y = x * 2
    with pytest.raises(error) as caught:
        y.backward(gradient)
    assert [words for words in said if words not in str(caught.value)] == []
    assert x.grad.tolist() == [7.0, 8.0, 9.0]


@pytest.mark.parametrize(
    "result",
    [
        mg.Tensor(1.0),
        mg.Tensor(1.0) * 2,
        (leaf(1.0) * 2).detach(),
        mg.no_grad()(lambda: leaf(1.0) * 2)(),
        leaf(1.0).astype(int),
    ],
)
def test_a_result_without_history_says_so(result):
    with pytest.raises(RuntimeError, match=r"requires no grad.*requires_grad=True.*no_grad\(\)"):
        result.backward()


# Gradients inside


def test_grad_of_a_result_explains_retain_grad():
    x = leaf()
    y = (x * 2) + 1
    y.sum().backward()
    with pytest.warns(UserWarning, match=r"\(3,\) came from add.*retain_grad\(\)") as caught:
        assert y.grad is None
    assert caught[0].filename == __file__


def test_retain_grad_keeps_it_and_accumulates():
    x = leaf()
    y = x * 2
    y.retain_grad()
    loss = (y * y).sum()
    loss.backward()
    assert y.grad.tolist() == [4.0, 8.0, 12.0]
    assert x.grad.tolist() == [8.0, 16.0, 24.0]
    loss.backward()
    assert y.grad.tolist() == [8.0, 16.0, 24.0]
    y.zero_grad()
    assert y.grad is None


def test_retain_grad_on_the_root_and_on_a_leaf():
    x = leaf(3.0)
    x.retain_grad()
    y = x * x
    y.retain_grad()
    y.backward()
    assert y.grad == 1.0
    assert x.grad == 6.0
    z = leaf() * 2
    z.retain_grad()
    z.backward([1.0, 2.0, 3.0])
    assert z.grad.tolist() == [1.0, 2.0, 3.0]


def test_retain_grad_of_a_node_with_many_uses_holds_the_whole_sum():
    x = leaf(2.0)
    y = x * 1
    y.retain_grad()
    (y * y + 3 * y + y).backward()
    assert y.grad == 2 * 2 + 3 + 1


# Memory


def arrays_of(nodes, *others):
    return [a for n in nodes for a in (n.data, n.gradient) if a is not None] + list(others)


def assert_all_apart(arrays):
    for i, a in enumerate(arrays):
        for b in arrays[:i]:
            assert not np.shares_memory(a, b)


SHARERS = {
    "two leaves added": lambda x, y: x + y,
    "subtracted": lambda x, y: x - y,
    "identity": lambda x, y: +x + +y,
    "reshape": lambda x, y: x.reshape(4).reshape(2, 2) + y,
    "transpose": lambda x, y: x.T + y.T,
    "same shape": lambda x, y: x.reshape(2, 2) + y.transpose(0, 1),
    "all of it": lambda x, y: x[:] + y[...],
    "broadcast": lambda x, y: mg.broadcast_to(x, (2, 2)) + mg.broadcast_to(y, (3, 2, 2)),
    "sums": lambda x, y: x.sum() + y.sum(axis=0).sum(),
    "joined": lambda x, y: mg.concatenate([x, y]),
    "parts": lambda x, y: mg.split(x, 2)[0] + mg.split(y, 2)[1],
    "cast": lambda x, y: x.astype(float) + y.astype(float),
    "used twice": lambda x, y: x + y + x + y,
    "einsum": lambda x, y: mg.einsum("ij->ji", x) + mg.einsum("ij->ij", y),
    "swapped": lambda x, y: mg.swapaxes(x, 0, 0) + mg.moveaxis(y, 0, 1),
    "squeezed": lambda x, y: mg.squeeze(mg.expand_dims(x, 0)) + mg.flip(y),
    "passed on": lambda x, y: x,
}


@pytest.mark.parametrize("f", SHARERS.values(), ids=SHARERS)
@pytest.mark.parametrize("times", [1, 2])
def test_no_gradient_shares_memory_with_any_array(f, times):
    x, y = leaf(np.ones((2, 2))), leaf(np.full((2, 2), 2.0))
    out = f(x, y)
    nodes, waiting = {x, y, out}, [out]
    while waiting:
        node = waiting.pop()
        if node.op is not None:
            node.retain_grad()
        nodes.update(node.inputs)
        waiting += node.inputs
    g = np.ones(out.shape)
    for _ in range(times):
        out.backward(g)
    grads = [n.gradient for n in nodes if n.gradient is not None]
    assert grads
    assert_all_apart([*grads, g])
    for grad in grads:
        assert not any(np.shares_memory(grad, n.data) for n in nodes)
        grad += 100  # and it may be written to
    assert g.tolist() == np.ones(out.shape).tolist()


def test_a_gradient_in_hand_does_not_change_under_it():
    x = leaf()
    x.sum().backward()
    mine = x.grad
    x.sum().backward()
    assert mine.tolist() == [1.0, 1.0, 1.0]
    given = np.array([5.0, 6.0, 7.0])
    x.grad = given
    x.sum().backward()
    assert given.tolist() == [5.0, 6.0, 7.0]
    assert x.grad.tolist() == [6.0, 7.0, 8.0]


def test_what_an_operation_keeps_for_its_derivative_is_not_written_to():
    x = leaf(np.ones((2, 3)))
    x.data.flags.writeable = False
    out = nn.cross_entropy(x, [0, 2])
    kept = out.params["kept"].copy()
    for _ in range(2):
        out.backward()
    x.grad += 100
    np.testing.assert_array_equal(out.params["kept"], kept)


# Stale graphs


def replaced(w, *_):
    w.data = w.data * 2


def stepped(w, *_):
    optim.SGD([w], lr=0.1).step()


def loaded(w, model):
    model.load_state_dict({"w": np.zeros(3)})


class One(nn.Module):
    def __init__(self, w):
        self.w = w


CHANGES = {"data": replaced, "optimizer": stepped, "load_state_dict": loaded}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(
    "f", [lambda w: (w * w).sum(), lambda w: w.sum(), lambda w: w.tanh().exp().sum()]
)
def test_a_changed_parameter_makes_the_graph_stale(change, f):
    w = leaf(name="w")
    other = leaf(name="other")
    model = One(w)
    w.grad = [1.0, 2.0, 3.0]
    loss = f(w) + other.sum()
    change(w, model)
    data = w.numpy()
    with pytest.raises(RuntimeError, match=r"backward: w \(3,\) was changed after \w+ .*again"):
        loss.backward()
    assert w.grad.tolist() == [1.0, 2.0, 3.0]
    assert other.grad is None
    np.testing.assert_array_equal(w.data, data)
    f(w).backward()  # computed again, all is well


def test_a_changed_constant_makes_the_graph_stale_too():
    w, scale = leaf(), mg.Tensor([1.0, 2.0, 3.0], name="scale")
    loss = (w * scale).sum()
    scale.data = [9.0, 9.0, 9.0]
    with pytest.raises(RuntimeError, match=r"scale \(3,\) was changed after multiply"):
        loss.backward()
    assert w.grad is None


def test_a_change_before_the_use_or_of_something_else_is_none():
    w, other = leaf(), leaf()
    w.data = [2.0, 2.0, 2.0]
    loss = (w * w).sum()
    other.data = [0.0, 0.0, 0.0]
    loss.backward()
    assert w.grad.tolist() == [4.0, 4.0, 4.0]


def test_a_detached_parameter_is_not_moved_by_the_optimizer():
    w, x = leaf(), leaf()
    rule = optim.SGD([w], lr=1.0)
    w.grad = [1.0, 1.0, 1.0]
    rule.step()
    loss = (x * w.detach()).sum()
    before = w.numpy()
    rule.step()
    loss.backward()
    np.testing.assert_array_equal(x.grad, before)


def test_a_step_in_the_middle_of_two_graphs():
    w = leaf(name="w")
    rule = optim.SGD([w], lr=0.1)
    first = (w * w).sum()
    first.backward()
    rule.step()
    second = (w * w).sum()
    second.backward()
    with pytest.raises(RuntimeError, match="compute the loss again"):
        first.backward()


def test_gradients_are_written_only_when_all_are_known():
    def fails(g, out, x):
        raise ZeroDivisionError("in a rule")

    broken = mg.Op("broken", lambda x: x * 1, mg.Pullback("none", fails))
    x, y = leaf(), leaf()
    x.grad = [1.0, 1.0, 1.0]
    inner = x * 2
    inner.retain_grad()
    loss = (y * 3 + broken(inner) + x).sum()
    with pytest.raises(ZeroDivisionError, match="in a rule"):
        loss.backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]
    assert y.grad is None
    assert inner.grad is None


# no_grad


def test_no_grad_records_nothing():
    x = leaf()
    with mg.no_grad():
        y = (x * 2).exp()
    assert y.is_leaf
    assert not y.requires_grad
    assert (x * 2).requires_grad


def test_no_grad_leaves_leaves_and_backward_alone():
    x = leaf()
    loss = x.sum()
    with mg.no_grad():
        assert leaf().requires_grad
        loss.backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_no_grad_as_a_decorator_also_of_a_recursive_function():
    x = leaf()

    @mg.no_grad()
    def down(n):
        """Go down."""
        return down(n - 1) if n else x * 2

    assert not down(5).requires_grad
    assert state.recording
    assert not down(5).requires_grad
    assert down.__doc__ == "Go down."
    assert (x * 2).requires_grad


def test_no_grad_nests_and_is_restored_after_an_exception():
    x = leaf()
    with mg.no_grad():
        with mg.no_grad():
            pass
        assert not (x * 2).requires_grad
    with pytest.raises(ZeroDivisionError), mg.no_grad():
        1 / 0
    assert (x * 2).requires_grad

    @mg.no_grad()
    def fails():
        raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert (x * 2).requires_grad


def in_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_no_grad_is_of_its_own_thread():
    x = leaf()
    with mg.no_grad():
        assert in_thread(lambda: (x * 2).requires_grad)
    started, go_on = threading.Event(), threading.Event()

    def quiet():
        with mg.no_grad():
            started.set()
            return go_on.wait(10)

    thread = threading.Thread(target=quiet)
    thread.start()
    assert started.wait(10)
    assert (x * 2).requires_grad
    go_on.set()
    thread.join()


def test_threads_train_side_by_side():
    def train(seed):
        model, x = nn.MLP([3, 4, 2], rng=seed), np.eye(3)
        rule = optim.SGD(model.parameters(), lr=0.5)
        for _ in range(50):
            rule.zero_grad()
            nn.cross_entropy(model(x), [0, 1, 0]).backward()
            rule.step()
        return [p.numpy() for p in model.parameters()]

    alone = [train(seed) for seed in range(4)]
    together = [None] * 4

    def work(seed):
        together[seed] = train(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for mine, right in zip(together, alone, strict=True):
        for a, b in zip(mine, right, strict=True):
            np.testing.assert_array_equal(a, b)


# requires_grad


def test_a_leaf_can_be_frozen_and_thawed():
    w, v = leaf(), leaf()
    w.requires_grad = False
    (w * v).sum().backward()
    assert w.grad is None
    w.requires_grad = True
    (w * v).sum().backward()
    assert w.grad.tolist() == [1.0, 2.0, 3.0]


def test_results_know_whether_a_gradient_flows():
    w, c = leaf(), mg.Tensor([1.0, 2.0, 3.0])
    assert (w * c).requires_grad
    assert not (c * c).requires_grad
    assert (c * c).is_leaf
    assert not (w * c).is_leaf
