"""detect_anomaly names the operation, its inputs and the user's line, and who wrote unseen."""

import inspect
import threading

import numpy as np
import pytest

import microgd as mg
from microgd import nn
from microgd.graph import state

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of log(0) and 1 / 0


def leaf(data, name=None):
    return mg.Tensor(data, requires_grad=True, name=name, dtype=float)


def line_of(function, text):
    """``file:number: text`` of the line of `function` that reads `text`."""
    source, start = inspect.getsourcelines(function)
    (offset,) = [i for i, line in enumerate(source) if line.strip() == text]
    return f"{__file__}:{start + offset}: {text}"


def caught(work, error=FloatingPointError):
    with pytest.raises(error) as found:
        work()
    assert state.watch is None
    return str(found.value)


# Forward


def test_the_forward_operation_its_ranges_and_the_users_line_are_named():
    x = leaf([2.0, 0.0, 5.0], name="x")

    @mg.detect_anomaly()
    def work():
        y = x * 3
        z = mg.log(y)
        return z.sum()

    message = caught(work)
    assert message.startswith("log made -inf at (1,)")
    assert "(3,) from 0 to 15" in message
    assert line_of(work, "z = mg.log(y)") in message


FORWARD = {
    "divide": (lambda x: 1 / x, "divide made inf"),
    "sqrt": (lambda x: mg.sqrt(x - 1), "sqrt made nan at (0, 0)"),
    "exp": (lambda x: mg.exp(x + 1000), "exp made inf"),
    "power": (lambda x: (x - 0.5) ** 0.5, "power made nan"),
    "subtract": (lambda x: x * np.inf - x * np.inf, "multiply made nan"),
    "matmul": (lambda x: (x + 1e200) @ (x + 1e200), "matmul made inf"),
    "numpy": (np.log, "log made -inf"),
    "square": (lambda x: (x + 1e300) ** 2, "power made inf"),
}


@pytest.mark.parametrize(("f", "words"), FORWARD.values(), ids=FORWARD)
def test_many_an_operation(f, words):
    x = leaf([[0.0, 1.0], [2.0, 3.0]])
    with pytest.raises(
        FloatingPointError, match=rf"^{words.replace('(', r'.').replace(')', r'.')}"
    ):
        mg.detect_anomaly()(f)(x)


def test_what_comes_in_is_told_from_what_is_made():
    x = leaf([1.0, np.nan, np.inf], name="data")
    message = caught(mg.detect_anomaly()(lambda: x * 2))
    assert message.startswith("multiply made nan at (1,)")
    assert "data (3,) from 1 to 1, 2 not finite" in message
    nothing = caught(mg.detect_anomaly()(lambda: leaf([np.nan]) + 1))
    assert "without a number, 1 not finite" in nothing


def test_what_is_finite_passes():
    x = leaf([1.0, 2.0])
    with mg.detect_anomaly():
        loss = (x.log() / x).sum() + mg.Tensor(np.zeros((0, 2))).sum() + mg.Tensor([1, 2]).sum()
        loss.backward()
        mg.hessian(lambda x: (x**3).sum())(x)
    assert np.isfinite(x.grad).all()


def test_without_it_nothing_is_checked():
    x = leaf(0.0)
    assert mg.log(x).item() == -np.inf
    mg.sqrt(x).backward()
    assert x.grad == np.inf


class Stem(nn.Module):
    def __init__(self):
        self.dense = nn.Linear(2, 2, rng=0)

    def forward(self, x):
        hidden = self.dense(x)
        return mg.log(hidden * 0)


class Net(nn.Module):
    def __init__(self):
        self.parts = [nn.ReLU(), Stem()]

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x


def test_the_path_of_the_module_and_the_line_of_its_author():
    message = caught(mg.detect_anomaly()(lambda: Net()(np.ones((1, 2)))))
    assert message.startswith("parts.1.log made -inf")
    assert line_of(Stem.forward, "return mg.log(hidden * 0)") in message
    assert state.call == ()


def test_an_operation_inside_of_a_layer_of_ours_has_the_line_that_called_the_layer():
    layer = nn.Linear(2, 1, rng=0)

    @mg.detect_anomaly()
    def work():
        x = np.array([[1e308, 1e308]])
        return layer(x * 10)

    message = caught(work)
    assert message.startswith("linear made")
    assert line_of(work, "return layer(x * 10)") in message


# Backward


