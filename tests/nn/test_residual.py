"""Residual: signal and gradient go around the module as well as through it."""

import numpy as np

import microgd as mg
from microgd import nn


def test_the_sum_and_its_gradient():
    block = nn.Residual(nn.Linear(3, 3, rng=0))
    w, b = block.module.weight.data, block.module.bias.data
    x = mg.tensor(np.random.default_rng(0).normal(size=(4, 3)), requires_grad=True)
    out = block(x)
    g = np.random.default_rng(1).normal(size=(4, 3))
    out.backward(g)
    np.testing.assert_allclose(out.data, x.data + x.data @ w.T + b, rtol=1e-14)
    np.testing.assert_allclose(x.grad, g + g @ w, rtol=1e-13)
    assert mg.gradcheck(block, x.data)


def test_a_residual_takes_arrays_and_lists_and_keeps_float32():
    block = nn.Residual(nn.Tanh())
    np.testing.assert_allclose(block([1.0, 2.0]), [1 + np.tanh(1), 2 + np.tanh(2)])
    dense = nn.Residual(nn.Linear(2, 2, rng=0, dtype=np.float32))
    assert dense(np.ones((1, 2), np.float32)).dtype == np.float32


def test_a_deep_chain_of_residuals_keeps_its_gradient():
    plain = nn.Sequential(*(nn.Linear(4, 4, init=_small, rng=i) for i in range(30)))
    around = nn.Sequential(*(nn.Residual(part) for part in plain))
    norms = []
    for net in (plain, around):
        x = mg.tensor(np.ones((1, 4)), requires_grad=True)
        net(x).sum().backward()
        norms.append(np.linalg.norm(x.grad))
    plain_norm, residual_norm = norms
    assert plain_norm < 1e-20
    assert residual_norm > 0.1


def _small(shape, rng):
    return 0.01 * rng.normal(size=shape)
