"""Clipping and noise: PyTorch's numbers, closed forms, and errors that change nothing."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from microgd import Tensor, nn, tensor
from microgd.nn.utils import add_grad_noise_, clip_grad_norm_, clip_grad_value_
from microgd.norms import norm

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_clipping.npz") as file:
    TORCH = dict(file)


def with_gradients(*gradients, dtype=float):
    params = []
    for g in gradients:
        params.append(Tensor(np.zeros(np.shape(g)), requires_grad=True, dtype=dtype))
        params[-1].grad = g
    return params


def split(flat, dtype=float):
    """PyTorch's 11 numbers, as the gradients of parameters of three shapes."""
    return with_gradients(flat[:6].reshape(3, 2), flat[6:10], flat[10], dtype=dtype)


def flat(params):
    return np.concatenate([p.grad.ravel() for p in params])


def cases(prefix):
    found = sorted({name.split(":")[0] for name in TORCH if name.startswith(prefix)})
    assert found
    return [tuple(name.split("/")[1:]) for name in found]


@pytest.mark.parametrize(("kind", "limit", "order"), cases("norm/"))
def test_clipping_by_norm_does_what_pytorch_does_also_to_what_is_not_finite(kind, limit, order):
    params = split(TORCH[f"before/{kind}:gradient"])
    found = clip_grad_norm_(params, float(limit), float(order))
    case = f"norm/{kind}/{limit}/{order}"
    np.testing.assert_allclose(found, TORCH[f"{case}:norm"], rtol=1e-12)
    np.testing.assert_allclose(flat(params), TORCH[f"{case}:after"], rtol=1e-12, atol=0)


@pytest.mark.parametrize(("kind", "limit"), cases("value/"))
def test_clipping_by_value_does_what_pytorch_does(kind, limit):
    params = split(TORCH[f"before/{kind}:gradient"])
    clip_grad_value_(params, float(limit))
    np.testing.assert_array_equal(flat(params), TORCH[f"value/{kind}/{limit}:after"])


@pytest.mark.parametrize(("kind", "limit", "order"), cases("norm/1/"))
def test_clipping_by_norm_keeps_float32(kind, limit, order):
    params = split(TORCH[f"before/{kind}:gradient"], np.float32)
    clip_grad_norm_(params, float(limit), float(order))
    assert {p.grad.dtype for p in params} == {np.dtype(np.float32)}
    np.testing.assert_allclose(
        flat(params), TORCH[f"norm/{kind}/{limit}/{order}:after"], rtol=1e-6, atol=0
    )


numbers = arrays(
    float,
    array_shapes(max_dims=3, max_side=4),
    elements=st.floats(-1e100, 1e100, allow_subnormal=False),
)


@given(
    st.lists(numbers, min_size=1, max_size=4),
    st.floats(1e-3, 1e3),
    st.sampled_from([1, 1.5, 2, 3, math.inf]),
)
def test_a_clipped_norm_is_its_threshold_and_the_direction_stays(gradients, limit, order):
    params = with_gradients(*gradients)
    before = flat(params)
    length = clip_grad_norm_(params, limit, order)
    largest = np.abs(before).max()
    exact = largest and largest * np.linalg.norm(before / largest, order)
    assert length == pytest.approx(exact, rel=1e-12)
    after = norm(flat(params), order)
    shorter = length / (length + 1e-6)  # PyTorch's 1e-6
    assert after == pytest.approx(min(length, limit * shorter), rel=1e-12, abs=1e-300)
    assert after <= limit * (1 + 1e-12)
    if length:
        np.testing.assert_allclose(flat(params) * length, before * after, rtol=1e-11, atol=1e-200)


@given(st.lists(numbers, min_size=1, max_size=4), st.floats(0, 1e3))
def test_clipped_values_are_within_the_limit_and_the_rest_stays(gradients, limit):
    params = with_gradients(*gradients)
    clip_grad_value_(params, limit)
    for g, p in zip(gradients, params, strict=True):
        within = np.abs(g) <= limit
        assert (p.grad[within] == g[within]).all()
        assert (p.grad[~within] == np.copysign(limit, g[~within])).all()


