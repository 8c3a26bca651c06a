"""Long, wide and tangled graphs: built, walked and freed without recursion, and without a trace."""

import gc
import inspect
import sys
import weakref

import numpy as np
import pytest

import microgd as mg
from microgd import nn, optim
from microgd.graph import history


def leaf(data=1.0):
    return mg.Tensor(data, requires_grad=True, dtype=float)


@pytest.fixture(autouse=True)
def default_recursion_limit():
    """The limit of a fresh interpreter, whatever the runner has set."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(1000, len(inspect.stack()) + 200))
    yield
    sys.setrecursionlimit(before)


@pytest.fixture
def no_collector():
    """Without the collector, only what is in no cycle dies."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def tensors():
    return sum(isinstance(x, mg.Tensor) for x in gc.get_objects())


# Chains

LENGTHS = [200_000, pytest.param(1_000_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("n", LENGTHS)
def test_a_long_chain_is_built_walked_and_freed(n, no_collector):
    before = tensors()
    x = y = leaf(3.0)
    for _ in range(n):
        y = y + 1.0
    assert y.item() == 3.0 + n
    assert len(history(y)) == n
    y.backward()
    assert x.grad == 1.0
    y.backward()
    assert x.grad == 2.0
    last = weakref.ref(y)
    del y
    assert last() is None
    assert tensors() == before + 1


def test_a_long_chain_is_freed_from_the_middle(no_collector):
    y = leaf()
    nodes = []
    for i in range(100_000):
        y = y * 1.0
        if i % 10_000 == 0:
            nodes.append(weakref.ref(y))
    del y
    assert [node() for node in nodes] == [None] * 10


def test_a_long_chain_of_modules_and_shapes():
    x = y = leaf(np.ones((2, 3)))
    for _ in range(20_000):
        y = y.T.reshape(2, 3) + 0.0
    y.sum().backward()
    assert x.grad.tolist() == [[1.0] * 3] * 2


def test_a_long_chain_can_be_differentiated_twice():
    def f(x):
        y = x
        for _ in range(5_000):
            y = y * 1.0 + 0.0
        return y * y * y

    assert mg.grad(mg.grad(f))(2.0).item() == 12.0


def test_a_long_chain_is_shown_and_refused_without_recursion():
    x = y = leaf()
    for _ in range(50_000):
        y = y + 1.0
    assert repr(y).startswith("tensor(50001.")
    x.data = 2.0
    with pytest.raises(RuntimeError, match="changed"):
        y.backward()
    assert x.grad is None


# Shapes that are hard on a naive walk


def test_a_leaf_used_a_hundred_thousand_times():
    x = leaf(2.0)
    total = x * 0.0
    for _ in range(100_000):
        total = total + x
    total.backward()
    assert x.grad == 100_000.0


def test_a_node_with_two_thousand_inputs():
    x = leaf(2.0)
    mg.stack([x] * 2_000).sum().backward()
    assert x.grad == 2_000.0
    many = [leaf(float(i)) for i in range(2_000)]
    (mg.stack(many) ** 2).sum().backward()
    assert all(m.grad == 2.0 * i for i, m in enumerate(many))


def test_a_ladder_of_diamonds_has_more_paths_than_atoms():
    x = y = leaf(1.0)
    for _ in range(2_000):
        y = 0.5 * y + y * 0.5  # 2**2000 paths
    y.backward()
    assert x.grad == 1.0
    x.zero_grad()
    for _ in range(2_000):
        y = (y * y + 1.0) * 0.5  # at y = 1 every rung has the slope 1
    y.backward()
    assert x.grad == 1.0
    twice = mg.grad(lambda x: doubled(x, 1_000))(1.0)
    np.testing.assert_allclose(twice.item(), 2.0**1000)


def doubled(x, n):
    for _ in range(n):
        x = x + x
    return x


def test_a_dense_tangle_in_which_each_node_uses_all_before_it():
    nodes = [leaf(1.0)]
    for _ in range(200):
        total = nodes[0]
        for node in nodes[1:]:
            total = total + node
        nodes.append(total * 0.5)
    nodes[-1].backward()  # s' = s + s/2: the sum grows by 1.5 a node
    np.testing.assert_allclose(nodes[0].grad, 0.5 * 1.5**199)


def test_fibonacci_by_shared_halves():
    a, b = leaf(1.0), leaf(1.0)
    first, second = a, b
    for _ in range(80):
        a, b = b, a + b
    b.backward()
    fib = [0, 1]
    while len(fib) < 83:
        fib.append(fib[-1] + fib[-2])
    assert first.grad == fib[80]
    assert second.grad == fib[81]


# What is left behind


def training(steps):
    model, x, labels = nn.MLP([4, 8, 3], rng=0), np.eye(4), np.array([0, 1, 2, 0])
    rule = optim.Adam(model.parameters())

    def run(n):
        for _ in range(n):
            rule.zero_grad()
            loss = nn.cross_entropy(model(x), labels)
            loss.backward()
            rule.step()
        return loss.item()

    run(2)
    before = tensors(), len(gc.get_objects())
    run(steps)
    return before, (tensors(), len(gc.get_objects()))


def test_a_thousand_training_steps_leave_no_tensor_behind(no_collector):
    before, after = training(1_000)
    assert after[0] == before[0]
    assert abs(after[1] - before[1]) < 50


def retained(x):
    y = x * 2
    y.retain_grad()
    return (y * y).sum()


def failing(f):
    with pytest.raises((ValueError, FloatingPointError, RuntimeError)):
        f()


def stale(x):
    loss = (x * x).sum()
    x.data = x.data
    failing(loss.backward)


def watched(x):
    with mg.detect_anomaly(), np.errstate(all="ignore"):
        (x / x).sum().backward()


LEAVES_NOTHING = {
    "forward": lambda x: (x * x).tanh().sum(),
    "backward": lambda x: (x * x).sum().backward(),
    "retained": lambda x: retained(x).backward(),
    "iteration": lambda x: sum(row * row for row in x).backward(),
    "numpy": lambda x: np.sum(np.stack([x, x]) ** 2).backward(),
    "grad": mg.grad(lambda x: (x**3).sum()),
    "hvp": lambda x: mg.hvp(lambda x: (x**3).sum())(x, np.ones(3)),
    "hessian": mg.hessian(lambda x: (x**3).sum()),
    "penalty": lambda x: (mg.grad(lambda v: (v * v * x).sum())(np.ones(3)) ** 2).sum().backward(),
    "a failed operation": lambda x: failing(lambda: x @ np.ones((2, 2))),
    "a refused gradient": lambda x: failing((x * 2).backward),
    "a stale graph": stale,
    "anomaly": watched,
    "a found anomaly": lambda x: failing(lambda: watched(x / np.zeros(3))),
    "detach": lambda x: (x * 2).detach() * x,
    "no_grad": mg.no_grad()(lambda x: x * 2),
}


@pytest.mark.parametrize("work", LEAVES_NOTHING.values(), ids=LEAVES_NOTHING)
def test_a_graph_dies_with_its_last_result(work):
    x = leaf([1.0, 2.0, 3.0])
    with np.errstate(all="ignore"):
        work(x)
        gc.collect()
        before = tensors()
        gc.disable()
        try:
            for _ in range(20):
                work(x)
            after = tensors()
        finally:
            gc.enable()
    assert after == before


def test_a_graph_dies_with_its_loss(no_collector):
    model = nn.MLP([2, 3, 1], rng=0)
    loss = (model(np.ones((4, 2))) ** 2).mean()
    nodes = [weakref.ref(node) for node in history(loss)]
    assert len(nodes) > 4
    loss.backward()
    del loss
    assert [node() for node in nodes] == [None] * len(nodes)


def test_what_is_kept_keeps_only_what_it_came_from(no_collector):
    x = leaf()
    kept = x * 2
    other = weakref.ref(kept * 3)
    assert other() is None
    kept.backward()
    assert x.grad == 2.0
