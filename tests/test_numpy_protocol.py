"""NumPy's own functions on Tensors: recorded where there is a derivative, else a clear error."""

import math

import numpy as np
import pytest

import microgd as mg

A = np.array([[0.5, 2.0, 1.5], [0.25, 3.0, 1.0]])
V = np.array([0.5, 2.0, 1.5])


def leaf(data=A, dtype=float):
    return mg.Tensor(data, requires_grad=True, dtype=dtype)


# Recorded: the same call on arrays gives the value, differences the gradient

CALLS = {
    **{
        f"np.{f.__name__}": f
        for f in (
            np.exp, np.expm1, np.log, np.log1p, np.sqrt, np.square, np.abs, np.absolute, np.sign,
            np.sin, np.cos, np.arctan, np.sinh, np.cosh, np.tanh, np.negative, np.sum, np.mean,
            np.prod, np.var, np.std, np.max, np.min, np.cumsum, np.transpose, np.squeeze, np.flip,
            np.linalg.norm,
        )
    },
    "sum axis": lambda x: np.sum(x, axis=0),
    "sum keepdims": lambda x: np.sum(x, axis=(0, -1), keepdims=True),
    "sum by position": lambda x: np.sum(x, 1),
    "mean axis": lambda x: np.mean(x, axis=-1),
    "var ddof": lambda x: np.var(x, axis=0, ddof=1),
    "max axis": lambda x: np.max(x, axis=1),
    "cumsum axis": lambda x: np.cumsum(x, axis=1),
    "norm axis": lambda x: np.linalg.norm(x, axis=1),
    "norm ord": lambda x: np.linalg.norm(x, 1, axis=0),
    "add": lambda x: np.add(x, V),
    "subtract": lambda x: np.subtract(V, x),
    "multiply": lambda x: np.multiply(x, x),
    "divide": lambda x: np.divide(1.0, x),
    "true_divide": lambda x: np.true_divide(x, V),
    "power": lambda x: np.power(x, 2.5),
    "maximum": lambda x: np.maximum(x, 1.2),
    "minimum": lambda x: np.minimum(V - 0.1, x),
    "clip": lambda x: np.clip(x, 0.3, 1.7),
    "clip one side": lambda x: np.clip(x, None, 1.7),
    "where": lambda x: np.where(A > 1, x, 0.0),
    "where of two": lambda x: np.where(A > 1, x * x, x),
    "concatenate": lambda x: np.concatenate([x, A, x * 2]),
    "concatenate axis": lambda x: np.concatenate((x, x), axis=1),
    "concatenate flat": lambda x: np.concatenate([x, V], axis=None),
    "stack": lambda x: np.stack([x, A], axis=-1),
    "split": lambda x: np.split(x, 3, axis=1)[1],
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "reshape flat": lambda x: np.reshape(x, -1),
    "transpose axes": lambda x: np.transpose(x, (1, 0)),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 2, 3)),
    "pad": lambda x: np.pad(x, 1),
    "flip axis": lambda x: np.flip(x, axis=1),
    "take": lambda x: np.take(x, [0, 2, 0], axis=1),
    "matmul": lambda x: np.matmul(x, A.T),
    "matmul from the left": lambda x: np.matmul(A.T, x),
    "dot": lambda x: np.dot(x, V),
    "outer": lambda x: np.outer(x, V),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, A),
    "add.reduce": np.add.reduce,
    "add.reduce axis": lambda x: np.add.reduce(x, axis=1, keepdims=True),
    "add.reduce all": lambda x: np.add.reduce(x, axis=(0, 1)),
    "multiply.reduce": np.multiply.reduce,
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "minimum.reduce": lambda x: np.minimum.reduce(x, axis=0),
    "a scalar on the left": lambda x: np.float64(2.0) * x,
    "an array on the left": lambda x: V * x + A / x - V**x,
    "a matrix on the left": lambda x: A.T @ x,
}  # fmt: skip


@pytest.mark.parametrize("f", CALLS.values(), ids=CALLS)
def test_a_function_of_numpy_records(f):
    want = f(A)
    for x in (leaf(), mg.Tensor(A)):
        out = f(x)
        assert isinstance(out, mg.Tensor)
        assert out.requires_grad is x.requires_grad
        assert out.shape == np.shape(want)
        np.testing.assert_allclose(out.data, want, rtol=1e-14)
    assert mg.gradcheck(f, A)


def test_results_of_numpy_join_the_history():
    x = leaf(V)
    np.sum(np.exp(np.stack([x, x])) * x).backward()
    np.testing.assert_allclose(x.grad, 2 * np.exp(V) * (V + 1))


def test_an_inner_product_from_either_side():
    x = leaf(V)
    (V @ x + x @ V).backward()
    np.testing.assert_array_equal(x.grad, 2 * V)


# Answers about the numbers alone

PLAIN = {
    "shape": np.shape,
    "ndim": np.ndim,
    "size": np.size,
    "argmax": np.argmax,
    "argmax axis": lambda x: np.argmax(x, axis=1),
    "argmin": np.argmin,
    "argsort": np.argsort,
    "isnan": np.isnan,
    "isfinite": np.isfinite,
    "isinf": np.isinf,
    "signbit": np.signbit,
    "greater": lambda x: np.greater(x, 1),
    "less_equal": lambda x: np.less_equal(V, x),
    "equal": lambda x: np.equal(x, x),
    "isclose": lambda x: np.isclose(x, A + 1e-12),
    "allclose": lambda x: np.allclose(x, A),
    "array_equal": lambda x: np.array_equal(A, x),
    "all": np.all,
    "any": np.any,
    "count_nonzero": np.count_nonzero,
    "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
    "full_like": lambda x: np.full_like(x, 3.0),
    "unique": np.unique,
    "logical_not": np.logical_not,
    "nonzero": np.nonzero,
    "result_type": lambda x: np.result_type(x, np.float32),
    "where of one": lambda x: np.where(x > 1),
    "lists of tensors": lambda x: np.array_equal(A[0], x[0]),
}


