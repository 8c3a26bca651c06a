"""Every operation of the table: its value, its derivatives, and that it minds no memory layout."""

from typing import Any

import numpy as np
import pytest
from formulas import evaluate
from op_rows import CALLS, ELEMENTWISE, ROWS, TABLE, Row

import microgd as mg
from microgd.backprop import sweep
from microgd.op import Local, Op

every_call = pytest.mark.parametrize(
    ("op", "row"), [pytest.param(TABLE.get(name), row, id=f"{name}-{i}") for name, i, row in CALLS]
)


def test_every_operation_has_a_row():
    assert set(ROWS) == set(TABLE)
    assert all(ROWS.values())


def test_every_input_of_every_operation_is_differentiated():
    for name, op in TABLE.items():
        done = {i for row in ROWS[name] for i in row.variables()}
        assert done >= set(range(len(op.derivatives))), name


def bind(op: Op, row: Row, inputs: list[Any]) -> Any:
    """The operation as a function of the inputs that are to be differentiated."""

    def call(*xs: Any) -> Any:
        new = list(inputs)
        for i, x in zip(row.variables(), xs, strict=True):
            new[i] = x
        return op(*new, **row.params)

    return call


def leaves(row: Row, inputs: list[np.ndarray]) -> list[Any]:
    """Tensors that stand on these very arrays, whatever their memory layout."""
    tensors = []
    for i, array in enumerate(inputs):
        x = mg.Tensor(array, requires_grad=i in row.variables())
        x.value = array
        tensors.append(x)
    return tensors


def pull(out: mg.Tensor, g: np.ndarray, xs: list[Any]) -> list[np.ndarray]:
    """The gradients of `xs`, from the upstream gradient `g` as it is in memory."""
    totals: dict[Any, Any] = {}
    for _ in sweep(out, g, totals):
        pass
    return [totals[x] for x in xs if x.needs_grad]


def upstream(out: Any) -> np.ndarray:
    return np.asarray(np.random.default_rng(7).uniform(0.5, 1.5, np.shape(out)))


# Values and derivatives


@every_call
def test_value(op, row):
    inputs = row.inputs()
    want = np.asarray(row.expect(*inputs, **{**op.defaults, **row.params}))
    for out in (op(*inputs, **row.params), op(*map(mg.Tensor, inputs), **row.params).data):
        assert np.shape(out) == want.shape
        np.testing.assert_allclose(out, want, rtol=1e-13, atol=1e-14)


@every_call
def test_first_and_second_derivative(op, row):
    inputs = row.inputs()
    variables = tuple(inputs[i] for i in row.variables())
    assert mg.gradcheck(bind(op, row, inputs), variables)


def pairs(op: Op, row: Row) -> list[tuple[int, int]]:
    """The inputs that may be one and the same."""
    live, shapes = row.variables(), row.shapes
    same = [(i, j) for i in live for j in live if i < j and shapes[i] == shapes[j]]
    return [(i, j) for i, j in same if op.name not in {"maximum", "minimum"}]


REPEATED = [(f"{name}-{i}", TABLE.get(name), row) for name, i, row in CALLS if row.shapes[1:]]


@pytest.mark.parametrize(
    ("op", "row", "pair"),
    [
        pytest.param(op, row, pair, id=f"{label}-{pair[0]}{pair[1]}")
        for label, op, row in REPEATED
        for pair in pairs(op, row)
    ],
)
def test_an_input_given_twice_gets_both_gradients(op, row, pair):
    inputs = row.inputs()
    i, j = pair
    both = max(inputs[i], inputs[j], key=np.min)  # from the narrower domain

    def twice(x):
        new = list(inputs)
        new[i] = new[j] = x
        return op(*new, **row.params)

    assert mg.gradcheck(twice, both)
    apart = [mg.Tensor(x, requires_grad=True) for x in (both, both)]
    new: list[Any] = list(inputs)
    new[i], new[j] = apart
    out = op(*new, **row.params)
    out.backward(upstream(out))
    x = mg.Tensor(both, requires_grad=True)
    twice(x).backward(upstream(out))
    np.testing.assert_allclose(x.grad, apart[0].grad + apart[1].grad, rtol=1e-12)


def test_some_row_of_every_operation_of_several_inputs_repeats_one():
    several = {op.name for op in TABLE.values() if len(op.derivatives) > 1 or op.variadic}
    assert several - {"maximum", "minimum"} == {
        op.name for _, op, row in REPEATED if pairs(op, row)
    }


# Formulas


