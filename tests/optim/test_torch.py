"""Each rule, with every combination of its options, goes where PyTorch goes.

The rules, options, gradients and PyTorch's numbers are read from the fixture, which
`scripts/make_optim_fixtures.py` writes; a rule that joins the table there is tested here.
"""

import inspect
import json
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from microgd import Tensor, optim

with np.load(Path(__file__).parents[1] / "fixtures" / "optim.npz") as file:
    ABOUT = json.loads(file["about"].tobytes())
    NUMBERS, HAS_GRADIENT = file["numbers"], file["has_gradient"]


def array(name):
    start, shape = ABOUT["places"][name]
    return NUMBERS[start : start + int(np.prod(shape))].reshape(shape)


def label(case):
    return f"{case['rule']} {case['options']}"


def options_of(case):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in case["options"].items()}


def start(dtype=float):
    count = HAS_GRADIENT.shape[1]
    return [Tensor(array(f"start/{i}"), requires_grad=True, dtype=dtype) for i in range(count)]


def make(case, params):
    groups = [
        {**group, "params": [params[i] for i in group["params"]]} for group in ABOUT["groups"]
    ]
    return getattr(optim, case["rule"])(groups, **options_of(case))


def walk(case, params, rule, first=1, last=None):
    """Take the steps from `first` on, giving the number of each after it."""
    for step in range(first, (last or ABOUT["steps"]) + 1):
        for number, p in enumerate(params):
            has_one = HAS_GRADIENT[step - 1, number]
            p.grad = array(f"gradient/{number}")[step - 1] if has_one else None
        rule.step()
        yield step


cases = pytest.mark.parametrize("case", ABOUT["cases"], ids=label)


@cases
def test_it_goes_where_pytorch_goes(case):
    params = start()
    seen = []
    for step in walk(case, params, make(case, params)):
        if step in ABOUT["looked_at"]:
            seen.append(step)
            for number, p in enumerate(params):
                expected = array(f"{case['arrays']}/{step}/{number}")
                np.testing.assert_allclose(p.data, expected, rtol=1e-12, atol=0, strict=True)
    assert seen == ABOUT["looked_at"]
    assert seen[-1] == 100


@cases
def test_it_remembers_what_pytorch_remembers(case):
    params = start()
    rule = make(case, params)
    assert len(list(walk(case, params, rule))) == 100
    numbers = [number for group in ABOUT["groups"] for number in group["params"]]
    state = rule.state_dict()["state"]
    prefix = f"{case['arrays']}/state/"
    expected = [name.removeprefix(prefix) for name in ABOUT["places"] if name.startswith(prefix)]
    slots = {f"{number}/{slot}" for i, number in enumerate(numbers) for slot in state[i]}
    steps = {f"{number}/step" for number in numbers}  # which PyTorch's SGD does not count
    assert slots == {*expected, *steps}
    for name in expected:
        number, slot = name.split("/")
        ours = state[numbers.index(int(number))][slot]
        np.testing.assert_allclose(ours, array(prefix + name), rtol=1e-12, atol=1e-300)


def test_no_gradient_is_no_step():
    never = HAS_GRADIENT.sum(axis=0)
    assert never.tolist()[:2] == [100, 100]
    assert 10 < never[2] < 60
    case = next(case for case in ABOUT["cases"] if case["options"].get("momentum"))
    params = start()
    rule, before = make(case, params), params[2].data.copy()
    list(walk(case, params, rule, last=1))
    assert np.array_equal(params[2].data, before)
    assert 1 not in rule.state_dict()["state"]


@cases
def test_it_goes_on_from_every_step_to_the_bit(case):
    params = start()
    rule = make(case, params)
    states = [
        ([p.data.copy() for p in params], rule.state_dict())
        for _ in chain([0], walk(case, params, rule, last=25))
    ]
    expected = [p.data.tobytes() for p in params], repr(rule.state_dict())
    for step, (weights, state) in enumerate(states):
        others = start()
        for p, weight in zip(others, weights, strict=True):
            p.data = weight
        other = make(case, others)
        list(walk(case, others, other, last=3))  # it has a past of its own, to be forgotten
        for p, weight in zip(others, weights, strict=True):
            p.data = weight
        other.load_state_dict(state)
        assert repr(other.state_dict()) == repr(state)
        list(walk(case, others, other, first=step + 1, last=25))
        assert ([p.data.tobytes() for p in others], repr(other.state_dict())) == expected


@cases
def test_float32_stays_float32_and_goes_nearly_the_same_way(case):
    params = start(np.float32)
    rule = make(case, params)
    for step in walk(case, params, rule):
        if step in ABOUT["looked_at"]:
            for number, p in enumerate(params):
                assert p.data.dtype == np.float32
                expected = array(f"{case['arrays']}/{step}/{number}")
                np.testing.assert_allclose(p.data, expected, rtol=0, atol=3e-5)
    slots = [v for state in rule.state_dict()["state"].values() for v in state.values()]
    assert all(v.dtype == np.float32 for v in slots if isinstance(v, np.ndarray))


def test_every_rule_is_compared():
    tested = {case["rule"] for case in ABOUT["cases"]}
    offered = {
        name
        for name, value in vars(optim).items()
        if inspect.isclass(value) and issubclass(value, optim.Optimizer)
    }
    assert tested == offered - {"Optimizer"}
