"""What the papers say of each rule, by hand; and what all of them have in common."""

import copy
import math
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd import Tensor, optim
from microgd.optim import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop, bucket

RULES = {
    "SGD": SGD,
    "momentum": lambda params, **more: SGD(params, momentum=0.9, **more),
    "nesterov": lambda params, **more: SGD(params, momentum=0.9, nesterov=True, **more),
    "Adagrad": lambda params, **more: Adagrad(params, lr_decay=0.1, **more),
    "Adagrad from 1": lambda params, **more: Adagrad(params, initial_accumulator_value=1, **more),
    "Adadelta": Adadelta,
    "RMSprop": RMSprop,
    "centred": lambda params, **more: RMSprop(params, centered=True, momentum=0.5, **more),
    "Adam": Adam,
    "AMSGrad": lambda params, **more: Adam(params, amsgrad=True, **more),
    "AdamW": AdamW,
}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def path(rule, gradients, start=0.0):
    """Where one number goes, with these gradients one after another; without where it starts."""
    (w,) = rule.param_groups[0]["params"]
    w.data = start
    places = []
    for g in gradients:
        w.grad = g
        rule.step()
        places.append(w.item())
    return places


def number():
    return [Tensor(0.0, requires_grad=True)]


sizes = st.floats(1e-3, 1e6).flatmap(lambda size: st.sampled_from([size, -size]))
rates = st.floats(1e-4, 10)


@given(sizes, rates, st.floats(0, 0.99), st.floats(0, 0.9999), st.booleans())
def test_adams_first_step_is_the_rate_times_the_sign(g, lr, beta1, beta2, amsgrad):
    rule = Adam(number(), lr=lr, betas=(beta1, beta2), eps=0.0, amsgrad=amsgrad)
    assert path(rule, [g]) == [pytest.approx(-lr * math.copysign(1, g), rel=1e-9)]


@given(sizes, rates)
def test_adam_on_a_constant_gradient_takes_equal_steps(g, lr):
    places = path(Adam(number(), lr=lr, eps=0.0), [g] * 20)
    np.testing.assert_allclose(places, -lr * math.copysign(1, g) * np.arange(1, 21), rtol=1e-9)


@given(sizes, rates)
def test_adagrad_on_a_constant_gradient_moves_by_the_rate_over_the_root_of_the_step(g, lr):
    places = path(Adagrad(number(), lr=lr, eps=0.0), [g] * 20)
    steps = -lr * math.copysign(1, g) / np.sqrt(np.arange(1, 21))
    np.testing.assert_allclose(np.diff(places, prepend=0.0), steps, rtol=1e-9)


@given(rates, st.floats(0, 2), st.floats(0.1, 4))
def test_adagrads_rate_decays_and_its_squares_may_start_above_nothing(lr, lr_decay, start):
    rule = Adagrad(number(), lr=lr, lr_decay=lr_decay, initial_accumulator_value=start, eps=0.5)
    t = np.arange(1, 21)
    steps = -lr / (1 + (t - 1) * lr_decay) * 2 / (np.sqrt(start + 4 * t) + 0.5)
    np.testing.assert_allclose(np.diff(path(rule, [2.0] * 20), prepend=0.0), steps, rtol=1e-9)


def test_adadeltas_first_step_is_that_of_the_paper():
    (moved,) = path(Adadelta(number(), rho=0.95, eps=1e-6), [1.0])
    assert round(-moved, 7) == 0.0044721
    assert -moved == pytest.approx(math.sqrt(1e-6 / (0.05 + 1e-6)), rel=1e-13)


@given(sizes, st.floats(0.5, 0.99))
def test_adadelta_hardly_cares_for_the_unit_of_the_gradient(g, rho):
    rule = Adadelta(number(), rho=rho, eps=1e-30)
    other = Adadelta(number(), rho=rho, eps=1e-30)
    gradients = np.array([1.0, -0.5, 2.0, 1.5])
    expected = np.sign(g) * np.array(path(other, gradients))
    np.testing.assert_allclose(path(rule, g * gradients), expected, rtol=1e-6)


@given(sizes, rates, st.floats(0, 0.999), st.floats(0, 0.99))
def test_rmsprops_first_step_is_the_rate_over_the_root_of_one_minus_alpha(g, lr, alpha, momentum):
    rule = RMSprop(number(), lr=lr, alpha=alpha, momentum=momentum, eps=0.0)
    expected = -lr * math.copysign(1, g) / math.sqrt(1 - alpha)
    assert path(rule, [g]) == [pytest.approx(expected, rel=1e-9)]


