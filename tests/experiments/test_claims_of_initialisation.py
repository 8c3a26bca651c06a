"""Variances and gains of random networks: as claimed, and no longer so with other weights."""

from functools import partial

import numpy as np
import pytest

from microgd import nn
from microgd.experiments.claim import Verdict, check
from microgd.experiments.claims import glorot, he, schoenholz, tanh_weight_scale
from microgd.experiments.signals import signals

CLAIMS = [glorot, he, schoenholz, tanh_weight_scale]


def failed(claim, seed=0):
    """What was not reproduced."""
    result = check(claim, seed)
    assert not result.error
    return [row.what for row in result.rows if row.verdict is Verdict.FAILED]


@pytest.fixture(autouse=True)
def _few_runs(monkeypatch):
    monkeypatch.setattr(he, "RUNS", 6)
    monkeypatch.setattr(schoenholz, "RUNS", 1)
    monkeypatch.setattr(schoenholz, "FORWARD_RUNS", 6)
    monkeypatch.setattr(glorot, "RUNS", 2)


@pytest.mark.parametrize("module", CLAIMS, ids=lambda m: m.CLAIM.name)
def test_reproduced(module):
    assert failed(module.CLAIM) == []


def test_other_weights_than_glorots_fail(monkeypatch):
    expected = glorot.INITS["standard"][1:]
    monkeypatch.setitem(glorot.INITS, "standard", ("xavier_uniform", *expected))
    rows = failed(glorot.CLAIM)
    assert len(rows) == 3
    assert all(row.startswith("standard") for row in rows)


def test_a_tenth_more_variance_fails_glorots_factor(monkeypatch):
    wrong = partial(nn.init.xavier_uniform, gain=1.1**0.5)
    monkeypatch.setitem(glorot.INITS, "normalised", (wrong, 1.0, 0.8))
    assert len(failed(glorot.CLAIM)) >= 2


@pytest.mark.parametrize("name", list(he.INITS))
def test_a_tenth_more_variance_fails_hes_factor(monkeypatch, name):
    correct = nn.init.named(he.INITS[name])
    monkeypatch.setitem(he.INITS, name, lambda shape, rng: 1.1**0.5 * correct(shape, rng=rng))
    assert [row.split(":")[0] for row in failed(he.CLAIM)] == [name, name]


def test_a_fifth_more_variance_fails_every_gain_of_schoenholz(monkeypatch):
    correct = schoenholz.network
    wrong = lambda phi, weights, *others: correct(phi, 1.2 * weights, *others)  # noqa: E731
    monkeypatch.setattr(schoenholz, "network", wrong)
    rows = check(schoenholz.CLAIM).rows
    linear = [row for row in rows if "relu" in row.what or "sigmoid, weights 1," in row.what]
    assert len(linear) == 4
    assert all(row.verdict is Verdict.FAILED for row in linear)


def test_another_scale_fails_the_ratio(monkeypatch):
    monkeypatch.setattr(tanh_weight_scale, "SCALE", 0.0105)
    assert len(failed(tanh_weight_scale.CLAIM)) == 6


def test_signals_against_numpy():
    rng = np.random.default_rng(3)
    net = nn.MLP([3, 5, 4, 2], "tanh", rng=1)
    x = rng.standard_normal((7, 3))
    found = signals(net, x, np.random.default_rng(5))
    w = [value for name, value in net.state_dict().items() if name.endswith("weight")]
    z1 = x @ w[0].T
    z2 = np.tanh(z1) @ w[1].T
    z3 = np.tanh(z2) @ w[2].T
    d3 = np.random.default_rng(5).standard_normal((7, 2))
    d2 = (d3 @ w[2]) * (1 - np.tanh(z2) ** 2)
    d1 = (d2 @ w[1]) * (1 - np.tanh(z1) ** 2)
    np.testing.assert_allclose(found.forward, [np.square(z).mean() for z in (z1, z2, z3)])
    np.testing.assert_allclose(found.backward, [np.square(d).mean() for d in (d1, d2, d3)])