def test_the_forward_operation_of_an_infinite_gradient_is_named():
    x = leaf([4.0, 0.0], name="x")

    @mg.detect_anomaly()
    def work():
        y = mg.sqrt(x)
        z = y * 2
        z.sum().backward()

    message = caught(work)
    assert message.startswith("sqrt has the gradient inf at (1,) for its input 0")
    assert "x (2,) from 0 to 4" in message
    assert line_of(work, "y = mg.sqrt(x)") in message
    assert x.grad is None


def test_the_first_on_the_way_back_is_named_not_those_after_it():
    x = leaf(0.0)

    @mg.detect_anomaly()
    def work():
        y = x * 3
        z = mg.sqrt(y) * 0 + y
        z.backward()

    message = caught(work)
    assert message.startswith("sqrt has the gradient nan")
    assert "recorded at " + line_of(work, "z = mg.sqrt(y) * 0 + y") in message


def test_a_forward_pass_outside_has_no_line():
    x = leaf(0.0)
    y = mg.sqrt(x)
    message = caught(mg.detect_anomaly()(y.backward))
    assert message.startswith("sqrt has the gradient inf")
    assert "outside of detect_anomaly()" in message


# Raw writes


WRITES = {
    "a parameter": lambda x, y, z: x.data.__setitem__(0, 9.0),
    "something in between": lambda x, y, z: y.data.__imul__(2),
    "the result": lambda x, y, z: z.data.fill(0.5),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_raw_write_between_forward_and_backward_is_caught(write):
    x = leaf([1.0, 2.0], name="x")

    @mg.detect_anomaly()
    def work():
        y = x.exp()
        z = y.tanh()
        write(x, y, z)
        z.backward([1.0, 1.0])

    message = caught(work, RuntimeError)
    assert "its array was written to" in message
    assert "assign to .data" in message
    assert f"{__file__}:" in message
    assert x.grad is None


def test_a_write_into_an_array_of_the_users_own_is_caught():
    w, mine = leaf([1.0, 2.0]), np.array([3.0, 4.0])

    @mg.detect_anomaly()
    def work():
        loss = (w * mine).sum()
        mine[:] = 0
        loss.backward()

    assert "multiply used (2,), but its array was written to" in caught(work, RuntimeError)
    assert w.grad is None


def test_a_write_before_or_of_the_same_number_is_none():
    x = leaf([1.0, 2.0])
    with mg.detect_anomaly():
        x.data[0] = 5.0
        loss = (x * x).sum()
        x.data[0] = 5.0
        loss.backward()
    assert x.grad.tolist() == [10.0, 4.0]


# Context and decorator


def test_it_is_left_after_an_error_and_nests():
    assert state.watch is None
    with mg.detect_anomaly():
        outer = state.watch
        with mg.detect_anomaly():
            assert state.watch is not outer
        assert state.watch is outer
    with pytest.raises(ZeroDivisionError), mg.detect_anomaly():
        1 / 0
    assert state.watch is None


def test_a_recursive_function_may_be_decorated():
    @mg.detect_anomaly()
    def down(n):
        assert state.watch is not None
        return down(n - 1) if n else mg.log(leaf(1.0))

    assert down(4).item() == 0.0
    assert state.watch is None


def test_it_watches_its_own_thread_alone():
    found = []

    def other():
        found.append(mg.log(leaf(0.0)).item())

    with mg.detect_anomaly():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [-np.inf]

    def watched():
        found.append(caught(mg.detect_anomaly()(lambda: mg.log(leaf(0.0)))))

    thread = threading.Thread(target=watched)
    thread.start()
    thread.join()
    assert found[1].startswith("log made -inf")
    assert mg.log(leaf(0.0)).item() == -np.inf


def test_memory_of_dead_nodes_is_forgotten():
    with mg.detect_anomaly():
        x = leaf([1.0])
        for _ in range(100):
            (x * 2).sum()
        assert len(state.watch.notes) == 0


def test_two_backward_passes_and_gradients_are_as_without_it():
    model, x = nn.MLP([2, 3, 2], rng=0), np.eye(2)
    nn.cross_entropy(model(x), [0, 1]).backward()
    plain = [p.grad for p in model.parameters()]
    model.zero_grad()
    with mg.detect_anomaly():
        nn.cross_entropy(model(x), [0, 1]).backward()
    for p, g in zip(model.parameters(), plain, strict=True):
        np.testing.assert_array_equal(p.grad, g)
