"""Recorded passes, against `.grad`, against calculus, and against training that nobody watched."""

import gc
import itertools
import weakref

import numpy as np
import pytest
from explain.graphs import losses, networks, same_bits
from formulas import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd import nn
from microgd.explain.ids import number
from microgd.op import Local


def scalar(value, name):
    return mg.Tensor(value, requires_grad=True, name=name)


@given(losses())
def test_totals_are_grad_to_the_bit(drawn):
    loss, leaves = drawn
    record = mg.explain.backprop(loss)
    assert all(leaf.grad is None for leaf in leaves), "recording wrote a gradient"
    loss.backward()
    for leaf in leaves:
        if leaf.grad is None:
            assert record.gradient(leaf) is None
        else:
            assert same_bits(record.gradient(leaf), leaf.grad)


@settings(max_examples=30)
@given(networks())
def test_totals_of_networks_are_grad_to_the_bit(drawn):
    model, loss = drawn
    record = mg.explain.backprop(loss)
    loss.backward()
    for parameter in model.parameters():
        assert same_bits(record.gradient(parameter), parameter.grad)


@given(losses())
def test_every_gradient_on_the_way_is_the_retained_one(drawn):
    loss, _ = drawn
    record = mg.explain.backprop(loss)
    results = [node for node in record.nodes if node.op]
    for node in results:
        node.retain_grad()
    loss.backward()
    for node in results:
        assert same_bits(record.gradient(node), node.grad)
    for step in record:
        assert same_bits(step.upstream, step.node.grad)


@given(losses())
def test_contributions_are_chained_and_add_up(drawn):
    loss, _ = drawn
    totals = {}
    for step in mg.explain.backprop(loss):
        for edge in step.edges:
            before = totals.get(edge.input)
            assert edge.accumulates == (before is not None)
            if before is None:
                assert edge.before is None
                assert same_bits(edge.after, edge.contribution)
            else:
                assert same_bits(edge.before, before)
                assert same_bits(edge.after, np.asarray(before + edge.contribution))
            totals[edge.input] = edge.after


@given(losses())
def test_a_contribution_is_upstream_times_local(drawn):
    for step in mg.explain.backprop(drawn[0]):
        for edge in step.edges:
            if edge.local is not None and edge.contribution.shape == step.upstream.shape:
                product = np.asarray(step.upstream * edge.local)
                assert same_bits(product.astype(edge.contribution.dtype), edge.contribution)


@given(losses())
def test_formulas_say_what_was_computed(drawn):
    for step in mg.explain.backprop(drawn[0]):
        for edge in step.edges:
            found = evaluate(
                edge.formula, step.node.op, edge.index,
                step.upstream, step.value, step.inputs, step.node.params,
            )  # fmt: skip
            derivative = step.node.op.derivatives_of(step.node.inputs)[edge.index]
            isolated = isinstance(derivative, Local)
            assert (edge.local is not None) == isolated
            expected = edge.local if isolated else edge.contribution
            np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5, atol=1e-6)


