"""Every claim holds, says what it should about itself, and fails when its rule is broken."""

import re
from functools import cache, partial

import numpy as np
import pytest

from microgd import cosh, relu
from microgd.experiments.bowl import descend
from microgd.experiments.claim import Verdict, check
from microgd.experiments.claims import NAMES, load, warm_restarts
from microgd.nn import RNN, cross_entropy
from microgd.optim import SGD, Adagrad, Adam, CosineAnnealingWarmRestarts
from microgd.parallel import EASGD, AdaDelay, Downpour, Hogwild

CLAIMS = [load(name) for name in NAMES]
LONG = (
    "he",
    "schoenholz",
    "asynchrony-momentum",
    "hogwild",
    "digits",
    "warm-restarts",
    "xor",
    "batch-norm-speed",
    "word2vec",
    "delay-aware",
)
# what takes seconds is left to the gate
QUICK = [claim for claim in CLAIMS if not claim.full and claim.name not in LONG]
EXACT = [claim for claim in QUICK if claim.kind == "exact"]


@cache
def result(claim, seed=0):
    return check(claim, seed)


def each(claims):
    return pytest.mark.parametrize("claim", claims, ids=lambda claim: claim.name)


@each(QUICK)
def test_it_holds(claim):
    found = result(claim)
    assert found.holds, [found.error, *(row for row in found.rows)]


@pytest.mark.slow
@each([claim for claim in CLAIMS if claim.name in LONG])
def test_it_holds_also_if_it_takes_long(claim):
    test_it_holds(claim)
    test_a_note_that_says_why_a_number_differs_is_not_out_of_date(claim)


@each(EXACT)
def test_what_is_exact_holds_for_every_seed(claim):
    assert [check(claim, seed).verdict for seed in (1, 2)] == [result(claim).verdict] * 2


@each(EXACT)
def test_the_same_seed_gives_the_same_numbers_to_the_bit(claim):
    again = check(claim, 0)
    assert again.rows == result(claim).rows
    assert again.plots == result(claim).plots


@each(QUICK)
def test_a_note_that_says_why_a_number_differs_is_not_out_of_date(claim):
    for row in result(claim).rows:
        assert (row.verdict is Verdict.DIFFERS) == (row.instead is not None)


@each(CLAIMS)
def test_it_says_who_published_what_where_and_what_it_teaches(claim):
    assert re.match(r"https?://[\w.-]+/?", claim.source.link)
    assert 1600 < claim.source.year < 2100
    assert re.fullmatch(r"([A-Z]|word2vec).*[^.]", claim.title), claim.title
    assert re.fullmatch(r"[A-Z].*\.", claim.teaches), claim.teaches
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", claim.name)


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_goes_by_the_name_of_its_file(name):
    assert load(name).name == name


def test_the_table_is_in_the_order_of_how_exact_they_are():
    kinds = ["exact", "within", "distribution"]
    order = [kinds.index(claim.kind) for claim in CLAIMS]
    assert order == sorted(order)
    assert len(set(NAMES)) == len(NAMES)


def test_a_name_that_is_unknown_is_told_the_nearest():
    with pytest.raises(ValueError) as caught:
        load("adam-frist-step")
    assert "claim 'adam-frist-step' is unknown; did you mean 'adam-first-step'?" in str(
        caught.value
    )


# Broken rules. Each is a fault that somebody could make, and the claim must see it.


def uncorrected(self, options, state, g, step):
    """Adam without its correction of the means, which start at 0."""
    (beta1, beta2), m, v = options["betas"], state["exp_avg"], state["exp_avg_sq"]
    m[...] = beta1 * m + (1 - beta1) * g
    v[...] = beta2 * v + (1 - beta2) * g**2
    return m / (np.sqrt(v) + options["eps"])


def forgetful(self, options, state, g, step):
    """Adagrad that forgets as RMSprop does."""
    size = state["sum"]
    size[...] = 0.9 * size + g**2
    return g / (np.sqrt(size) + options["eps"])