@pytest.mark.parametrize(
    ("op", "row"),
    [pytest.param(TABLE.get(n), row, id=f"{n}-{i}") for n, i, row in CALLS if row.formula],
)
def test_formula_says_what_the_rule_does(op, row):
    inputs = row.inputs()
    x = leaves(row, inputs)
    out = op(*x, **row.params)
    g = upstream(out)
    for i, derivative in enumerate(op.derivatives_of(inputs)):
        said = evaluate(derivative.formula, op, i, g, out.data, inputs, out.params)
        if isinstance(derivative, Local):
            got, said = g * derivative.rule(out.data, *inputs, **out.params), g * said
        else:
            got = derivative.rule(g, out.data, *inputs, **out.params)
        assert np.shape(said) == np.shape(got)
        np.testing.assert_allclose(said, got, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", TABLE)
def test_every_formula_is_evaluated(name):
    assert any(row.formula for row in ROWS[name])


# Memory: layouts, ownership, dtypes


def layouts(array: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays of this shape in other orders of memory; with equal numbers, but for `repeated`."""
    gaps = np.zeros([2 * n for n in array.shape])[(..., *(slice(None, None, 2),) * array.ndim)]
    gaps[...] = array
    first = array[(slice(0, 1),) * array.ndim]
    return {
        "gaps": gaps,
        "backwards": np.asarray(np.flip(np.flip(array).copy())),
        "fortran": array.copy(order="F"),
        "repeated": np.broadcast_to(first, array.shape),
    }


LAYOUTS = ["gaps", "backwards", "fortran", "repeated"]


@every_call
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_of_inputs_does_not_matter(op, row, layout):
    odd = [layouts(x)[layout] for x in row.inputs()]
    for i in row.fixed:
        odd[i] = row.inputs()[i]
    results = []
    for inputs in (odd, [x.copy(order="C") for x in odd]):
        x = leaves(row, inputs)
        out = op(*x, **row.params)
        results.append([out.data, *pull(out, upstream(out), x)])
    for got, want in zip(*results, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)


@every_call
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_of_upstream_gradient_does_not_matter(op, row, layout):
    x = leaves(row, row.inputs())
    out = op(*x, **row.params)
    odd = layouts(upstream(out))[layout]
    want = pull(out, odd.copy(order="C"), x)
    for got, right in zip(pull(out, odd, x), want, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-13, atol=1e-15)
    out.backward(odd)
    for leaf, right in zip((leaf for leaf in x if leaf.needs_grad), want, strict=True):
        np.testing.assert_allclose(leaf.grad, right, rtol=1e-13, atol=1e-15)


@every_call
def test_nothing_is_changed_and_no_gradient_shares_memory(op, row):
    inputs = row.inputs()
    before = [x.copy() for x in inputs]
    x = leaves(row, inputs)
    out = op(*x, **row.params)
    g = upstream(out)
    seen = [*inputs, out.value, g]
    for array in seen:
        array.flags.writeable = False  # who writes into one of them, raises
    value = out.value.copy()
    grads = pull(out, g, x)
    out.backward(g)
    grads += [leaf.grad for leaf in x if leaf.needs_grad]
    variables = tuple(range(len(row.variables())))
    mg.grad(lambda *xs: bind(op, row, inputs)(*xs).sum(), variables)(
        *(inputs[i] for i in row.variables())
    )
    for array, old in zip([*inputs, out.value], [*before, value], strict=True):
        np.testing.assert_array_equal(array, old)
    for i, grad in enumerate(grads):
        for array in [*seen, *grads[:i]]:
            assert not np.shares_memory(grad, array)


@every_call
def test_float32_stays_float32(op, row):
    inputs = row.inputs()
    small = [x if x.dtype == bool else x.astype(np.float32) for x in inputs]
    variables = tuple(range(len(row.variables())))

    def results(inputs, params):
        call = bind(op, Row(row.expect, row.shapes, params, fixed=row.fixed), inputs)
        xs = [inputs[i] for i in row.variables()]

        def slope(*xs):
            return sum(g.sum() for g in mg.grad(lambda *xs: call(*xs).sum(), variables)(*xs))

        first = mg.grad(lambda *xs: call(*xs).sum(), variables)(*xs)
        return [call(*map(mg.Tensor, xs)), *first, *mg.grad(slope, variables)(*xs)]

    params = {**row.params, "dtype": np.float32} if op.name == "astype" else row.params
    for got, want in zip(results(small, params), results(inputs, row.params), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got.data, want.data, rtol=2e-4, atol=2e-5)


def test_gradient_of_a_cast_has_the_dtype_of_the_input():
    x = mg.Tensor(np.ones(2, np.float32), requires_grad=True)
    mg.astype(x, float).sum().backward()
    assert x.grad.dtype == np.float32


# Broadcasting

SHAPES = {
    1: [((),), ((1,),), ((0,),), ((2, 0, 3),), ((2, 1, 3),), ((1, 2, 1, 2),)],
    2: [
        ((), ()), ((3,), ()), ((), (1, 2, 1, 2)), ((1,), (1, 1)), ((2, 1), (1, 3)), ((2, 0), (1,)),
        ((1, 0), (3, 1)), ((2, 1, 2), (3, 1)), ((2, 1, 1, 2), (2, 3, 1)), ((0,), ()),
    ],
    3: [
        ((), (), ()), ((3,), (), (1,)), ((2, 1), (1, 3), ()), ((2, 0), (1,), (2, 1)),
        ((1, 2), (3, 1, 1), (2,)), ((2, 1, 1, 2), (3, 1), (1, 2)),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        pytest.param(name, shapes, id=f"{name}-{'-'.join(map(str, shapes))}".replace(" ", ""))
        for name in ELEMENTWISE
        for shapes in SHAPES[len(ROWS[name][0].shapes)]
    ],
)
def test_elementwise_operations_broadcast(name, shapes):
    op, row = TABLE[name], ROWS[name][0]
    inputs = row.inputs(*shapes)
    full = np.broadcast_arrays(*inputs)
    want = row.expect(*full, **{**op.defaults, **row.params})
    out = op(*map(mg.Tensor, inputs), **row.params)
    assert out.shape == full[0].shape
    np.testing.assert_allclose(out.data, want, rtol=1e-13, atol=1e-14)
    variables = tuple(inputs[i] for i in row.variables())
    assert mg.gradcheck(bind(op, row, inputs), variables)
    x = leaves(row, inputs)
    op(*x, **row.params).backward(upstream(out))
    for leaf in x:
        assert leaf.grad is None or leaf.grad.shape == leaf.shape
