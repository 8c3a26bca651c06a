"""Functions composed of operations are NumPy's, and their derivatives right to second order."""

import inspect

import numpy as np
import pytest
from composite_rows import COMPOSITES

import microgd as mg
from microgd.op import Op
from microgd.ops import FUNCTIONS

every_call = pytest.mark.parametrize(
    "call",
    [
        pytest.param(call, id=f"{name}-{i}")
        for name, calls in COMPOSITES.items()
        for i, call in enumerate(calls)
    ],
)


def test_every_function_has_a_row():
    composed = {name for name, f in FUNCTIONS.items() if not isinstance(f, Op)}
    assert composed <= set(COMPOSITES)


@every_call
def test_value_on_tensors_and_on_arrays(call):
    inputs = call.inputs()
    want = call.theirs(*inputs)
    for got in (call.ours(*map(mg.Tensor, inputs)).data, call.ours(*inputs)):
        assert np.shape(got) == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)


@every_call
def test_first_and_second_derivative(call):
    assert mg.gradcheck(call.ours, tuple(call.inputs()))


@every_call
def test_float32_stays_float32(call):
    inputs = [x.astype(np.float32) for x in call.inputs()]
    xs = [mg.Tensor(x, requires_grad=True) for x in inputs]
    out = call.ours(*xs)
    assert out.dtype == np.float32
    out.sum().backward()
    for x in xs:
        assert x.grad.dtype == np.float32
        assert x.grad.shape == x.shape
    np.testing.assert_allclose(out.data, call.theirs(*inputs), rtol=1e-5, atol=1e-6)
    assert np.asarray(call.ours(*inputs)).dtype == np.float32


@every_call
def test_strange_layouts_change_nothing(call):
    """Axes in Fortran's order, strides that run backwards, upstream gradients of stride 0."""
    inputs = call.inputs()

    def results(xs):
        leaves = [mg.Tensor(x, requires_grad=True) for x in xs]
        for leaf, x in zip(leaves, xs, strict=True):
            leaf.value = x
        out = call.ours(*leaves)
        out.sum().backward()
        return [out.data, *(leaf.grad for leaf in leaves)]

    want = results([x.copy() for x in inputs])
    for odd in (
        [np.asarray(np.flip(np.flip(x).copy())) for x in inputs],
        [x.copy(order="F") for x in inputs],
    ):
        before = [x.copy() for x in odd]
        for x in odd:
            x.flags.writeable = False
        for got, right in zip(results(odd), want, strict=True):
            np.testing.assert_allclose(got, right, rtol=1e-13, atol=1e-15)
        for x, old in zip(odd, before, strict=True):
            np.testing.assert_array_equal(x, old)


@pytest.mark.parametrize("axis", [None, (0, 1)])
def test_norms_of_matrices_are_refused(axis):
    """NumPy's are singular values and sums of columns: other numbers than those of the elements."""
    with pytest.raises(ValueError) as caught:
        mg.norm(mg.tensor(np.ones((2, 3))), ord=2, axis=axis)
    assert "norm: ord=2 of (2, 3)" in str(caught.value)
    assert "give a single axis" in str(caught.value)


def test_the_spread_of_equal_numbers_has_gradient_zero():
    assert mg.grad(lambda x: x.std())(np.full(3, 2.0)).tolist() == [0.0, 0.0, 0.0]


def test_more_degrees_of_freedom_than_numbers_give_no_negative_variance():
    x = np.arange(6.0)
    with np.errstate(divide="ignore"):
        assert mg.var(mg.tensor(x), ddof=7).item() == np.inf


@pytest.mark.parametrize(
    ("op", "signature"),
    [
        (mg.tanh, "(x)"),
        (mg.sum, "(x, axis=None, keepdims=False)"),
        (mg.clip, "(x, min=None, max=None)"),
    ],
)
def test_help_shows_the_parameters(op, signature):
    assert str(inspect.signature(op)) == signature