def test_a_norm_counts_every_gradient_once_and_leaves_out_what_has_none():
    a, b, c = with_gradients([3.0], [[4.0]], [100.0])
    c.zero_grad()
    assert clip_grad_norm_(iter([a, b, c, a]), 1.0) == 5.0
    assert (a.grad, b.grad, c.grad) == (pytest.approx(0.6), pytest.approx(0.8), None)
    clip_grad_value_([a, a, c], 0.5)
    assert a.grad.tolist() == [0.5]
    assert clip_grad_norm_(c, 1.0) == 0.0
    assert clip_grad_norm_([], 1.0) == 0.0


def test_one_parameter_needs_no_list():
    (p,) = with_gradients([3.0, -4.0])
    assert clip_grad_norm_(p, math.inf) == 5.0
    assert p.grad.tolist() == [3.0, -4.0]
    clip_grad_value_(p, 3.5)
    assert p.grad.tolist() == [3.0, -3.5]


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e-20, 1e20, 1e37])
@pytest.mark.parametrize("order", [1, 2, 3, math.inf])
def test_vanishing_and_exploding_float32_gradients_are_measured_right(scale, order):
    before = (np.array([3.0, -4.0, 1.0]) * scale).astype(np.float32)
    (p,) = with_gradients(before, dtype=np.float32)
    exact = np.linalg.norm(before.astype(float) / scale, order) * scale
    assert clip_grad_norm_(p, 1.0, order) == pytest.approx(exact, rel=1e-6)
    expected = before if exact < 1 else before.astype(float) / exact
    np.testing.assert_allclose(p.grad, expected, rtol=1e-6)


def test_a_norm_that_is_not_finite_can_be_an_error_that_changes_nothing():
    a, b, c = with_gradients([1.0, 2.0], [math.inf, 1.0], [1.0])
    b.name = "layers.0.bias"
    for odd in (math.inf, math.nan):
        b.grad = [odd, 1.0]
        with pytest.raises(FloatingPointError) as caught:
            clip_grad_norm_([a, b, c], 1.0, error_if_nonfinite=True)
        assert f"is {odd}, from layers.0.bias (2,); skip this step" in str(caught.value)
        np.testing.assert_array_equal(flat([a, b, c]), [1, 2, odd, 1, 1])
    b.grad = [0.0, 0.0]
    assert clip_grad_norm_([a, b, c], 9.0, error_if_nonfinite=True) == pytest.approx(math.sqrt(6))


def test_noise_is_normal_with_the_variance_of_the_paper():
    for step, eta, gamma in ((0, 0.3, 0.55), (9, 1.0, 0.55), (99, 0.01, 0.55), (3, 1.0, 2.0)):
        (p,) = with_gradients(np.full(40_000, 5.0))
        add_grad_noise_([p], step, eta, gamma, rng=np.random.default_rng(1))
        deviation = math.sqrt(eta / (1 + step) ** gamma)
        noise = (p.grad - 5.0) / deviation
        moments = [np.mean(noise**power) for power in (1, 2, 3, 4)]
        # four times the standard error of each: sqrt of 1, 2, 15 and 96, over 200
        for found, exact, spread in zip(moments, (0, 1, 0, 3), (1, 2, 15, 96), strict=True):
            assert abs(found - exact) < 4 * math.sqrt(spread) / 200


def test_noise_is_drawn_anew_at_every_step_and_for_every_parameter():
    params = with_gradients(np.zeros((2, 3)), np.zeros(2), 0.0)
    rng = np.random.default_rng(2)
    for _ in range(2):
        add_grad_noise_(params, 0, 1.0, rng=rng)
    drawn = np.random.default_rng(2).normal(size=(2, 9)).sum(axis=0)
    np.testing.assert_allclose(flat(params), drawn, rtol=1e-15)


def test_noise_is_the_same_in_either_precision_and_keeps_it():
    double, single = with_gradients(np.zeros(5)), with_gradients(np.zeros(5), dtype=np.float32)
    for params in (double, single):
        add_grad_noise_(params, 7, 0.3, rng=np.random.default_rng(0))
    assert single[0].grad.dtype == np.float32
    assert (single[0].grad == double[0].grad.astype(np.float32)).all()


