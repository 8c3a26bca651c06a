"""Each schedule, with several sets of options, goes where PyTorch goes, stopped anywhere or not.

The schedules, options and PyTorch's numbers are read from the fixture, which
`scripts/make_schedule_fixtures.py` writes; a schedule that joins the table there is tested here.
"""

import inspect
import json

import numpy as np
import pytest
from schedule_cases import CASES, EXPECTED, METRICS, advance, label, make, now, walk

from microgd import optim

OURS_ALONE = {"Schedule", "InverseTimeLR", "LambdaLR"}  # compared with their formulas elsewhere

cases = pytest.mark.parametrize("case", CASES, ids=label)


def own_way(case):
    """Whether PyTorch lets a schedule of a sequence change another one's bounds; ours do not."""
    first, *later = case.get("parts", [""])
    if first == "OneCycleLR":
        return "CyclicLR" in later
    return "OneCycleLR" in later and first not in {"CyclicLR", "CosineAnnealingWarmRestarts"}


compared = pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(case, expected, id=label(case))
        for case, expected in zip(CASES, EXPECTED, strict=True)
        if not own_way(case)
    ],
)


@compared
def test_it_goes_where_pytorch_goes(case, expected):
    found = walk(make(case), len(expected) - 1)
    # PyTorch multiplies from step to step, and its roundings add up: over 200 of them to 1e-13
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300, strict=True)


def test_enough_is_compared():
    tested = {case["schedule"] for case in CASES}
    offered = {
        name
        for name, value in vars(optim).items()
        if inspect.isclass(value) and issubclass(value, optim.Schedule)
    }
    assert tested == offered - OURS_ALONE
    lengths = {len(e) for c, e in zip(CASES, EXPECTED, strict=True) if "options" in c}
    assert lengths == {201}
    assert sum(map(own_way, CASES)) == 9, "of 100 pairs and 3 triples"


@pytest.mark.parametrize("optimizer_first", [True, False])
@cases
def test_stopped_after_any_step_it_goes_on_to_the_bit(case, optimizer_first):
    straight = make(case)
    straight_rule, steps = straight.optimizer, len(EXPECTED[CASES.index(case)]) - 1
    for t in range(steps):
        resumed = make(case)
        for _ in range(3):  # it has a past of its own, to be forgotten
            advance(resumed)
        loads = [
            (resumed.optimizer, straight_rule.state_dict()),
            (resumed, json.loads(json.dumps(straight.state_dict()))),
        ]
        for part, state in loads if optimizer_first else loads[::-1]:
            part.load_state_dict(state)
        assert resumed.state_dict() == straight.state_dict()
        assert now(resumed) == now(straight), f"stopped after {t} steps"
        advance(straight)
        advance(resumed)
        assert now(resumed) == now(straight), f"one step after stopping after {t}"


@pytest.mark.parametrize("t", [0, 1, 30, 199])
@cases
def test_the_schedules_state_is_enough_for_the_rates(case, t):
    steps = len(EXPECTED[CASES.index(case)]) - 1
    straight = make(case)
    walk(straight, min(t, steps))
    resumed = make(case)
    resumed.load_state_dict(straight.state_dict())
    rest = range(steps - straight.last_epoch)
    expected = [
        straight.get_last_lr(),
        *(advance(straight) or straight.get_last_lr() for _ in rest),
    ]
    found = [resumed.get_last_lr(), *(advance(resumed) or resumed.get_last_lr() for _ in rest)]
    assert found == expected


@pytest.mark.parametrize("t", [0, 60])
@cases
def test_a_preview_is_what_will_be_and_touches_nothing(case, t):
    schedule = make(case)
    walk(schedule, t)
    before = repr((schedule.state_dict(), schedule.optimizer.state_dict()))
    metrics = [METRICS] if schedule.needs_metric else []
    found = schedule.preview(len(EXPECTED[CASES.index(case)]), *metrics)
    assert repr((schedule.state_dict(), schedule.optimizer.state_dict())) == before
    np.testing.assert_array_equal(found, walk(make(case), len(found) - 1)[..., 0], strict=True)