def without_memory(rule):
    """Adam with amsgrad's option, which does nothing."""

    class Forgets(rule):
        def __init__(self, params, **options):
            super().__init__(params, **{**options, "amsgrad": False})

    return Forgets


def heavier(rule):
    """A rule with a hundredth too much momentum."""

    class Rolls(rule):
        def __init__(self, params, momentum, **options):
            super().__init__(params, momentum=1.01 * momentum, **options)

    return Rolls


def too_long(rule):
    """A rule whose steps are too long by one in ten thousand."""

    class Strides(rule):
        def direction(self, *args):
            return super().direction(*args) * 1.0001

    return Strides


def equal_periods(rule, **options):
    """Warm restarts that come again and again after the same time."""
    return CosineAnnealingWarmRestarts(rule, **{**options, "T_mult": 1})


def in_step(*args, delay):
    """Workers that all take equally long."""
    return descend(*args, delay="constant")


FAULTS = [
    ("adam-first-step", "Adam", type("Adam", (Adam,), {"direction": uncorrected})),
    ("adam-first-step", "Adam", too_long(Adam)),
    ("adadelta-first-step", "Adadelta", lambda params, **options: SGD(params, lr=0.005)),
    ("adagrad-steps", "Adagrad", type("Adagrad", (Adagrad,), {"direction": forgetful})),
    ("adagrad-steps", "Adagrad", too_long(Adagrad)),
    ("amsgrad", "Adam", without_memory(Adam)),
    ("batch-norm-scale", "BatchNorm1d", lambda c, eps: lambda x: x - x.mean(axis=0)),
    ("clipped-norm", "clip_grad_norm_", lambda parameters, threshold: None),
    ("line-regression", "SGD", lambda params, lr: SGD(params, lr=lr / 100)),
    ("log-cosh", "cosh", lambda x: cosh(1.001 * x)),
    ("mazur", "SGD", too_long(SGD)),
    ("micrograd-readme", "relu", lambda x: relu(x) * 1.0001),
    ("momentum", "SGD", heavier(SGD)),
    ("sgdr-restarts", "CosineAnnealingWarmRestarts", equal_periods),
    ("stability", "SGD", too_long(SGD)),
    ("asynchrony-momentum", "descend", in_step),
    ("cliff", "clip_grad_norm_", lambda parameters, threshold: None),
    ("delay-aware", "AdaDelay", lambda lr, naive: AdaDelay(lr=lr, naive=not naive)),
    ("delayed-descent", "Downpour", lambda lr: Downpour(lr=1.02 * lr)),
    ("digits", "AdamW", lambda params, lr, weight_decay: SGD(params, lr=lr)),
    ("elastic-stability", "EASGD", lambda lr, rho, order: EASGD(lr, 1.03 * rho, order=order)),
    ("hogwild", "Hogwild", lambda lr: Hogwild(lr=lr, sparse=False)),
    ("recurrent-bound", "RNN", partial(RNN, nonlinearity="relu")),
    ("sparse-adagrad", "RATES", {SGD: (4.0,), type("Other", (SGD,), {}): (4.0,)}),
    ("warm-restarts", "_restarts", warm_restarts._steps),
    ("word2vec-gradient", "cross_entropy", lambda x, y: cross_entropy(x, y) * 1.0001),
]


@pytest.mark.parametrize(
    ("name", "what", "fault"),
    [
        pytest.param(*fault, marks=[pytest.mark.slow] if fault[0] in LONG else [])
        for fault in FAULTS
    ],
)
def test_a_broken_rule_does_not_reproduce_its_claim(name, what, fault, monkeypatch):
    assert result(load(name)).holds
    module = load(name).run.__module__
    monkeypatch.setattr(f"{module}.{what}", fault)
    broken = check(load(name))
    assert not broken.error
    assert broken.verdict is Verdict.FAILED


@pytest.mark.slow
def test_what_a_few_tasks_decide_holds_for_more_than_one_seed():
    assert [result(load("sparse-adagrad"), seed).holds for seed in (0, 3)] == [True, True]


@each(EXACT)
def test_every_exact_claim_has_been_broken_once(claim):
    assert claim.name in {name for name, *_ in FAULTS}
