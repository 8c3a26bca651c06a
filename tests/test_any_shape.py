"""Shapes and axes that nobody thought of: NumPy's values, and gradients that obey the chain rule.

A linear f and the gradient of its input are adjoint, <g, f(v)> = <gradient, v> for all g and v:
an exact test of a derivative by the forward function alone.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import microgd as mg

SHAPE = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
FULL = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=3)  # no axis of size 0


def numbers(shape, seed=0):
    return np.asarray(np.random.default_rng(seed).uniform(0.5, 2.0, shape))


def assert_adjoint(f, shape):
    """The gradient of a linear `f` at any x is its transposed matrix."""
    x = mg.Tensor(numbers(shape), requires_grad=True)
    out = f(x)
    g, v = numbers(out.shape, 1), numbers(shape, 2)
    out.backward(g)
    assert x.grad.shape == x.shape
    np.testing.assert_allclose((g * f(v)).sum(), (x.grad * v).sum(), rtol=1e-12)


@st.composite
def shape_and_axes(draw, shapes=SHAPE):
    """A shape and some of its axes, counted from either end; None, a number or a tuple."""
    shape = draw(shapes)
    if not shape:
        return shape, None
    axis = draw(
        st.none()
        | st.integers(-len(shape), len(shape) - 1)
        | st.lists(st.integers(0, len(shape) - 1), unique=True).map(tuple)
    )
    if isinstance(axis, tuple):
        axis = tuple(a - draw(st.sampled_from([0, len(shape)])) for a in axis)
    return shape, axis


@given(shape_and_axes(), st.booleans())
def test_sum(case, keepdims):
    shape, axis = case
    want = np.sum(numbers(shape), axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(mg.sum(mg.Tensor(numbers(shape)), axis, keepdims).data, want)
    assert_adjoint(lambda x: mg.sum(x, axis, keepdims), shape)


@pytest.mark.parametrize("name", ["mean", "max", "min", "prod", "var"])
@given(shape_and_axes(FULL), st.booleans())
def test_reduction(name, case, keepdims):
    shape, axis = case
    ours, theirs = getattr(mg, name), getattr(np, name)
    want = theirs(numbers(shape), axis=axis, keepdims=keepdims)
    got = ours(mg.Tensor(numbers(shape)), axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(got.data, want, rtol=1e-13, atol=1e-15)
    assert got.shape == np.shape(want)
    assert mg.gradcheck(lambda x: ours(x, axis=axis, keepdims=keepdims), numbers(shape), order=1)


@given(shape_and_axes(), st.booleans())
def test_product_of_any_axes(case, keepdims):
    shape, axis = case
    x = mg.Tensor(numbers(shape), requires_grad=True)
    out = mg.prod(x, axis, keepdims)
    np.testing.assert_allclose(out.data, np.prod(x.data, axis=axis, keepdims=keepdims), rtol=1e-13)
    out.backward(np.ones(out.shape))
    want = np.prod(x.data, axis=axis, keepdims=True) / x.data  # there are no zeros
    np.testing.assert_allclose(x.grad, np.broadcast_to(want, shape), rtol=1e-12)


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=4))
def test_broadcasting(shapes):
    a, b = shapes.input_shapes
    x, y = mg.Tensor(numbers(a), requires_grad=True), mg.Tensor(numbers(b, 1), requires_grad=True)
    out = x * y
    assert out.shape == shapes.result_shape
    np.testing.assert_array_equal(out.data, x.data * y.data)
    assert_adjoint(lambda x: x * y.data, a)
    assert_adjoint(lambda y: x.data * y, b)
    assert_adjoint(lambda x: x / y.data, a)


@given(
    hnp.mutually_broadcastable_shapes(
        signature="(m?,n),(n,p?)->(m?,p?)", min_side=0, max_side=3, max_dims=2
    )
)
def test_matmul(shapes):
    a, b = shapes.input_shapes
    x, y = numbers(a), numbers(b, 1)
    got = mg.matmul(mg.Tensor(x), mg.Tensor(y))
    assert got.shape == shapes.result_shape
    np.testing.assert_allclose(got.data, np.matmul(x, y), rtol=1e-13)
    assert_adjoint(lambda x: mg.matmul(x, y), a)
    assert_adjoint(lambda y: mg.matmul(x, y), b)


@given(SHAPE, st.data())
def test_transpose_and_reshape(shape, data):
    order = data.draw(st.permutations(range(len(shape))))
    order = [a - data.draw(st.sampled_from([0, len(shape)])) for a in order]
    wanted = data.draw(st.permutations(shape))
    x = numbers(shape)
    np.testing.assert_array_equal(mg.transpose(mg.Tensor(x), order).data, np.transpose(x, order))
    np.testing.assert_array_equal(mg.reshape(mg.Tensor(x), wanted).data, np.reshape(x, wanted))
    assert_adjoint(lambda x: mg.transpose(x, order), shape)
    assert_adjoint(lambda x: mg.reshape(x, wanted), shape)
    assert_adjoint(lambda x: mg.reshape(mg.transpose(x, order), wanted), shape)


@given(FULL.filter(bool), st.data())
def test_indexing(shape, data):
    index = data.draw(
        hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
        | hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3))
        | hnp.arrays(bool, shape)
    )
    x = numbers(shape)
    np.testing.assert_array_equal(mg.Tensor(x)[index].data, x[index])
    assert_adjoint(lambda x: mg.getitem(x, index), shape)


@given(FULL.filter(bool), st.data())
def test_an_index_may_be_a_tensor(shape, data):
    rows = data.draw(hnp.arrays(int, (4,), elements=st.integers(-shape[0], shape[0] - 1)))
    x = numbers(shape)
    np.testing.assert_array_equal(mg.Tensor(x)[mg.Tensor(rows)].data, x[rows])
    np.testing.assert_array_equal(mg.Tensor(x)[mg.Tensor(x) > 1].data, x[x > 1])
    chosen = mg.Tensor(rows)
    assert_adjoint(lambda x: x[chosen if isinstance(x, mg.Tensor) else rows], shape)


@given(shape_and_axes(FULL.filter(bool)))
def test_flip_and_cumsum(case):
    shape, axis = case
    x = numbers(shape)
    np.testing.assert_array_equal(mg.flip(mg.Tensor(x), axis).data, np.flip(x, axis))
    assert_adjoint(lambda x: mg.flip(x, axis), shape)
    if not isinstance(axis, tuple):
        np.testing.assert_array_equal(mg.cumsum(mg.Tensor(x), axis).data, np.cumsum(x, axis))
        assert_adjoint(lambda x: mg.cumsum(x, axis), shape)


@given(FULL.filter(bool), st.data())
def test_concatenate_and_split_are_adjoint(shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    cuts = sorted(data.draw(st.lists(st.integers(0, shape[axis]), max_size=3)))
    x = numbers(shape)
    joined = mg.concatenate(mg.split(mg.Tensor(x), cuts, axis), axis)
    np.testing.assert_array_equal(joined.data, x)
    for i in range(len(cuts) + 1):
        assert_adjoint(lambda x, i=i: mg.split(x, cuts, axis)[i], shape)
    assert_adjoint(lambda x: mg.concatenate([x, 2 * x], axis), shape)