PYTHON = {name: getattr(np, name) for name in ("exp", "sin", "cos", "sign", "log", "tanh")}
PYTHON |= {
    "softmax": None,
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
PYTHON |= {"square": np.square, "maximum": max, "abs": abs}


@given(losses(scalar=True))
def test_numbers_put_into_formulas_give_the_numbers_beside_them(drawn):
    for step in mg.explain.backprop(drawn[0]):
        values = dict(zip(step.labels, map(float, step.inputs), strict=True))
        values |= {step.name: float(step.value)}
        size = max(1.0, *map(abs, values.values()))
        assert eval(step.substituted, PYTHON) == pytest.approx(  # noqa: S307 (ours)
            float(step.value), rel=1e-2, abs=2e-3 * size**2
        )
        for edge in step.edges:
            # An unnamed number is its own label, in four digits
            assert eval(edge.written, PYTHON, values) == pytest.approx(  # noqa: S307 (ours)
                float(edge.local), rel=1e-3, abs=1e-6
            )
            assert eval(edge.substituted, PYTHON) == pytest.approx(  # noqa: S307 (ours)
                float(edge.local), rel=1e-2, abs=1e-3
            )


def test_both_edges_of_a_repeated_input_and_the_second_addition():
    x = scalar(3.0, "x")
    (step,) = mg.explain.backprop(x * x)
    first, second = step.edges
    assert (first.index, second.index) == (0, 1)
    assert (first.formula, second.formula) == ("y", "x")
    assert first.input is second.input is x
    assert (first.before, float(first.after)) == (None, 3.0)
    assert (float(second.before), float(second.after)) == (3.0, 6.0)
    assert (first.accumulates, second.accumulates, step.accumulates) == (False, True, True)
    assert "total         3 + 3 = 6" in str(step)


def test_a_saturated_unit_is_not_shown_as_exactly_one():
    x = scalar(6.0, "x")
    (step,) = mg.explain.backprop(mg.tanh(x))
    shown = step.edges[0].substituted
    assert shown != "1 - 1**2"
    assert eval(shown) == pytest.approx(float(step.edges[0].local), rel=1e-2)  # noqa: S307


@pytest.mark.parametrize(
    ("make", "written", "put_in"),
    [
        (mg.tanh, "1 - v1**2", "1 - (-0.4621)**2"),
        (mg.relu, "x > 0", "-0.5 > 0"),
        (lambda x: x**3, "3 * x**(3 - 1)", "3 * (-0.5)**(3 - 1)"),
        (lambda x: -x, "-1", "-1"),
        (mg.exp, "v1", "0.6065"),
        (mg.sin, "cos(x)", "cos(-0.5)"),
        (lambda x: 1 / x, "-v1 / x", "-(-2) / (-0.5)"),
        (mg.leaky_relu, "where(x > 0, 1, negative_slope)", "where(-0.5 > 0, 1, 0.01)"),
    ],
)
def test_formulas_as_a_learner_reads_them(make, written, put_in):
    edge = mg.explain.backprop(make(scalar(-0.5, "x")))[0].edges[-1]
    assert (edge.written, edge.substituted) == (written, put_in)


def test_arrays_have_formulas_without_numbers():
    w = mg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    record = mg.explain.backprop((mg.tanh(w) @ mg.Tensor([[1.0], [1.0]], name="v")).sum())
    product = record[1].edges[0]
    assert (product.written, product.local, product.substituted) == ("g @ v.T", None, None)
    activation = record[2].edges[0]
    assert (activation.written, activation.substituted) == ("1 - v1**2", None)
    assert activation.local.shape == (1, 2)


def test_it_is_a_sequence():
    x = scalar(0.5, "x")
    record = mg.explain.backprop(mg.tanh(x * 2) + 1)
    assert len(record) == 3
    assert [step.op for step in record] == ["add", "tanh", "multiply"]
    assert record[-1] is record[2] is list(record)[2]
    assert record[1:] == (record[1], record[2])
    assert [step.number for step in record] == [1, 2, 3]
    with pytest.raises(IndexError):
        record[3]


@given(losses())
def test_ids_follow_creation_and_labels_are_told_apart(drawn):
    loss, _ = drawn
    record = mg.explain.backprop(loss)
    times = [node.time for node in record.nodes if node.op]
    assert times == sorted(times)
    assert [record.id(x) for x in record.nodes] == [f"n{k}" for k in range(len(record.nodes))]
    known = set()
    for node in record.nodes:
        assert known.issuperset(node.inputs)
        known.add(node)
    assert list(number(loss)) == list(record.nodes)
    names = [record.label(node) for node in record.nodes if node.op or node.needs_grad]
    assert len(set(names)) == len(names)
    for node in record.nodes:
        if node.name:
            assert record.label(node) == node.name


def test_parameters_of_equal_name_are_told_apart_by_their_module():
    model = nn.MLP([2, 3, 1], rng=0)
    record = mg.explain.backprop(model([[1.0, 2.0]]).sum())
    labels = {record.label(parameter) for parameter in model.parameters()}
    assert labels == {"layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"}
    assert [step.scope for step in record] == ["", "layers.2", "layers.1", "layers.0"]
    x = mg.tensor([[1.0, 2.0]], name="x")
    assert "x" in mg.explain.backprop(model(x).sum())[-1].labels, "nobody else has this name"


@given(st.text(), st.text())
def test_a_name_is_data(first, second):
    a, b = scalar(1.0, first), scalar(2.0, second)
    record = mg.explain.backprop(a * b * a)
    said = str(record) + repr(record[0])
    assert said.replace("\n", "").isprintable()
    assert len({record.label(node) for node in record.nodes}) == len(record.nodes)


def test_a_name_of_100_kilobytes_is_one_short_line():
    record = mg.explain.backprop(scalar(1.0, "long " * 20_000) * 2)
    assert len(str(record[0])) < 1_000


@given(losses())
def test_forward_is_the_same_steps_in_order_of_creation(drawn):
    loss, _ = drawn
    ahead, back = mg.explain.forward(loss), mg.explain.backprop(loss)
    assert [step.node for step in ahead] == [step.node for step in reversed(back)]
    known = {id(node) for node in ahead.nodes if node.op is None}
    for step in ahead:
        assert {id(x) for x in step.node.inputs} <= known
        known.add(id(step.node))
        assert (step.upstream, step.edges) == (None, ())
        again = step.node.op(*step.inputs, **step.node.params)
        assert same_bits(np.asarray(again, step.value.dtype), step.value)


def train(watched):
    model = nn.MLP([2, 8, 1], activation="tanh", rng=0, dtype=np.float32)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    rng = np.random.default_rng(1)
    for _ in range(5):
        x = rng.normal(size=(4, 2)).astype(np.float32)
        loss = nn.losses.mse_loss(model(x), x[:, :1])
        if watched:
            mg.explain.backprop(loss)
        model.zero_grad()
        loss.backward()
        if watched:
            mg.explain.backprop(loss)
            mg.explain.debug(loss).step()
        optimizer.step()
    return [parameter.data.copy() for parameter in model.parameters()]


def test_training_goes_on_as_if_nobody_had_looked():
    for watched, alone in zip(train(True), train(False), strict=True):
        assert same_bits(watched, alone)


def numbers_of(record):
    arrays = []
    for step in record:
        arrays += [step.value, step.upstream, *step.inputs]
        for edge in step.edges:
            arrays += [edge.contribution, edge.before, edge.after, edge.local]
    return [None if a is None else np.array(a) for a in arrays]


@pytest.mark.parametrize("look_first", [True, False])
def test_a_record_keeps_its_numbers_when_training_goes_on(look_first):
    def recorded():
        w = mg.Tensor([1.0, -2.0], requires_grad=True, name="w")
        x = np.array([0.5, 3.0])
        loss = (mg.tanh(w * x) * w + mg.reshape(w, (2,))).sum()
        return w, x, loss, mg.explain.backprop(loss)

    expected = numbers_of(recorded()[3])
    w, x, loss, record = recorded()
    if look_first:
        numbers_of(record)
    loss.backward()
    w.grad[:] = 7.0
    w.data[:] = 9.0
    x[:] = 9.0
    w.data = [5.0, 5.0]
    for now, then in zip(numbers_of(record), expected, strict=True):
        assert (now is None) == (then is None)
        if then is not None:
            np.testing.assert_array_equal(now, then)


def test_existing_gradients_stay_out_of_it():
    w = scalar(3.0, "w")
    w.grad = np.array(100.0)
    record = mg.explain.backprop(w * 2)
    assert float(w.grad) == 100.0
    assert float(record.gradient(w)) == 2.0


def test_where_no_gradient_goes_none_is_recorded():
    w, c = scalar(3.0, "w"), mg.Tensor(2.0, name="c")
    record = mg.explain.backprop(w * c)
    assert [edge.label for edge in record[0].edges] == ["w"]
    assert record.gradient(c) is None
    assert c in record.nodes


def test_a_record_of_a_leaf_is_empty():
    w = scalar(3.0, "w")
    record = mg.explain.backprop(w)
    assert (len(record), float(record.gradient(w))) == (0, 1.0)


def test_a_deep_chain_is_recorded_in_a_loop():
    x = node = scalar(1.0, "x")
    for _ in range(20_000):
        node = node * 1.0
    record = mg.explain.backprop(node)
    assert len(record) == len(mg.explain.forward(node)) == 20_000
    assert float(record.gradient(x)) == 1.0
    assert record[-1].name == "v1"


def test_a_graph_dies_with_its_record():
    gc.disable()
    try:
        w = scalar(3.0, "w")
        loss = mg.tanh(w * w)
        record = mg.explain.backprop(loss)
        str(record), record.nodes, record.gradient(w)
        ghost = weakref.ref(loss)
        del loss, record
        assert ghost() is None, "a reference cycle keeps the graph alive"
    finally:
        gc.enable()


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("kind", ["backprop", "forward"])
def test_printed_it_fits(columns, kind, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    model = nn.MLP([64, 64, 10], rng=0)
    loss = nn.losses.cross_entropy(model(np.ones((8, 64))), np.zeros(8, int))
    x = scalar(0.123456789, "input")
    for result in (loss, (mg.tanh(x * 1e-7 + x) - 123456.789) ** 2 * x):
        record = getattr(mg.explain, kind)(result)
        for line in str(record).splitlines():
            assert len(line) <= columns, line
            assert line == line.rstrip()
        for step in record:
            assert str(step).startswith(f"step {step.number}: {step.name} = ")
            said = " ".join(str(step).split())
            for edge in step.edges:
                assert f"to {edge.label}" in said
                assert edge.written in said
            assert ("total" in said) == step.accumulates


def test_errors_name_the_way_out():
    for record in (mg.explain.backprop, mg.explain.debug):
        with pytest.raises(RuntimeError, match=r"the loss x \(\) requires no gradient.*no_grad"):
            record(mg.tensor(1.0, name="x"))
        with pytest.raises(ValueError, match=r"the loss w \(2,\) is not one number.*mean"):
            record(mg.tensor([1.0, 2.0], requires_grad=True, name="w"))
    with pytest.raises(ValueError, match=r"forward: x \(\) came from no recorded operation"):
        mg.explain.forward(mg.tensor(1.0, name="x"))


def test_a_value_that_was_replaced_is_refused_as_by_backward():
    w = scalar(3.0, "w")
    loss = w * w
    w.data = 4.0
    for attempt in (mg.explain.backprop, mg.Tensor.backward):
        with pytest.raises(RuntimeError, match=r"w \(\) was changed after multiply"):
            attempt(loss)


def test_ids_are_shared_by_all_records_and_outlive_a_training_step():
    w = scalar(3.0, "w")
    loss = mg.tanh(w * w)
    ids = number(loss)
    early = mg.explain.backprop(loss)
    w.data = 4.0
    assert [*early.nodes] == [*ids] == [*number(loss)]
    w.data = 3.0
    loss = mg.tanh(w * w)
    ids = number(loss)
    for record in (mg.explain.backprop(loss), mg.explain.forward(loss)):
        for step, node in itertools.product(record, record.nodes):
            assert record.id(node) == ids[node]
            assert step.id == ids[step.node]