@pytest.mark.parametrize("f", PLAIN.values(), ids=PLAIN)
def test_a_question_about_the_numbers_gets_a_plain_answer(f):
    got, want = f(leaf()), f(A)
    assert type(got) is type(want)
    np.testing.assert_array_equal(got, want)


def test_like_arrays_have_the_dtype():
    assert np.zeros_like(leaf(V, np.float32)).dtype == np.float32


# From Tensors to arrays


def test_a_constant_becomes_an_array():
    x = mg.Tensor([1.0, 2.0])
    for array in (np.asarray(x), np.array(x), np.array(x, dtype=np.float32), np.array([x, x])):
        assert type(array) is np.ndarray
    assert np.array(x, dtype=np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(x), x.data)
    assert np.ones(3)[mg.Tensor([0, 1])].shape == (2,)


def test_one_number_is_handed_to_python_and_numpy():
    x = leaf(2.0)
    assert math.sqrt(x) == math.sqrt(2.0)
    assert np.float64(x) == 2.0
    array = np.zeros(2)
    array[0] = x
    assert array.tolist() == [2.0, 0.0]


# Refused

X = leaf(V)


def into_array():
    array = np.ones(3)
    array += X


REFUSED = [
    (into_array, TypeError, ["add", "out=", "in place"]),
    (lambda: np.exp(X, out=np.zeros(3)), TypeError, ["exp", "out=", "in place"]),
    (lambda: np.exp(V, out=mg.Tensor(V)), TypeError, ["exp", "out="]),
    (lambda: np.exp(X, dtype=np.float32), TypeError, ["exp", "'dtype'"]),
    (lambda: np.multiply(X, X, casting="no"), TypeError, ["multiply", "'casting'"]),
    (lambda: np.add(X, X, where=[True, False, True]), TypeError, ["add", "'where'"]),
    (lambda: mg.exp(X, dtype=np.float32), TypeError, ["exp", "'dtype'"]),
    (lambda: np.sum(X, dtype=np.float32), TypeError, ["sum", "(3,)", "'dtype'", "axis, keepdims"]),
    (lambda: np.sum(X, where=[True, False, True]), TypeError, ["sum", "'where'"]),
    (lambda: np.pad(X, 1, mode="edge"), TypeError, ["pad", "'mode'", "constant_values"]),
    (lambda: np.array(X), TypeError, ["array", "(3,)", ".numpy()", "mg.stack()"]),
    (lambda: np.asarray(X), TypeError, ["array", ".numpy()"]),
    (lambda: np.array([X, X]), TypeError, ["array", "mg.stack()"]),
    (lambda: mg.Tensor([X[0], X[1]]), TypeError, ["mg.stack()"]),
    (lambda: np.sum([X, X]), TypeError, ["array", "mg.stack()"]),
    *[
        (lambda f=f: f(X), TypeError, [f"np.{f.__name__} ", "no derivative", "t.data"])
        for f in (
            np.floor, np.ceil, np.rint, np.tan, np.arcsin, np.exp2, np.cbrt, np.sort, np.median,
            np.diff, np.ravel, np.atleast_1d, np.nan_to_num, np.average, np.diag, np.fft.fft,
            np.ptp, np.trapezoid,
        )
    ],
    *[
        (lambda f=f: f(X, X), TypeError, [f"np.{f.__name__} ", "no derivative", "t.data"])
        for f in (
            np.hypot, np.arctan2, np.logaddexp, np.fmod, np.inner, np.vdot, np.cross, np.kron,
            np.convolve, np.copysign, np.floor_divide, np.remainder,
        )
    ],
    (lambda: np.vstack([X, X]), TypeError, ["np.vstack", "no derivative"]),
    (lambda: np.linalg.inv(leaf(A @ A.T)), TypeError, ["inv", "no derivative"]),
    (lambda: np.add.accumulate(X), TypeError, ["np.add.accumulate", "no derivative"]),
    (lambda: np.add.reduceat(X, [0]), TypeError, ["np.add.reduceat", "no derivative"]),
    (lambda: np.multiply.outer(X, X), TypeError, ["np.multiply.outer", "no derivative"]),
    (lambda: np.add.at(X, 0, 1.0), TypeError, ["np.add.at", "no derivative"]),
    (lambda: np.add.at(V.copy(), 0, X[0]), TypeError, ["np.add.at", "no derivative"]),
    (lambda: np.subtract.reduce(X), TypeError, ["np.subtract.reduce", "no derivative"]),
    (lambda: np.copyto(np.zeros(3), X), TypeError, ["copyto"]),
    (lambda: X // 2, TypeError, ["//"]),
    (lambda: X % 2, TypeError, ["%"]),
    (lambda: ~X, TypeError, ["~"]),
    (lambda: X & True, TypeError, ["&"]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "said"), REFUSED, ids=[str(r[2]) for r in REFUSED])
def test_what_has_no_derivative_is_refused(call, error, said):
    X.grad = [1.0, 2.0, 3.0]
    with pytest.raises(error) as caught:
        call()
    assert [words for words in said if words not in str(caught.value)] == []
    assert X.data.tolist() == V.tolist()
    assert X.grad.tolist() == [1.0, 2.0, 3.0]
