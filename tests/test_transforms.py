"""Derivatives of any order: against closed forms, complex steps and the sum rule of nesting."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd import nn
from microgd.graph import state

V = np.array([0.5, -1.0, 2.0])
CUBES = lambda x: (x**3).sum()  # noqa: E731


def nth(f, n):
    for _ in range(n):
        f = mg.grad(f)
    return f


# Derivatives of derivatives, in closed form: f, and its n-th derivative at x


def falling(p, n):
    return math.prod(p - i for i in range(n))


def of_tanh(n, x):
    """Polynomials in t = tanh(x), with t' = 1 - t**2."""
    p = np.polynomial.Polynomial([0, 1])
    for _ in range(n):
        p = p.deriv() * np.polynomial.Polynomial([1, 0, -1])
    return p(math.tanh(x))


def of_sigmoid(n, x):
    p = np.polynomial.Polynomial([0, 1])
    for _ in range(n):
        p = p.deriv() * np.polynomial.Polynomial([0, 1, -1])
    return p(1 / (1 + math.exp(-x)))


def hermite(n, x):
    return (-1) ** n * np.polynomial.hermite_e.hermeval(x, [0] * n + [1])


CLOSED = {
    "exp": (mg.exp, lambda n, x: math.exp(x)),
    "sin": (mg.sin, lambda n, x: math.sin(x + n * math.pi / 2)),
    "cos": (mg.cos, lambda n, x: math.cos(x + n * math.pi / 2)),
    "sinh": (mg.sinh, lambda n, x: (math.cosh if n % 2 else math.sinh)(x)),
    "log": (mg.log, lambda n, x: falling(-1, n - 1) * x**-n),
    "log1p": (mg.log1p, lambda n, x: falling(-1, n - 1) * (1 + x) ** -n),
    "1 / x": (lambda x: 1 / x, lambda n, x: falling(-1, n) * x ** (-1 - n)),
    "sqrt": (mg.sqrt, lambda n, x: falling(0.5, n) * x ** (0.5 - n)),
    "x**7": (lambda x: x**7, lambda n, x: falling(7, n) * x ** (7 - n)),
    "x**2.5": (lambda x: x**2.5, lambda n, x: falling(2.5, n) * x ** (2.5 - n)),
    "2**x": (lambda x: 2**x, lambda n, x: math.log(2) ** n * 2**x),
    "tanh": (mg.tanh, of_tanh),
    "sigmoid": (mg.sigmoid, of_sigmoid),
    "softplus": (mg.softplus, lambda n, x: of_sigmoid(n - 1, x)),
    "bell": (lambda x: mg.exp(-x * x / 2), lambda n, x: hermite(n, x) * math.exp(-x * x / 2)),
    "x e**x": (lambda x: x * x.exp(), lambda n, x: (x + n) * math.exp(x)),
    "product": (lambda x: mg.stack([x] * 6).prod(), lambda n, x: falling(6, n) * x ** (6 - n)),
    "matmul": (
        lambda x: mg.stack([x, x]) @ mg.stack([x * x, x**3]),
        lambda n, x: falling(3, n) * x ** (3 - n) + falling(4, n) * x ** (4 - n),
    ),
    "where": (lambda x: mg.where(x > 0, x**6, -x), lambda n, x: falling(6, n) * x ** (6 - n)),
    "cumsum": (
        lambda x: (mg.stack([x, x * x, x**3]).cumsum() * [1.0, 2.0, 3.0]).sum(),  # 6x + 5x^2 + 3x^3
        lambda n, x: (6, 5, 3) @ np.array([falling(p, n) * x ** (p - n) for p in (1, 2, 3)]),
    ),
}


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("f", "want"), CLOSED.values(), ids=CLOSED)
def test_derivative_of_any_order(f, want, order):
    got = nth(f, order)(0.7)
    assert isinstance(got, mg.Tensor)
    assert got.shape == ()
    np.testing.assert_allclose(got.data, want(order, 0.7), rtol=1e-11, atol=1e-12)


# Random expressions against complex steps: f'(x) = Im f(x + ih) / h, exact to rounding

