"""The checker is checked: wrong derivatives of every operation are caught, and said to be wrong."""

import ast
import inspect
import re
from functools import partial

import numpy as np
import pytest
from mutants import (
    LIKELY,
    MUTATIONS,
    call,
    dropped,
    gradient_of,
    mutant,
    row_of,
    simple,
    without_a_term,
)
from op_rows import ROWS, TABLE

import microgd as mg
from microgd import backprop, transforms
from microgd.op import Pullback

DERIVATIVES = [(name, i) for name, op in TABLE.items() for i in range(len(op.derivatives))]

every_derivative = pytest.mark.parametrize(
    ("name", "i"), [pytest.param(name, i, id=f"{name}-{i}") for name, i in DERIVATIVES]
)


MESSAGE = re.compile(
    r"gradcheck: (?P<op>\w+), input (?P<input>\d+) \((?P<argument>\w+)\), element"
    r" \((?P<element>[\d, ]*)\): derivative 1 is (?P<got>\S+), by finite differences (?P<want>\S+);"
    r" (?P<why>.+)"
)


@every_derivative
def test_at_least_five_mutants_of_every_derivative_are_caught(name, i):
    op, row = TABLE[name], row_of(name, i)
    inputs = row.inputs()
    right = gradient_of(op, row, inputs, i)
    changes = dict(MUTATIONS)
    for formula in without_a_term(op, i):
        changes[f"dropped: {formula}"] = dropped(formula, op, i)
    ran = 0
    for what, change in changes.items():
        wrong = mutant(op, i, change)
        mutated = gradient_of(wrong, row, inputs, i)
        if np.array_equal(np.broadcast_to(mutated, right.shape), right):
            continue  # such as a single number flipped
        ran += 1
        f, xs = call(wrong, row, inputs)
        with pytest.raises(mg.GradcheckError) as caught:
            mg.gradcheck(f, xs)
        said = str(caught.value)
        if np.shape(mutated) != right.shape:  # then there are no two numbers to compare
            assert f"{op}: gradient {np.shape(mutated)} for input {i}" in said
            continue
        found = MESSAGE.fullmatch(said)
        assert found, said
        assert found["op"] == name
        assert int(found["input"]) == i or op.variadic
        assert found["argument"] == op.arguments[i]
        assert float(found["got"]) != float(found["want"])
        if what in LIKELY and right.size > 2 and right.shape == inputs[i].shape:
            assert found["why"].startswith(LIKELY[what])
    assert ran >= 5


# Faults of the engine: every derivative is right, and what is made of it is wrong


def broadcasting_calls():
    """Rows whose derivative comes out of the rule in another shape than its input has."""
    for name, i in DERIVATIVES:
        for row in ROWS[name]:
            if i in row.variables():
                inputs = row.inputs()
                if gradient_of(TABLE[name], row, inputs, i).shape != inputs[i].shape:
                    yield pytest.param(name, row, i, id=f"{name}-{i}-{row.shapes}".replace(" ", ""))


broadcasting = pytest.mark.parametrize(("name", "row", "i"), list(broadcasting_calls()))


@broadcasting
def test_a_missing_unbroadcast_is_caught(name, row, i, monkeypatch):
    f, xs = call(TABLE[name], row, row.inputs())
    assert mg.gradcheck(f, xs)
    with monkeypatch.context() as patch:
        patch.setattr(backprop, "unbroadcast", lambda part, node, index: part)
        with pytest.raises(mg.GradcheckError) as caught:
            mg.gradcheck(f, xs)
    assert f"gradcheck: {name}, input " in str(caught.value)
    assert "likely a missing un-broadcast of " in str(caught.value)


@broadcasting
@pytest.mark.parametrize("way", [np.mean, np.max, lambda part, axis: np.take(part, 0, axis[0])])
def test_a_wrong_unbroadcast_is_caught(name, row, i, way, monkeypatch):
    f, xs = call(TABLE[name], row, row.inputs())

    def unbroadcast(part, node, index):
        shape = node.inputs[index].shape
        padded = (1,) * (part.ndim - len(shape)) + shape
        axes = [a for a, (n, m) in enumerate(zip(padded, part.shape, strict=True)) if n != m]
        for a in axes:
            part = np.expand_dims(way(part, axis=(a,)), a)
        return part.reshape(shape)

    monkeypatch.setattr(backprop, "unbroadcast", unbroadcast)
    with pytest.raises(mg.GradcheckError, match=rf"^gradcheck: {name}, input "):
        mg.gradcheck(f, xs)


