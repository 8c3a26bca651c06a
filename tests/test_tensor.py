"""What a Tensor offers: every name that was promised, on the numbers that NumPy gives."""

import copy
import gc
import math
import operator
import pickle
import subprocess
import sys

import numpy as np
import pytest

import microgd as mg
from microgd import nn

A = np.array([[1.0, 2.0, 3.0], [0.5, 0.25, 4.0]])
V = np.array([3.0, -1.0, 2.0])


def leaf(data=A, dtype=float, name=None):
    return mg.Tensor(data, requires_grad=True, dtype=dtype, name=name)


# Every name that issue 2 lists, with NumPy's value for it


def softmax(a):
    e = np.exp(a)
    return e / e.sum(-1, keepdims=True)


ATTRIBUTES = {
    "data": lambda a: a,
    "grad": lambda a: None,
    "shape": lambda a: (2, 3),
    "ndim": lambda a: 2,
    "size": lambda a: 6,
    "dtype": lambda a: a.dtype,
    "requires_grad": lambda a: True,
    "name": lambda a: "a",
    "is_leaf": lambda a: True,
    "T": lambda a: a.T,
}

METHODS = [
    ("detach", (), lambda a: a),
    ("numpy", (), lambda a: a),
    ("astype", (np.float32,), lambda a: a.astype(np.float32)),
    ("reshape", (3, 2), lambda a: a.reshape(3, 2)),
    ("reshape", ((3, -1),), lambda a: a.reshape(3, 2)),
    ("reshape", (-1,), lambda a: a.reshape(-1)),
    ("transpose", (), lambda a: a.T),
    ("transpose", (1, 0), lambda a: a.T),
    ("transpose", ((0, 1),), lambda a: a),
    ("sum", (), np.sum),
    ("sum", (-1,), lambda a: a.sum(-1)),
    ("mean", (0,), lambda a: a.mean(0)),
    ("var", (0,), lambda a: a.var(0)),
    ("std", (), np.std),
    ("max", ((0, 1),), np.max),
    ("min", (1,), lambda a: a.min(1)),
    ("prod", (1,), lambda a: a.prod(1)),
    ("exp", (), np.exp),
    ("log", (), np.log),
    ("sqrt", (), np.sqrt),
    ("abs", (), np.abs),
    ("sin", (), np.sin),
    ("cos", (), np.cos),
    ("tanh", (), np.tanh),
    ("sigmoid", (), lambda a: 1 / (1 + np.exp(-a))),
    ("relu", (), lambda a: np.maximum(a, 0)),
    ("softmax", (), softmax),
    ("softmax", (0,), lambda a: softmax(a.T).T),
    ("log_softmax", (), lambda a: np.log(softmax(a))),
    ("logsumexp", (1,), lambda a: np.log(np.exp(a).sum(1))),
    ("clip", (0.6, 2.5), lambda a: a.clip(0.6, 2.5)),
    ("dot", (A.T,), lambda a: a @ a.T),
    ("__getitem__", (1,), lambda a: a[1]),
    ("__getitem__", ((slice(None), [0, 0]),), lambda a: a[:, [0, 0]]),
    ("__len__", (), len),
]

FUNCTIONS = (
    "exp log sqrt abs sin cos tanh sigmoid relu softmax log_softmax logsumexp clip reshape"
    " transpose sum mean var std max min prod log1p expm1 sinh cosh arctan square sign softplus"
    " leaky_relu elu gelu silu power maximum minimum where cumsum norm matmul dot outer einsum"
    " squeeze expand_dims swapaxes moveaxis broadcast_to concatenate stack split pad flip take"
    " astype add subtract multiply divide negative"
    " grad value_and_grad jacobian hessian hvp directional_derivative"
    " no_grad detect_anomaly gradcheck tensor Tensor"
).split()


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute(name):
    got, want = getattr(leaf(name="a"), name), ATTRIBUTES[name](A)
    assert type(got) is type(want) or isinstance(got, mg.Tensor)
    np.testing.assert_array_equal(getattr(got, "data", got), want)


@pytest.mark.parametrize(("name", "args", "want"), METHODS)
def test_method(name, args, want):
    got = getattr(leaf(), name)(*args)
    got = got.data if isinstance(got, mg.Tensor) else got
    np.testing.assert_allclose(got, want(A), rtol=1e-14)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_offered(name):
    assert callable(getattr(mg, name))
    assert name in dir(mg)


def test_no_other_name_is_offered_by_accident():
    with pytest.raises(AttributeError, match="has no attribute 'tanhh'"):
        mg.tanhh


OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
POSITIVE = np.array([0.5, 2.0, 3.0])
OTHERS = {
    "tensor": mg.Tensor(POSITIVE),
    "array": POSITIVE,
    "list": POSITIVE.tolist(),
    "tuple": tuple(POSITIVE.tolist()),
    "float": 2.5,
    "int": 2,
    "bool": True,
    "numpy": np.float64(2.5),
    "zero": np.array(2.5),
    "ints": np.array([1, 2, 3]),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_and_their_reflections(symbol, other):
    apply, y = OPERATORS[symbol], OTHERS[other]
    plain = np.asarray(y.data if other == "tensor" else y)
    x = leaf()
    for got, want in ((apply(x, y), apply(A, plain)), (apply(y, x), apply(plain, A))):
        assert isinstance(got, mg.Tensor)
        assert got.requires_grad
        np.testing.assert_array_equal(got.data, want)


@pytest.mark.parametrize("left", [V, V.tolist(), np.ones((4, 3)), np.ones((5, 2, 3))])
def test_matrix_products_from_either_side(left):
    x = leaf(A.T)
    np.testing.assert_allclose((left @ x).data, np.asarray(left) @ A.T)
    right = np.moveaxis(np.asarray(left), -1, -2 if np.ndim(left) > 1 else -1)
    np.testing.assert_allclose((x.T @ right).data, A @ right)
    assert (left @ x).requires_grad


def test_signs():
    np.testing.assert_array_equal((-leaf()).data, -A)
    np.testing.assert_array_equal(abs(leaf(V)).data, abs(V))
    kept = +leaf()
    np.testing.assert_array_equal(kept.data, A)
    assert not kept.is_leaf


def test_augmented_assignment_makes_a_new_tensor():
    x = y = leaf()
    y += 1
    y *= 2
    assert y is not x
    np.testing.assert_array_equal(x.data, A)
    np.testing.assert_array_equal(y.data, (A + 1) * 2)


COMPARISONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
def test_comparisons_give_boolean_arrays(compare):
    x = leaf()
    for other in (2, 2.0, np.full(3, 2.0), mg.Tensor([2.0, 2.0, 3.0]), [2.0, 2.0, 3.0]):
        plain = other.data if isinstance(other, mg.Tensor) else np.asarray(other)
        for got, want in (
            (compare(x, other), compare(A, plain)),
            (compare(other, x), compare(plain, A)),
        ):
            assert type(got) is np.ndarray
            assert got.dtype == bool
            np.testing.assert_array_equal(got, want)


def test_equality_with_what_is_no_number_is_false():
    assert not (leaf() == None).any()  # noqa: E711
    assert (leaf() != None).all()  # noqa: E711
    assert not (leaf() == "a").any()


# Python's protocols


def test_iteration_goes_along_the_first_axis_and_keeps_the_history():
    x = leaf()
    rows = list(x)
    assert len(x) == len(rows) == 2
    (rows[0] * 2 + rows[1]).sum().backward()
    np.testing.assert_array_equal(x.grad, [[2.0] * 3, [1.0] * 3])
    first, second = leaf([1.0, 2.0])
    assert (first.item(), second.item()) == (1.0, 2.0)


@pytest.mark.parametrize("use", [len, list, iter])
def test_a_number_has_no_length(use):
    with pytest.raises(TypeError):
        list(use(leaf(1.0)))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_number_becomes_pythons(shape):
    x = leaf(np.full(shape, 2.5))
    assert x.item() == float(x) == 2.5
    assert type(x.item()) is type(float(x)) is float
    assert math.exp(x) == math.exp(2.5)


@pytest.mark.parametrize(
    ("data", "want"),
    [(0.0, False), (2.0, True), ([0.0], False), ([[3.0]], True), (True, True), (0, False)],
)
def test_truth_of_one_number(data, want):
    assert bool(mg.Tensor(data)) is want


def test_truth_of_many_numbers_is_ambiguous():
    with pytest.raises(ValueError, match="ambiguous"):
        bool(leaf())


def test_tensors_are_told_apart_by_identity_in_sets_and_dicts():
    x, y = leaf(1.0), leaf(1.0)
    assert len({x, y, x}) == 2
    assert {x: "x", y: "y"}[y] == "y"


@pytest.mark.parametrize(
    ("x", "want"),
    [
        (mg.Tensor([1.0, 2.0]), "tensor([1., 2.])"),
        (mg.Tensor([1, 2]), "tensor([1, 2])"),
        (leaf(2.0, name="w"), "tensor(2., name='w', requires_grad=True)"),
        (leaf(2.0, dtype=np.float32), "tensor(2., dtype=float32, requires_grad=True)"),
        (leaf(2.0) * 3, "tensor(6., op=multiply)"),
    ],
)
def test_repr(x, want):
    assert repr(x) == want


# What goes in


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, int), (1.0, float), ([1, 2], int), ([[1, 2.5]], float), (True, bool), ([], float),
        (np.ones(2, np.float32), np.float32), (np.ones(2, np.float16), np.float16),
        (np.uint8([1]), np.uint8), (range(3), int), (mg.Tensor([1.0]), float),
        ([mg.Tensor(1.0), mg.Tensor(2.0)], float), (np.float32(1), np.float32),
    ],
)  # fmt: skip
def test_dtype_is_numpys_choice(data, dtype):
    assert mg.Tensor(data).dtype == dtype
    assert mg.tensor(data, dtype=np.float32).dtype == np.float32