@given(sizes, rates, st.floats(0.1, 0.999))
def test_centred_rmsprops_first_step_also_has_the_root_of_alpha(g, lr, alpha):
    rule = RMSprop(number(), lr=lr, alpha=alpha, centered=True, eps=0.0)
    expected = -lr * math.copysign(1, g) / math.sqrt((1 - alpha) * alpha)
    assert path(rule, [g]) == [pytest.approx(expected, rel=1e-9)]


@given(sizes, st.floats(0.1, 0.9))
def test_centred_rmsprop_stays_finite_where_rounding_makes_the_variance_negative(g, alpha):
    rule = RMSprop(number(), alpha=alpha, centered=True)
    assert np.isfinite(path(rule, [g] * 400)).all()


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30))
def test_amsgrad_never_gives_a_rate_back(gradients):
    rule = Adam(number(), amsgrad=True)
    seen = [0.0]
    for g in gradients:
        path(rule, [g])
        seen.append(rule.state_dict()["state"][0]["max_exp_avg_sq"].item())
    assert seen == sorted(seen)


@pytest.mark.parametrize(("amsgrad", "end"), [(False, 1), (True, -1)])
def test_amsgrad_finds_the_end_that_adam_misses(amsgrad, end):
    """Theorem 1 of Reddi, Kale and Kumar (2018), C = 3: of [-1, 1], the best w is -1."""
    rule = Adam(number(), betas=(0.0, 1 / (1 + 3**2)), amsgrad=amsgrad)
    w = 0.0
    for t in range(1, 1001):
        rule.param_groups[0]["lr"] = 0.5 / math.sqrt(t)
        (w,) = np.clip(path(rule, [3.0 if t % 3 == 1 else -1.0], w), -1, 1)
    assert w == pytest.approx(end, abs=0.05)


@given(st.floats(0, 1), st.floats(0, 1), st.lists(st.floats(-10, 10), min_size=1, max_size=9))
def test_adamw_is_adam_whose_weights_shrink_first(lr, decay, gradients):
    plain, shrinking = Adam(number(), lr=lr), AdamW(number(), lr=lr, weight_decay=decay)
    place = other = 3.0
    for g in gradients:
        (place,) = path(plain, [g], place * (1 - lr * decay))
        (other,) = path(shrinking, [g], other)
    assert other == pytest.approx(place, rel=1e-12)


coupled = st.sampled_from([name for name in RULES if name != "AdamW"])


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=9), coupled)
def test_weight_decay_is_a_gradient_of_its_own(gradients, name):
    decaying, by_hand = RULES[name](number(), weight_decay=0.25), RULES[name](number())
    place = other = 3.0
    for g in gradients:
        (place,) = path(decaying, [g], place)
        (other,) = path(by_hand, [g + 0.25 * other], other)
    assert other == pytest.approx(place, rel=1e-9)