class Overwrite(ast.NodeTransformer):
    """`total = part` for every `total + part` and `total += part`."""

    count = 0

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.Add) and getattr(node.right, "id", "") == "part":
            self.count += 1
            return node.right
        return node

    def visit_AugAssign(self, node):
        if getattr(node.value, "id", "") == "part":
            self.count += 1
            return ast.Assign([node.target], node.value)
        return node


@pytest.fixture
def overwriting(monkeypatch):
    """The sweep with `=` for `+=`."""
    change = Overwrite()
    tree = change.visit(ast.parse(inspect.getsource(backprop.sweep)))
    assert change.count >= 2
    names = dict(vars(backprop))
    exec(compile(ast.fix_missing_locations(tree), "<overwriting>", "exec"), names)
    for module in (backprop, transforms, inspect.getmodule(mg.gradcheck)):
        monkeypatch.setattr(module, "sweep", names["sweep"])


@pytest.mark.parametrize(
    ("name", "i"),
    [
        pytest.param(name, i, id=f"{name}-{i}")
        for name, i in DERIVATIVES
        if TABLE[name].derivatives[i].formula != "0"  # which is zero however often it is counted
    ],
)
def test_an_overwritten_gradient_is_caught(name, i, overwriting):
    op, row = TABLE[name], row_of(name, i)
    inputs = row.inputs()
    f, xs = call(op, row, inputs)
    assert mg.gradcheck(f, xs, order=1)  # used once, there is nothing to overwrite
    with pytest.raises(mg.GradcheckError) as caught:
        mg.gradcheck(lambda *xs: f(*xs) + 2.0 * f(*xs), xs)
    assert str(caught.value).startswith("gradcheck: f, input ")
    assert "likely overwritten, not added" in str(caught.value)
    assert f"is used by {op}, {op}" in str(caught.value)


def test_both_edges_of_a_square_are_counted(overwriting):
    x = mg.tensor([1.0, 2.0], name="weight")
    with pytest.raises(mg.GradcheckError) as caught:
        mg.gradcheck(lambda x: x * x, x)
    assert "f, input 0 (weight (2,)), element (0,)" in str(caught.value)
    assert (
        "overwritten, not added: weight (2,) is used by <op multiply(x, y)>, <op multiply(x, y)>"
        in str(caught.value)
    )


def test_an_overwritten_gradient_inside_is_caught(overwriting):
    def f(x):
        hidden = mg.tanh(x)
        return hidden * mg.exp(hidden)

    with pytest.raises(mg.GradcheckError, match=r"overwritten, not added: \(2,\) is used by"):
        mg.gradcheck(f, np.array([0.5, 0.7]))


# What it says


def failure(f, *xs, **options):
    with pytest.raises(mg.GradcheckError) as caught:
        mg.gradcheck(f, xs, **options)
    return str(caught.value)


def test_the_culprit_is_found_in_a_deep_function():
    wrong = mutant(mg.tanh, 0, simple(lambda gradient: gradient * 1.001))
    w = np.linspace(-1, 1, 12).reshape(3, 4)

    def network(x, w):
        hidden = mg.sigmoid(x @ w)
        return mg.log_softmax(wrong(hidden @ w.T) @ w).sum()

    said = failure(network, np.linspace(0, 1, 6).reshape(2, 3), w)
    assert said.startswith("gradcheck: tanh, input 0 (x), element (0, 0): derivative 1 is ")
    assert said.endswith("likely a wrong factor: 1.001 times as much")


def test_a_derivative_of_the_wrong_shape_is_named():
    wrong = mutant(mg.matmul, 1, simple(np.transpose))
    said = failure(wrong, np.ones((2, 3)), np.ones((3, 4)))
    for part in ("matmul", "input 1", "(4, 3)", "(3, 4)", "a wrong axis"):
        assert part in said


def test_a_gradient_that_never_arrives_is_a_factor_of_zero():
    wrong = mutant(mg.multiply, 1, simple(lambda gradient: 0 * gradient))
    said = failure(wrong, np.ones(2), np.full(2, 3.0))
    assert said.startswith("gradcheck: multiply, input 1 (y), element (0,): derivative 1 is 0, ")
    assert "likely a wrong factor: 0 times as much" in said