def test_data_is_copied_in_and_out():
    mine = A.copy()
    x = mg.Tensor(mine, requires_grad=True)
    again = mg.Tensor(x)
    out = x.numpy()
    for other in (mine, again.data, out):
        assert not np.shares_memory(x.data, other)
    assert again.is_leaf
    assert not again.requires_grad
    x.data = mine
    assert not np.shares_memory(x.data, mine)


def test_detach_gives_a_copy_without_history():
    y = leaf() * 2
    d = y.detach()
    np.testing.assert_array_equal(d.data, y.data)
    assert not np.shares_memory(d.data, y.data)
    assert d.is_leaf
    assert not d.requires_grad
    assert not (d * 2).requires_grad


def test_assignment_to_data_keeps_the_dtype():
    x, n = leaf(V, np.float32), mg.Tensor([1, 2])
    x.data = [1, 2, 3]
    assert x.dtype == np.float32
    assert x.data.tolist() == [1.0, 2.0, 3.0]
    n.data = np.array([5, 6], np.int8)
    assert n.dtype == int


@pytest.mark.parametrize(
    ("result", "dtype"),
    [
        (lambda n: n + 1, int),
        (lambda n: n * 2.0, float),
        (lambda n: n / 2, float),
        (lambda n: n**2, int),
        (lambda n: 2 * n - n, int),
        (lambda n: n.sum(), int),
        (lambda n: n.mean(), float),
        (lambda n: n.exp(), float),
        (lambda n: n.softmax(), float),
        (lambda n: n @ n, int),
        (lambda n: n[1:], int),
        (lambda n: n.astype(float), float),
    ],
)
def test_integers_compute_as_in_numpy_and_bear_no_gradient(result, dtype):
    out = result(mg.Tensor([1, 2, 3]))
    assert out.dtype == dtype
    assert not out.requires_grad


def test_integers_beside_floats_pass_the_gradient_by():
    x, n = leaf(V), mg.Tensor([1, 2, 3])
    (x * n + n).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0, 3.0]
    assert n.grad is None


def test_a_cast_to_integers_ends_the_history():
    assert not leaf().astype(int).requires_grad
    assert leaf().astype(int).is_leaf


# float32 stays float32

SMALL = [
    ("2 ** x", lambda x: 2**x),
    ("1 / x", lambda x: 1 / x),
    ("x * 0.1", lambda x: x * 0.1),
    ("x - 1", lambda x: x - 1),
    ("x ** 2", lambda x: x**2),
    ("x ** 0.5", lambda x: x**0.5),
    ("True * x", lambda x: True * x),
    ("x + 10**12", lambda x: x + 10**12),
    ("maximum", lambda x: mg.maximum(x, 1.5)),
    ("minimum", lambda x: mg.minimum(1, x)),
    ("power", lambda x: mg.power(2.0, x)),
    ("where x", lambda x: mg.where(x > 1, x, 0.0)),
    ("where y", lambda x: mg.where(x > 1, 0, x)),
    ("where list", lambda x: mg.where([True, False, True], x, -1.0)),
    ("where ints", lambda x: mg.where(np.array([1, 0, 1]), x, 0.5)),
    ("mean", lambda x: x.mean()),
    ("var", lambda x: x.var(ddof=1)),
    ("std", lambda x: x.std()),
    ("norm", mg.norm),
    ("softmax", lambda x: x.softmax()),
    ("log_softmax", lambda x: x.log_softmax()),
    ("logsumexp", lambda x: x.logsumexp()),
    ("sigmoid", lambda x: x.sigmoid()),
    ("clip", lambda x: x.clip(0.0, 2.0)),
    ("leaky_relu", lambda x: mg.leaky_relu(x, 0.3)),
    ("elu", lambda x: mg.elu(x, 0.3)),
    ("gelu", mg.gelu),
    ("gelu tanh", lambda x: mg.gelu(x, "tanh")),
    ("softplus", mg.softplus),
    ("silu", mg.silu),
    ("pad", lambda x: mg.pad(x, 1, 2.5)),
    ("np.float32", lambda x: np.float32(2) * x),
    ("detached", lambda x: x * x.detach()),
    ("chain", lambda x: ((2 * x + 1) / 3 - x.mean()) ** 2 * 0.5),
]