M = np.array([[0.3, -0.2, 0.5], [0.1, 0.4, -0.3], [-0.6, 0.2, 0.1]])


def logistic(x):
    return mg.sigmoid(x) if isinstance(x, mg.Tensor) else 1 / (1 + np.exp(-x))


def rectified(x):
    if isinstance(x, mg.Tensor):
        return mg.softplus(x)
    big = np.where(x.real > 0, x, 0)
    return big + np.log(np.exp(-big) + np.exp(x - big))


def normalised(x):
    if isinstance(x, mg.Tensor):
        return mg.softmax(x)
    e = np.exp(x)
    return e / np.sum(e)


def log_total(x):
    return mg.logsumexp(x) if isinstance(x, mg.Tensor) else np.log(np.sum(np.exp(x)))


def product_of(x):
    return mg.prod(x) if isinstance(x, mg.Tensor) else x[0] * x[1] * x[2]


def euclid(x):
    return mg.norm(x) if isinstance(x, mg.Tensor) else np.sqrt(np.sum(x * x))


UNARY = [
    np.sin, np.cos, np.tanh, np.arctan, np.square, logistic, rectified, normalised, np.negative,
    lambda a: np.exp(np.tanh(a)), lambda a: np.log1p(np.square(a)), lambda a: np.sqrt(1 + a * a),
    lambda a: M @ a, lambda a: a @ M, np.cumsum, np.flip,
    lambda a: a[[0, 0, 2]], lambda a: a[::-1], lambda a: a - a.mean(), lambda a: a * a.sum(),
    lambda a: a / (2 + product_of(np.sin(a))), lambda a: a + log_total(a),
    lambda a: np.reshape(a, (3, 1)) * np.ones(2) @ np.ones(2),
    lambda a: np.concatenate([a[1:], a[:1]]), lambda a: np.einsum("i,ij,j->i", a, M, a),
    lambda a: 2.0**a, lambda a: a / euclid(1 + a * a), lambda a: np.sinh(np.sin(a)),
]  # fmt: skip
BINARY = [
    np.add, np.subtract, np.multiply, lambda a, b: a / (1 + b * b), lambda a, b: (1 + a * a) ** b,
    lambda a, b: np.dot(a, b) * a, lambda a, b: np.stack([a, b]).sum(axis=0) * a[0],
    lambda a, b: a * b.sum() + a, lambda a, b: np.outer(a, b) @ M[0],
    lambda a, b: np.where(V > 0, a, b),
]  # fmt: skip

unary, binary = st.integers(0, len(UNARY) - 1), st.integers(0, len(BINARY) - 1)
trees = st.recursive(
    st.sampled_from(["x", "y", 0.7]),
    lambda t: st.tuples(unary, t) | st.tuples(binary, t, t),
    max_leaves=8,
)
points = st.lists(st.floats(-1.5, 1.5).map(lambda v: round(v, 3)), min_size=6, max_size=6)


def value(tree, x, y):
    """The expression; a shared subtree, as x itself, is used several times."""
    if tree == "x":
        return x
    if tree == "y":
        return y
    if isinstance(tree, float):
        return x * 0 + tree
    number, *parts = tree
    return (UNARY if len(parts) == 1 else BINARY)[number](*(value(t, x, y) for t in parts))


def complex_gradient(f, x, y):
    def slopes(shift):
        return np.array([f(*shift(1e-30j * row)).imag / 1e-30 for row in np.eye(3)])

    return slopes(lambda h: (x + h, y)), slopes(lambda h: (x, y + h))


@given(trees, points)
@settings(max_examples=300, derandomize=True)
def test_gradients_of_random_expressions(tree, numbers):
    x, y = np.array(numbers[:3]), np.array(numbers[3:])

    def f(x, y):
        return (value(tree, x, y) * np.array([1.0, -0.5, 0.25])).sum()

    with np.errstate(all="ignore"):
        want = complex_gradient(f, x, y)
    assume(np.max(np.abs(want)) < 1e6)  # and no NaN: neither side overflows
    got = mg.grad(f, (0, 1))(x, y)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a.data, b, rtol=1e-9, atol=1e-11 * (1 + np.max(np.abs(want))))
    leaves = [mg.Tensor(v, requires_grad=True) for v in (x, y)]
    loss = f(*leaves)
    if loss.requires_grad:
        loss.backward()
    for a, leaf in zip(got, leaves, strict=True):
        np.testing.assert_array_equal(0 if leaf.grad is None else leaf.grad, a.data)