def test_a_rule_that_overwrites_is_right_where_there_is_nothing_to_add():
    def put_back(g, out, x, places):
        gradient = np.zeros(x.shape)
        gradient[places] = g
        return gradient

    pick = mg.Op("pick", lambda x, places: x[places], Pullback("g, put back", put_back))
    said = failure(lambda x: pick(x, places=[0, 2, 2, 1]), np.ones(3), order=1)
    assert "pick, input 0 (x), element (2,): derivative 1 is " in said
    assert "2 of 3 elements are right; is a part overwritten, not added?" in said


def numbers_only(x):
    return x.data if isinstance(x, mg.Tensor) else x


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (lambda g, out, x: 3 * g * mg.Tensor(numbers_only(x)) ** 2, "input 0 (x)"),
        (lambda g, out, x: 3 * mg.Tensor(numbers_only(g)) * x**2, "upstream gradient g"),
    ],
)
def test_a_rule_that_cannot_be_differentiated_is_wrong_in_second_order(rule, place):
    def either(g, out, x):
        return rule(g, out, x) if isinstance(g, mg.Tensor) else 3 * g * x**2

    cube = mg.Op("cube", lambda x: x**3, Pullback("3 * g * x**2", either))
    x = np.array([1.0, 2.0])
    assert mg.gradcheck(cube, x, order=1)
    said = failure(cube, x)
    assert f"cube, {place}, element (0,): derivative 2 is " in said


def test_numbers_that_leave_the_history_are_noticed():
    said = failure(lambda x: mg.tensor(x.data) * x, np.array([1.0, 2.0]))
    assert "f, input 0 ((2,)), element (0,): derivative 1 is " in said
    assert (
        "each operation is right by itself; does f leave the history by .data or detach()?" in said
    )


@pytest.mark.parametrize(
    "f",
    [
        lambda x: mg.tensor(x.data),
        lambda x: x.detach(),
        mg.no_grad()(mg.exp),
        lambda x: mg.tensor([1.0], requires_grad=True) * 2,
    ],
)
def test_a_result_without_history_is_refused(f):
    assert "no history that leads to its arguments" in failure(f, np.ones(2))


def test_a_function_that_draws_random_numbers_is_refused():
    rng = np.random.default_rng(0)
    assert "two results for the same inputs" in failure(lambda x: x * rng.normal(), np.ones(2))


def test_a_kink_is_no_place_for_a_gradcheck():
    assert "relu, input 0 (x), element (1,)" in failure(mg.relu, np.array([1.0, 0.0]))


@pytest.mark.parametrize("result", [np.ones(2), 1.0, None, (mg.tensor(1.0),), mg.tensor([1, 2])])
def test_a_function_must_give_a_tensor(result):
    with pytest.raises(TypeError) as caught:
        mg.gradcheck(lambda x: result, np.ones(2))
    assert str(caught.value).startswith("gradcheck: f gave ")
    assert "must return a Tensor" in str(caught.value)


@pytest.mark.parametrize(
    ("x", "dtype"),
    [(np.arange(3), "int64"), (np.ones(3, np.float32), "float32"), (mg.tensor([True]), "bool")],
)
def test_inputs_must_be_float64(x, dtype):
    with pytest.raises(TypeError) as caught:
        mg.gradcheck(mg.multiply, (np.ones(3), x))
    for part in ("gradcheck: input 1, ", str(x.shape), f"holds {dtype}", "give float64"):
        assert part in str(caught.value)


# What it leaves alone


def test_right_functions_pass():
    x, w = np.linspace(-1, 2, 6).reshape(2, 3), np.linspace(0.1, 1, 12).reshape(3, 4)
    assert mg.gradcheck(lambda x, w: mg.tanh(x @ w).sum(axis=0), (x, w)) is True
    assert mg.gradcheck(lambda x: x, x)
    assert mg.gradcheck(mg.exp, np.array(1.0), order=3)
    assert mg.gradcheck(mg.exp, np.ones((0, 3)))
    assert mg.gradcheck(partial(mg.nn.functional.cross_entropy, target=[0, 2]), x)


def test_inputs_and_their_gradients_are_left_alone():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    assert mg.gradcheck(mg.exp, x)
    assert x.data.tolist() == [1.0, 2.0]
    assert x.grad.tolist() == [2.0, 4.0]


def test_large_inputs_have_larger_steps():
    assert mg.gradcheck(mg.sqrt, np.array([1e6, 1e-2]))


def test_tolerance_and_step_are_the_callers():
    nearly = mutant(mg.exp, 0, simple(lambda gradient: gradient * 1.001))
    assert mg.gradcheck(nearly, np.ones(2), order=1, rtol=1e-2)
    assert "derivative 1" in failure(mg.exp, np.ones(2), eps=0.1)