DEFAULTS = {
    SGD: {"lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False},
    Adagrad: {
        "lr": 1e-2, "lr_decay": 0, "weight_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10,
    },
    Adadelta: {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0},
    RMSprop: {
        "lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0,
        "centered": False,
    },
    Adam: {
        "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False,
    },
    AdamW: {
        "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": False,
    },
}  # fmt: skip


def test_defaults_are_those_of_pytorch_in_its_order():
    for rule, expected in DEFAULTS.items():
        group = rule(number()).param_groups[0]
        group.pop("params")
        assert list(group.items()) == list(expected.items())
    offered = [value for value in vars(optim).values() if isinstance(value, type)]
    rules = {value for value in offered if issubclass(value, optim.Optimizer)}
    assert rules == {*DEFAULTS, optim.Optimizer}


MISUSES = [
    (lambda w: Adagrad(w, lr=-1), ["Adagrad: lr=-1", "at least 0"]),
    (lambda w: Adagrad(w, lr_decay=-0.1), ["Adagrad: lr_decay=-0.1", "at least 0"]),
    (lambda w: Adagrad(w, initial_accumulator_value=-1), ["initial_accumulator_value=-1"]),
    (lambda w: Adagrad(w, eps=math.nan), ["Adagrad: eps=nan"]),
    (lambda w: Adagrad(w, weight_decay="much"), ["Adagrad: weight_decay='much'", "a number"]),
    (lambda w: Adadelta(w, lr=None), ["Adadelta: lr=None"]),
    (lambda w: Adadelta(w, rho=1.0), ["Adadelta: rho=1.0", "from 0 to below 1"]),
    (lambda w: Adadelta(w, rho=-0.1), ["Adadelta: rho=-0.1"]),
    (lambda w: Adadelta(w, eps=-1e-6), ["Adadelta: eps=-1e-06"]),
    (lambda w: RMSprop(w, alpha=1), ["RMSprop: alpha=1", "from 0 to below 1"]),
    (lambda w: RMSprop(w, alpha=-0.5), ["RMSprop: alpha=-0.5"]),
    (lambda w: RMSprop(w, eps=math.inf), ["RMSprop: eps=inf"]),
    (lambda w: RMSprop(w, momentum=1.0), ["RMSprop: momentum=1.0", "below 1"]),
    (lambda w: RMSprop(w, centered="no"), ["RMSprop: centered='no'", "True or False"]),
    (lambda w: RMSprop(w, centered=None), ["RMSprop: centered=None"]),
    (lambda w: RMSprop([{"params": w, "centered": 1}]), ["RMSprop: centered=1"]),
    (lambda w: Adam(w, amsgrad="yes"), ["Adam: amsgrad='yes'", "True or False"]),
    (lambda w: SGD(w, momentum=0.9, nesterov=1), ["SGD: nesterov=1", "True or False"]),
    (lambda w: AdamW(w, weight_decay=-1), ["AdamW: weight_decay=-1"]),
    (lambda w: AdamW(w, betas=(0.9, 1)), ["AdamW: betas[1]=1"]),
]


@pytest.mark.parametrize(("misuse", "said"), MISUSES)
def test_an_option_out_of_range_is_named(misuse, said):
    with pytest.raises(ValueError) as caught:
        misuse(number())
    for words in said:
        assert words in str(caught.value)


def weights():
    return [Tensor([1.0, 2.0], requires_grad=True), Tensor(3.0, requires_grad=True)]


def train(rule, params, steps, rng):
    for _ in range(steps):
        for p in params:
            p.grad = rng.normal(size=p.shape)
        rule.step()


def _through_pickle(pair):
    return pickle.loads(pickle.dumps(pair))  # noqa: S301 (our own bytes)


@every_rule
@pytest.mark.parametrize("made", [copy.deepcopy, _through_pickle])
@pytest.mark.parametrize("steps", [0, 3])
def test_a_copy_goes_the_same_way_and_shares_nothing(rule, made, steps):
    params = weights()
    original = rule(params)
    train(original, params, steps, np.random.default_rng(0))
    twins, twin = made((params, original))
    before = repr(params), repr(original.state_dict())
    train(twin, twins, 5, np.random.default_rng(1))
    assert (repr(params), repr(original.state_dict())) == before
    train(original, params, 5, np.random.default_rng(1))
    assert (repr(params), repr(original.state_dict())) == (repr(twins), repr(twin.state_dict()))


@every_rule
def test_a_rule_does_the_same_to_many_parameters_as_to_each_alone(rule):
    together, alone = weights(), weights()
    several, each = rule(together), [rule([p]) for p in alone]
    rng = np.random.default_rng(0)
    for _ in range(5):
        for p, q, its in zip(together, alone, each, strict=True):
            p.grad = q.grad = rng.normal(size=p.shape)
            its.step()
        several.step()
        assert repr(together) == repr(alone)


@every_rule
def test_a_rate_of_nothing_moves_nothing(rule):
    params = weights()
    before = repr(params)
    train(rule(params, lr=0.0), params, 5, np.random.default_rng(0))
    assert repr(params) == before


@every_rule
def test_gradients_stay_as_they_are(rule):
    params = weights()
    for p in params:
        p.grad = np.full(p.shape, 0.5)
    rule(params, weight_decay=0.1).step()
    assert [p.grad.tolist() for p in params] == [[0.5, 0.5], 0.5]


@every_rule
def test_a_rule_does_the_same_in_short_blocks_as_in_one(rule, monkeypatch):
    shapes = (2, 3), (), (4,)
    whole, parts = ([Tensor(np.ones(s), requires_grad=True) for s in shapes] for _ in range(2))
    in_one, in_blocks = rule(whole, weight_decay=0.1), rule(parts, weight_decay=0.1)
    train(in_one, whole, 3, np.random.default_rng(0))
    monkeypatch.setattr(bucket, "BLOCK", 4 * 8)  # four numbers of the eleven
    train(in_blocks, parts, 3, np.random.default_rng(0))
    ((_, cut),) = in_blocks._buckets
    (run,) = cut.runs()
    assert [weights.size for weights, _, _ in run.blocks] == [4, 4, 3]
    assert repr(whole) == repr(parts)
    assert repr(in_one.state_dict()) == repr(in_blocks.state_dict())


@pytest.mark.parametrize("rule", [SGD, partial(AdamW, weight_decay=0.1)], ids=["SGD", "AdamW"])
def test_an_error_in_the_last_block_moves_no_weight(rule, monkeypatch):
    monkeypatch.setattr(bucket, "BLOCK", 8)
    w = Tensor([1.0, 1.0], requires_grad=True)
    (w * w).sum().backward()
    w.grad = [1.0, 1e200]
    with pytest.raises(FloatingPointError), np.errstate(over="raise"):
        rule([w], lr=1e200).step()
    assert w.data.tolist() == [1.0, 1.0]


def test_a_step_that_overflows_outdates_what_was_computed_before():
    w = Tensor([1.7e308], requires_grad=True)
    loss = (w * 0.5).sum()
    w.grad = [-1e308]
    with pytest.raises(FloatingPointError), np.errstate(over="raise"):
        SGD([w], lr=1.0).step()
    with pytest.raises(RuntimeError, match="changed after multiply used it"):
        loss.backward()


def test_what_a_rule_does_not_write_in_place_is_not_remembered():
    class Forgetful(optim.Optimizer):
        slots = ("v",)

        def direction(self, options, state, g, step):  # noqa: ARG002
            state["v"] = state["v"] + g
            return state["v"]

    assert path(Forgetful(number(), lr=1.0, weight_decay=0.0), [1.0] * 3) == [-1.0, -2.0, -3.0]


SLOTS = {
    "SGD": set(),
    "momentum": {"momentum_buffer"},
    "RMSprop": {"square_avg"},
    "centred": {"square_avg", "grad_avg", "momentum_buffer"},
    "Adam": {"exp_avg", "exp_avg_sq"},
    "AMSGrad": {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
}


@pytest.mark.parametrize("name", SLOTS)
def test_only_what_the_options_need_is_remembered(name):
    params = weights()
    rule = RULES[name](params)
    train(rule, params, 1, np.random.default_rng(0))
    assert set(rule.state_dict()["state"][1]) == {"step", *SLOTS[name]}


CHANGES = {
    "SGD": ("momentum", 0.9),
    "RMSprop": ("momentum", 0.9),
    "centred": ("centered", False),
    "Adam": ("amsgrad", True),
    "AMSGrad": ("amsgrad", False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_option_may_change_on_the_way_and_the_run_be_saved_and_resumed(name):
    option, new = CHANGES[name]

    def changed(rule):
        rule.param_groups[0][option] = new

    params, others = weights(), weights()
    rule, other = RULES[name](params), RULES[name](others)
    old = rule.param_groups[0][option]
    train(rule, params, 3, np.random.default_rng(0))
    changed(rule)
    train(rule, params, 3, np.random.default_rng(1))
    rule.param_groups[0][option] = old  # what was remembered for the other value is kept
    state = rule.state_dict()
    for p, q in zip(params, others, strict=True):
        q.data = p.data
    other.load_state_dict(state)
    assert repr(other.state_dict()) == repr(state)
    for each, its in ((rule, params), (other, others)):
        train(each, its, 2, np.random.default_rng(2))
        changed(each)
        train(each, its, 2, np.random.default_rng(3))
    assert (repr(params), repr(rule.state_dict())) == (repr(others), repr(other.state_dict()))


def test_a_state_without_what_its_options_need_is_refused():
    rule = Adam(number())
    path(rule, [1.0])
    state = rule.state_dict()
    state["param_groups"][0]["amsgrad"] = True
    with pytest.raises(ValueError, match="max_exp_avg_sq of parameter 0 has no array"):
        Adam(number()).load_state_dict(state)


def test_a_state_brings_its_options_and_what_they_need():
    given, taken = number(), number()
    ams, plain = Adam(given, amsgrad=True), Adam(taken)
    path(ams, [5.0, 1.0])
    path(plain, [1.0])
    plain.load_state_dict(ams.state_dict())
    assert plain.param_groups[0]["amsgrad"] is True
    assert path(plain, [1.0, 1.0]) == path(ams, [1.0, 1.0])
    back = Adam(number())
    path(back, [1.0])
    state = back.state_dict()
    plain.load_state_dict(state)
    assert repr(plain.state_dict()) == repr(state)