def test_noise_goes_only_where_there_is_a_gradient():
    a, b = with_gradients([0.0], [0.0])
    b.zero_grad()
    add_grad_noise_([a, b], 0, 1.0, rng=np.random.default_rng(0))
    assert a.grad[0] != 0
    assert b.grad is None
    before = a.grad.copy()
    add_grad_noise_([a], 0, 0.0, rng=np.random.default_rng(0))
    assert a.grad == before


def test_clipped_gradients_of_a_backward_pass_share_no_memory():
    a, b = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0], requires_grad=True)
    (a + b).sum().backward()
    clip_grad_value_(a, 0.25)
    assert (a.grad.tolist(), b.grad.tolist()) == ([0.25, 0.25], [1.0, 1.0])


@pytest.fixture
def p():
    return with_gradients([3.0, -4.0])[0]


RNG = np.random.default_rng(0)
MISUSES = [
    (lambda p: clip_grad_norm_([p], -1.0), ValueError, ["max_norm is -1.0", "at least 0"]),
    (lambda p: clip_grad_norm_([p], math.nan), ValueError, ["max_norm is nan", "or math.inf"]),
    (lambda p: clip_grad_norm_([p], "1"), TypeError, ["max_norm is '1', a str"]),
    (lambda p: clip_grad_norm_([p], True), TypeError, ["max_norm is True, a bool"]),
    (lambda p: clip_grad_norm_([p], 1.0, 0), ValueError, ["norm_type is 0", "positive exponent"]),
    (lambda p: clip_grad_norm_([p], 1.0, -2), ValueError, ["norm_type is -2.0"]),
    (lambda p: clip_grad_norm_([p], 1.0, None), TypeError, ["norm_type is None"]),
    (lambda p: clip_grad_norm_(nn.ReLU(), 1.0), TypeError, ["parameters is ReLU", "parameters()"]),
    (lambda p: clip_grad_norm_(None, 1.0), TypeError, ["parameters is None"]),
    (
        lambda p: clip_grad_norm_([p, p.grad], 1.0),
        TypeError,
        ["clip_grad_norm_: parameter 1 is array", "model.parameters()"],
    ),
    (lambda p: clip_grad_value_([p], -1), ValueError, ["clip_grad_value_: clip_value is -1"]),
    (lambda p: clip_grad_value_([p], math.nan), ValueError, ["clip_value is nan"]),
    (lambda p: clip_grad_value_(3, 1.0), TypeError, ["clip_grad_value_: parameters is 3"]),
    (
        lambda p: add_grad_noise_([p], -1, 1.0, rng=RNG),
        ValueError,
        ["add_grad_noise_: step is -1", "0 or more"],
    ),
    (lambda p: add_grad_noise_([p], 0.5, 1.0, rng=RNG), TypeError, ["step is 0.5, a float"]),
    (lambda p: add_grad_noise_([p], 0, -0.1, rng=RNG), ValueError, ["eta is -0.1", "at least 0"]),
    (lambda p: add_grad_noise_([p], 0, math.inf, rng=RNG), ValueError, ["eta is inf"]),
    (lambda p: add_grad_noise_([p], 0, 1.0, -1, rng=RNG), ValueError, ["gamma is -1"]),
    (lambda p: add_grad_noise_([p], 0, 1.0, rng=0), TypeError, ["rng is 0", "one generator"]),
    (lambda p: add_grad_noise_([p], 0, 1.0, rng=None), TypeError, ["rng is None", "default_rng"]),
    (lambda p: add_grad_noise_([p, 1], 0, 1.0, rng=RNG), TypeError, ["parameter 1 is 1"]),
]


@pytest.mark.parametrize(("misuse", "error", "said"), MISUSES)
def test_a_misuse_is_named_and_changes_nothing(misuse, error, said, p):
    with pytest.raises(error) as caught:
        misuse(p)
    for words in said:
        assert words in str(caught.value)
    assert p.grad.tolist() == [3.0, -4.0]
