"""The cases of the fixture that `scripts/make_schedule_fixtures.py` writes, made anew with ours."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np

from microgd import Tensor, optim

with np.load(Path(__file__).parent / "fixtures" / "schedules.npz") as file:
    ABOUT = json.loads(file["about"].tobytes())
    _ends = np.cumsum([0, *ABOUT["lengths"]])
    EXPECTED = [file["numbers"][a:b] for a, b in pairwise(_ends)]

CASES = ABOUT["cases"]
METRICS = ABOUT["metrics"]
ONE = [0.1]  # the rate of a single group


def label(case):
    return f"{case['schedule']} {case.get('options', case.get('parts'))} {case['rule']}"


def optimizer(rule="SGD", rates=ABOUT["rates"]):
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in ABOUT["rules"][rule].items()}
    groups = [{"params": [Tensor([0.0], requires_grad=True)], "lr": rate} for rate in rates]
    return getattr(optim, rule)(groups, **options)


def make(case, rule=None):
    """The schedule of a case, on an optimizer of its own."""
    rule = rule or optimizer(case["rule"])
    if "parts" not in case:
        return getattr(optim, case["schedule"])(rule, **case["options"])
    parts = [getattr(optim, name)(rule, **ABOUT["parts"][name]) for name in case["parts"]]
    milestones = [ABOUT["milestone"] * number for number in range(1, len(parts))]
    return optim.SequentialLR(rule, parts, milestones)


def advance(schedule, metrics=METRICS):
    """One step, with the metric of that time where one is wanted."""
    schedule.step(metrics[schedule.last_epoch] if schedule.needs_metric else None)


def now(schedule):
    """Rate and momentum of each group."""
    return [
        [group["lr"], group["betas"][0] if "betas" in group else group["momentum"]]
        for group in schedule.optimizer.param_groups
    ]


def walk(schedule, steps):
    """The same at t = 0 ... steps."""
    found = [now(schedule)]
    for _ in range(steps):
        advance(schedule)
        found.append(now(schedule))
    return np.array(found)


def single(name, *args, rates=ONE, rule="SGD", **options):
    """A schedule by its name, on an optimizer with one group."""
    return getattr(optim, name)(optimizer(rule, rates), *args, **options)


def plateau(metrics, **options):
    """A ReduceLROnPlateau that has seen these metrics."""
    schedule = single("ReduceLROnPlateau", **{"factor": 0.5, "patience": 1, **options})
    for metric in metrics:
        schedule.step(metric)
    return schedule