@pytest.mark.parametrize("f", [f for _, f in SMALL], ids=[name for name, _ in SMALL])
def test_float32_stays_float32_beside_pythons_numbers(f):
    x = leaf([1.0, 2.0, 3.0], np.float32)
    out = f(x)
    assert out.dtype == np.float32
    out.sum().backward()
    assert x.grad.dtype == np.float32
    assert mg.grad(lambda x: f(x).sum())(x).dtype == np.float32
    assert mg.hvp(lambda x: f(x).sum())(x, np.ones(3, np.float32)).dtype == np.float32


def test_float64_of_numpy_is_stronger_as_in_numpy():
    x = leaf(V, np.float32)
    assert (np.float64(2) * x).dtype == (x * np.float64(2)).dtype == np.float64
    (np.float64(2) * x).sum().backward()
    assert x.grad.dtype == np.float32


# Copies


def test_a_deep_copy_of_a_leaf_is_a_leaf_of_its_own():
    x = leaf(name="x")
    (x * x).sum().backward()
    again = copy.deepcopy(x)
    assert again.name == "x"
    assert again.requires_grad
    assert again.is_leaf
    np.testing.assert_array_equal(again.grad, x.grad)
    assert not np.shares_memory(again.data, x.data)
    assert not np.shares_memory(again.grad, x.grad)


def test_a_deep_copy_of_a_model_trains_alone():
    model = nn.MLP([2, 3, 1], rng=0)
    model(V[:2]).sum().backward()
    again = copy.deepcopy(model)
    before = [p.numpy() for p in model.parameters()]
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        assert not np.shares_memory(p.data, q.data)
        assert not np.shares_memory(p.grad, q.grad)
        assert type(p) is type(q)
        q.data = q.data + 1
    (again(V[:2]) ** 2).sum().backward()
    for p, old in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old)


def test_a_pickled_leaf_and_model_come_back():
    x = pickle.loads(pickle.dumps(leaf(name="x")))  # noqa: S301
    assert (x.name, x.requires_grad, x.is_leaf) == ("x", True, True)
    np.testing.assert_array_equal(x.data, A)
    model = nn.MLP([2, 3, 1], rng=0)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301
    np.testing.assert_array_equal(again(V[:2]).data, model(V[:2]).data)


def test_a_leaf_from_another_process_is_not_taken_for_changed():
    sent = pickle.dumps([leaf() for _ in range(1000)][-1])
    work = (
        "import pickle, sys; x = pickle.load(sys.stdin.buffer);"
        " (x * x).sum().backward(); print(x.grad.tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", work], input=sent, capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.stdout.decode().strip() == str((2 * A).tolist())


def test_a_constant_is_one_leaf_whenever_it_is_looked_at():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3.0
    constant = y.inputs[1]
    assert y.inputs[0] is x
    assert y.inputs[1] is constant
    assert constant.is_leaf
    assert not constant.requires_grad
    assert constant.item() == 3.0


def test_looking_at_a_constant_outdates_nothing():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = (x * np.array([3.0, 4.0])).sum()
    assert y.inputs[0].inputs[1].tolist() == [3.0, 4.0]
    y.backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_a_constant_that_was_looked_at_and_replaced_outdates_what_used_it():
    x = mg.tensor(2.0, requires_grad=True)
    y = x * 3.0
    y.inputs[1].data = 4.0
    with pytest.raises(RuntimeError, match="changed after multiply used it"):
        y.backward()


def test_a_constant_costs_no_object_that_the_collector_walks():
    x = mg.tensor(1.0, requires_grad=True)
    y = x * 3.0
    assert [gc.is_tracked(operand) for operand in y.operands] == [True, False]