@given(trees, points)
@settings(max_examples=150, derandomize=True)
def test_hessian_products_of_random_expressions(tree, numbers):
    x, y = np.array(numbers[:3]), np.array(numbers[3:])

    def f(x):
        return (value(tree, x, y) * np.array([1.0, -0.5, 0.25])).sum()

    def gradient(x):
        return complex_gradient(lambda x, y: f(x), x, y)[0]

    way, h = np.array([0.6, -0.3, 0.9]), 1e-5
    with np.errstate(all="ignore"):
        ends = [gradient(x + k * h * way) for k in (-2, -1, 1, 2)]
        far = [gradient(x + k * way) for k in (-0.01, 0, 0.01)]
    assume(np.max(np.abs([*ends, *far])) < 1e3)
    assume(np.max(np.abs(far[0] - 2 * far[1] + far[2])) < 1.0)  # smooth on the scale of the step
    want = np.array([1, -8, 8, -1]) @ ends / (12 * h)
    got = mg.hvp(f)(x, way).data
    full = mg.hessian(f)(x).data
    scale = 1 + np.max(np.abs(ends)) + np.max(np.abs(full))
    np.testing.assert_allclose(got, full @ way, rtol=1e-9, atol=1e-10 * scale)
    np.testing.assert_allclose(full, full.T, rtol=1e-9, atol=1e-10 * scale)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6 * scale)


# Nesting: which derivative belongs to which variable


def test_perturbations_are_not_confused():
    assert mg.grad(lambda x: x * mg.grad(lambda y: x + y)(1.0))(1.0).item() == 1.0
    assert mg.grad(lambda x: x * mg.grad(lambda y: x * y)(2.0))(3.0).item() == 6.0
    assert mg.grad(lambda x: x * mg.grad(lambda y: x * y)(x))(3.0).item() == 6.0
    assert mg.grad(lambda x: mg.grad(lambda y: y * y)(x) * x)(3.0).item() == 12.0


def test_three_levels():
    def f(x):  # d/dz xyz = xy; d/dy x**2 * y**2 = 2 x**2 y = 2 x**3 at y = x; times x
        return x * mg.grad(lambda y: y * x * mg.grad(lambda z: x * y * z)(y))(x)

    assert f(mg.Tensor(2.0)).item() == 32.0
    assert mg.grad(f)(2.0).item() == 64.0
    assert mg.grad(mg.grad(f))(2.0).item() == 96.0


def test_an_identity_inside_has_the_gradient_one():
    assert mg.grad(lambda y: mg.grad(lambda x: x)(y) * y)(3.0).item() == 1.0
    assert mg.grad(lambda y: mg.value_and_grad(lambda x: x)(y)[0] * y)(3.0).item() == 6.0
    jacobian = mg.jacobian(lambda y: mg.jacobian(lambda x: x)(y) @ y)(V)
    np.testing.assert_array_equal(jacobian.data, np.eye(3))


def test_an_inner_function_that_ignores_its_argument():
    assert mg.grad(lambda y: mg.grad(lambda x: y * y)(y) + y)(3.0).item() == 1.0
    assert mg.grad(lambda y: mg.value_and_grad(lambda x: y)(y)[0] * y)(3.0).item() == 6.0


def test_one_tensor_as_argument_and_in_the_closure():
    w = mg.Tensor(3.0, requires_grad=True)
    assert mg.grad(lambda v: v * w)(w).item() == 3.0
    assert mg.grad(lambda v: v * v)(w).item() == 6.0
    assert w.grad is None


def test_order_of_differentiation_does_not_matter():
    def f(x, y):
        return mg.sin(x * y) + x**3 * mg.exp(y)

    xy = mg.grad(mg.grad(f, 1), 0)(0.3, 0.8)
    yx = mg.grad(mg.grad(f, 0), 1)(0.3, 0.8)
    want = math.cos(0.24) - 0.24 * math.sin(0.24) + 3 * 0.09 * math.exp(0.8)
    np.testing.assert_allclose([xy.item(), yx.item()], want)


# Closures over parameters


def test_a_gradient_penalty_trains_the_parameters():
    w = mg.Tensor(2.0, requires_grad=True)
    g = mg.grad(lambda x: (w * x * x).sum())(np.array([1.0, 2.0]))  # 2 w x
    penalty = ((g * g).sum() - 1) ** 2  # (20 w**2 - 1)**2
    penalty.backward()
    assert w.grad == 2 * (20 * 4 - 1) * 40 * 2


def test_a_gradient_penalty_of_a_network_agrees_with_differences():
    model, x = nn.MLP([2, 5, 1], activation="tanh", rng=0), np.array([[0.3, -0.7], [1.1, 0.4]])

    def penalty():
        slope = mg.grad(lambda x: model(x).sum())(x)
        return ((mg.norm(slope, axis=1) - 1) ** 2).mean()

    penalty().backward()
    for p in model.parameters():
        if p.grad is None:  # the last bias moves no slope
            assert p.shape == (1,)
            continue
        for i in np.ndindex(p.shape):
            old, ends = p.numpy(), []
            for step in (1e-6, -1e-6):
                new = old.copy()
                new[i] += step
                p.data = new
                ends.append(penalty().item())
            p.data = old
            np.testing.assert_allclose(p.grad[i], (ends[0] - ends[1]) / 2e-6, atol=1e-8, rtol=1e-5)


def test_hessian_and_hvp_inside_a_loss():
    w = mg.Tensor(2.0, requires_grad=True)
    curvature = mg.hvp(lambda x: (w * x**3).sum())(V, np.ones(3))  # 6 w x
    curvature.sum().backward()
    np.testing.assert_allclose(w.grad, 6 * V.sum())
    w.zero_grad()
    mg.hessian(lambda x: (w * w * x**2).sum())(V).sum().backward()  # 2 w**2 each
    np.testing.assert_allclose(w.grad, 3 * 2 * 2 * 2)


def test_the_value_of_a_closure_keeps_its_history():
    w = mg.Tensor(2.0, requires_grad=True)
    earlier = w * 3
    for f, want in ((lambda x: w, 1.0), (lambda x: earlier, 3.0), (lambda x: w * x, 5.0)):
        w.zero_grad()
        mg.value_and_grad(f)(5.0)[0].backward()
        assert w.grad == want


def test_transforms_write_no_gradients():
    w = mg.Tensor(2.0, requires_grad=True)
    mg.grad(lambda x: w * x * x)(3.0)
    mg.hessian(lambda x: w * x * x)(w)
    assert w.grad is None
    w.grad = 7.0
    mg.jacobian(lambda x: w * x)(V)
    assert w.grad == 7.0


# no_grad around, and inside


@mg.no_grad()
def test_transforms_work_under_no_grad():
    assert nth(lambda x: x**3, 2)(2.0).item() == 12.0
    assert not mg.grad(lambda x: x**3)(2.0).requires_grad
    np.testing.assert_array_equal(mg.hvp(CUBES)(V, np.ones(3)).data, 6 * V)
    np.testing.assert_array_equal(mg.hessian(CUBES)(V).data, np.diag(6 * V))
    w = mg.Tensor(2.0, requires_grad=True)
    assert not mg.grad(lambda x: w * x * x)(3.0).requires_grad
    assert not state.recording


def test_recording_is_as_before_after_an_error_in_the_function():
    with mg.no_grad():
        with pytest.raises(ZeroDivisionError):
            mg.grad(lambda x: 1 / 0)(1.0)
        assert not state.recording
    assert state.recording


def test_no_grad_inside_cuts_a_part_off():
    def f(x):
        with mg.no_grad():
            constant = x * x
        return constant * x

    assert mg.grad(f)(3.0).item() == 9.0


# The rows and columns of jacobian and hessian


def test_jacobian():
    def f(x):
        return mg.stack([x[0] * x[1], mg.sin(x[2]), x.sum(), x[0] ** 2])

    want = [[V[1], V[0], 0], [0, 0, math.cos(V[2])], [1, 1, 1], [2 * V[0], 0, 0]]
    np.testing.assert_allclose(mg.jacobian(f)(V).data, want)


@pytest.mark.parametrize("inner", [(), (3,), (2, 2), (0,), (2, 0)])
@pytest.mark.parametrize("outer", [(), (2,), (0,), (2, 1), (1, 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_of_jacobians(inner, outer, dtype):
    x = np.full(inner, 2.0, dtype)
    j = mg.jacobian(lambda x: (x * x).sum() * np.ones(outer, dtype))(x)
    assert j.shape == outer + inner
    assert j.dtype == dtype
    np.testing.assert_array_equal(j.data, np.full(outer + inner, 4.0))
    h = mg.hessian(lambda x: (x * x).sum())(x)
    assert h.shape == inner + inner
    assert h.dtype == dtype
    np.testing.assert_array_equal(h.data.ravel(), 2 * np.eye(x.size).ravel())


def test_a_parameter_in_a_jacobian_keeps_its_history():
    w = mg.Tensor(2.0, requires_grad=True)
    mg.jacobian(lambda x: w * w * x)(V).sum().backward()
    assert w.grad == 3 * 2 * 2.0


def test_jacobian_of_a_jacobian():
    third = mg.jacobian(mg.jacobian(lambda x: x**3))(V).data
    want = np.zeros((3, 3, 3))
    want[range(3), range(3), range(3)] = 6 * V
    np.testing.assert_allclose(third, want)


def test_hessian_of_a_quadratic_form():
    np.testing.assert_allclose(mg.hessian(lambda x: x @ M @ x)(V).data, M + M.T)


@pytest.mark.parametrize("tiny", [0.0, 1e-17, -1e-300])
def test_hessian_of_a_product_with_a_factor_near_zero(tiny):
    a, b = -0.25, 0.5
    want = [[0, tiny, b], [tiny, 0, a], [b, a, 0]]
    np.testing.assert_array_equal(mg.hessian(mg.prod)(np.array([a, b, tiny])).data, want)


def test_hessian_of_a_product_over_nothing():
    assert mg.hessian(lambda x: mg.prod(x, axis=1).sum())(np.zeros((2, 0))).shape == (2, 0, 2, 0)


def test_gradient_of_a_product_that_overflows_on_the_way():
    with np.errstate(over="ignore"):
        g = mg.grad(mg.prod)(np.array([1e200, 1e200, 1e-300]))
    np.testing.assert_allclose(g.data[:2], 1e-100)


def test_hessian_of_a_power_at_the_exponent_zero():
    (xx, xy), (yx, yy) = mg.hessian(mg.power, (0, 1))(1.25, 0.0)
    np.testing.assert_allclose([xx.item(), xy.item(), yx.item()], [0.0, 0.8, 0.8])
    np.testing.assert_allclose(yy.item(), math.log(1.25) ** 2)


def test_hessian_of_logsumexp():
    p = np.exp(V) / np.exp(V).sum()
    np.testing.assert_allclose(mg.hessian(mg.logsumexp)(V).data, np.diag(p) - np.outer(p, p))


def test_hessian_of_cross_entropy():
    x = np.array([[0.2, -0.4, 1.0], [1.0, 0.5, -2.0]])
    h = mg.hessian(lambda x: nn.cross_entropy(x, [2, 0]))(x).data
    for i, row in enumerate(x):
        p = np.exp(row) / np.exp(row).sum()
        np.testing.assert_allclose(h[i, :, i], (np.diag(p) - np.outer(p, p)) / 2, atol=1e-15)
    assert not h[0, :, 1].any()


def test_hvp_is_the_hessian_times_v_of_any_shape():
    x, v = np.arange(1.0, 5.0).reshape(2, 2), np.array([[1.0, -1.0], [2.0, 0.5]])

    def f(x):
        return (x @ x).sum() * x[0, 1]

    want = np.einsum("ijkl,kl->ij", mg.hessian(f)(x).data, v)
    np.testing.assert_allclose(mg.hvp(f)(x, v).data, want)


def test_third_derivative_along_a_direction():
    slope = mg.grad(lambda x: mg.hvp(lambda u: (u**4).sum())(x, np.ones(3)).sum())(V)
    np.testing.assert_allclose(slope.data, 24 * V)


def test_directional_derivative_is_steepest_along_the_gradient():
    def f(x):
        return (x**2).sum() + x[0] * x[1]

    g = mg.grad(f)(V).data
    steepest = mg.directional_derivative(f)(V, g / np.linalg.norm(g)).item()
    np.testing.assert_allclose(steepest, np.linalg.norm(g))
    for seed in range(20):
        way = np.random.default_rng(seed).normal(size=3)
        way /= np.linalg.norm(way)
        slope = mg.directional_derivative(f)(V, way).item()
        h = 1e-6
        ends = f(mg.Tensor(V + h * way)).item() - f(mg.Tensor(V - h * way)).item()
        np.testing.assert_allclose(slope, ends / (2 * h), rtol=1e-7, atol=1e-8)
        assert slope < steepest


def test_directional_derivative_may_be_differentiated_by_the_direction():
    slope = mg.directional_derivative(CUBES)
    np.testing.assert_allclose(mg.grad(slope, 1)(V, np.ones(3)).data, 3 * V**2)
    np.testing.assert_allclose(mg.grad(slope, 0)(V, np.ones(3)).data, 6 * V)


# Arguments


def weighted(a, b, c=1.0):
    return (a * a * b * c).sum()


def test_argnum_picks_arguments_from_either_end():
    a, b = V, np.array([1.0, 2.0, 3.0])
    da, db = 2 * a * b, a * a
    for argnum, want in [(0, da), (1, db), (-1, db), (-2, da)]:
        np.testing.assert_allclose(mg.grad(weighted, argnum)(a, b).data, want)
    for argnum, want in [((0, 1), (da, db)), ((1, 0), (db, da)), ((-1, 0), (db, da))]:
        got = mg.grad(weighted, argnum)(a, b)
        assert type(got) is tuple
        for g, w in zip(got, want, strict=True):
            np.testing.assert_allclose(g.data, w)
    (only,) = mg.grad(weighted, (0,))(a, b)
    np.testing.assert_allclose(only.data, da)


def test_argnum_of_jacobian_and_hessian():
    a, b = V, 3.0
    ja, jb = mg.jacobian(lambda a, b: a * b, (0, -1))(a, b)
    np.testing.assert_allclose(ja.data, 3 * np.eye(3))
    np.testing.assert_allclose(jb.data, V)
    (haa, hab), (hba, hbb) = mg.hessian(weighted, (0, 1))(a, b)
    np.testing.assert_allclose(haa.data, np.diag([6.0] * 3))
    np.testing.assert_allclose(hab.data, 2 * a)
    np.testing.assert_allclose(hba.data, 2 * a)
    assert hbb.item() == 0.0
    assert mg.hessian(lambda a, b: a * b * b, -1)(2.0, 5.0).item() == 4.0


def test_more_arguments_and_keywords_reach_the_function():
    assert mg.grad(weighted)(2.0, 3.0, c=5.0).item() == 60.0
    value, slope = mg.value_and_grad(weighted)(2.0, b=3.0)
    assert (value.item(), slope.item()) == (12.0, 12.0)
    np.testing.assert_allclose(mg.hvp(weighted)(V, np.ones(3), 3.0).data, [6.0] * 3)
    np.testing.assert_allclose(
        mg.directional_derivative(weighted)(V, np.ones(3), 3.0).data, 6 * V.sum()
    )
    assert mg.grad(lambda x, names: x * len(names))(2.0, ["a", "b"]).item() == 2.0


@pytest.mark.parametrize("x", [3, True, 3.0, np.float64(3), np.array(3.0), mg.Tensor(3.0)])
def test_numbers_of_any_kind_are_arguments(x):
    assert mg.grad(lambda x: x * x * 2)(x).item() == 4 * float(x)


def test_lists_of_numbers_are_arguments():
    assert mg.grad(CUBES)([1.0, 2.0]).tolist() == [3.0, 12.0]


def test_arguments_are_not_changed_and_results_share_no_memory():
    x = V.copy()
    x.flags.writeable = False
    for f in (lambda x: x.sum(), lambda x: (x * x).sum(), lambda x: x.reshape(3, 1)[:, 0].sum()):
        value, g = mg.value_and_grad(f)(x)
        assert not np.shares_memory(g.data, x)
        assert not np.shares_memory(value.data, x)
    identity = mg.value_and_grad(lambda x: x)(np.ones(()))
    assert not np.shares_memory(identity[0].data, identity[1].data)


def test_an_unused_argument_has_the_gradient_zero():
    g, zero = mg.grad(lambda a, b: (a * a).sum(), (0, 1))(V, np.ones((2, 2), np.float32))
    np.testing.assert_array_equal(g.data, 2 * V)
    np.testing.assert_array_equal(zero.data, np.zeros((2, 2)))
    assert zero.dtype == np.float32
    assert mg.grad(lambda x: 3.0)(1.0).item() == 0.0
    assert mg.grad(lambda x: np.float32(3))(1.0).item() == 0.0


def test_float32_stays_float32():
    x = V.astype(np.float32)
    assert mg.grad(CUBES)(x).dtype == np.float32
    assert mg.value_and_grad(CUBES)(x)[0].dtype == np.float32
    assert mg.jacobian(lambda x: x**2)(x).dtype == np.float32
    assert mg.hessian(CUBES)(x).dtype == np.float32
    assert mg.hvp(CUBES)(x, x).dtype == np.float32
    assert mg.directional_derivative(CUBES)(x, x).dtype == np.float32
    mixed = mg.grad(lambda x: (x.astype(np.float64) ** 3).sum())(x)
    assert mixed.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: mg.grad(lambda x: x * 2)(V), ValueError, ["grad", "(3,)", "jacobian"]),
        (lambda: mg.grad(CUBES)(np.array([1, 2])), TypeError, ["int64", "floating point"]),
        (lambda: mg.grad(CUBES, 1)(V), TypeError, ["grad: argnum=1", "1 arguments"]),
        (lambda: mg.grad(CUBES, -2)(V), TypeError, ["grad: argnum=-2", "1 arguments"]),
        (lambda: mg.grad(CUBES, "x")(V), TypeError, ["grad: argnum='x'"]),
        (lambda: mg.grad(CUBES, [0])(V), TypeError, ["grad: argnum=[0]"]),
        (lambda: mg.grad(CUBES, ())(V), TypeError, ["grad: argnum=()"]),
        (lambda: mg.grad(CUBES)(x=V), TypeError, ["grad: argnum=0", "0 arguments"]),
        (lambda: mg.grad(lambda x: None)(1.0), TypeError, ["None", "must return a Tensor"]),
        (lambda: mg.grad(lambda x: (x, x))(1.0), TypeError, ["must return a Tensor"]),
        (lambda: mg.grad(CUBES)("a"), TypeError, ["'a'", "real numbers"]),
        (
            lambda: mg.directional_derivative(CUBES)(V, [1.0]),
            ValueError,
            ["directional_derivative", "(1,)", "(3,)"],
        ),
        (lambda: mg.hvp(CUBES)(V, 1.0), ValueError, ["()", "(3,)"]),
    ],
)
def test_misuses_are_named(call, error, said):
    with pytest.raises(error) as caught:
        call()
    assert [words for words in said if words not in str(caught.value)] == []
    assert state.recording


def test_a_rule_may_answer_with_an_array_where_tensors_flow():
    def forward(x):
        return np.round(x)

    steps = mg.Op("steps", forward, mg.Pullback("0", lambda g, out, x: np.zeros_like(x)))
    w, x = mg.Tensor([3.0, 1.0], requires_grad=True), np.array([1.0, 2.0])
    assert mg.grad(lambda x: (w * x * x + steps(x)).sum())(x).tolist() == [6.0, 4.0]
    curved = mg.hessian(lambda x: (x * x * x + steps(x) + steps(x)).sum())(x)
    assert curved.tolist() == [[6.0, 0.0], [0.0, 12.0]]
