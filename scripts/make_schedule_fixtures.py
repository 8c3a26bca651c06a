"""Write what PyTorch's learning rate schedules do to tests/fixtures/schedules.npz.

For developers only: `python scripts/make_schedule_fixtures.py`, in an environment that has PyTorch
2.13. A case is a row of CASES: the schedule's name, which is the same in PyTorch and in
`microgd.optim`, and its options. Every case runs on an optimizer with two groups, of different
rates. The pairs are sequences of two schedules, each kind after each. The tests read the schedules
and their options out of the file.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim import lr_scheduler

TARGET = Path(__file__).parents[1] / "tests" / "fixtures" / "schedules.npz"

STEPS = 200
PAIR_STEPS, MILESTONE = 60, 17
RULES: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.7},
    "Adam": {"betas": (0.6, 0.95)},
}
RATES = [0.1, 0.03]

CASES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 30}),
    ("StepLR", {"step_size": 7, "gamma": 0.9}),
    ("StepLR", {"step_size": 1, "gamma": 1.01}),
    ("MultiStepLR", {"milestones": [30, 80, 150]}),
    ("MultiStepLR", {"milestones": [1, 2, 3, 199, 200, 300], "gamma": 0.5}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 60}),
    ("ExponentialLR", {"gamma": 0.97}),
    ("ExponentialLR", {"gamma": 1.02}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.01, "total_iters": 120}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 150}),
    ("LinearLR", {"start_factor": 0.5, "end_factor": 0.75, "total_iters": 1}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 180, "power": 0.9}),
    ("PolynomialLR", {"total_iters": 100, "power": 3.0}),
    ("CosineAnnealingLR", {"T_max": 200}),
    ("CosineAnnealingLR", {"T_max": 30, "eta_min": 0.001}),
    ("CosineAnnealingLR", {"T_max": 1, "eta_min": 0.02}),
    ("CosineAnnealingLR", {"T_max": 7}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10, "T_mult": 2}),
    ("CosineAnnealingWarmRestarts", {"T_0": 13, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3, "eta_min": 0.001}),
    ("CyclicLR", {"base_lr": 0.001, "max_lr": 0.1, "step_size_up": 20}),
    (
        "CyclicLR",
        {
            "base_lr": [0.001, 0.02],
            "max_lr": [0.1, 0.3],
            "step_size_up": 9,
            "step_size_down": 4,
            "mode": "triangular2",
            "base_momentum": [0.5, 0.6],
            "max_momentum": [0.8, 0.95],
        },
    ),
    (
        "CyclicLR",
        {"base_lr": 0.0, "max_lr": 0.1, "step_size_up": 30, "mode": "exp_range", "gamma": 0.99},
    ),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 1, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 200}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 200, "three_phase": True}),
    ("OneCycleLR", {"max_lr": [0.1, 0.5], "total_steps": 201, "anneal_strategy": "linear"}),
    (
        "OneCycleLR",
        {
            "max_lr": 0.2,
            "epochs": 23,
            "steps_per_epoch": 9,
            "pct_start": 0.45,
            "anneal_strategy": "linear",
            "three_phase": True,
            "base_momentum": [0.3, 0.4],
            "max_momentum": [0.8, 0.9],
            "div_factor": 3.0,
            "final_div_factor": 50.0,
        },
    ),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 250, "pct_start": 0.0}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 250, "pct_start": 1.0, "cycle_momentum": False}),
    ("ReduceLROnPlateau", {}),
    ("ReduceLROnPlateau", {"factor": 0.5, "patience": 3, "cooldown": 4}),
    ("ReduceLROnPlateau", {"mode": "max", "factor": 0.7, "patience": 0}),
    (
        "ReduceLROnPlateau",
        {"factor": 0.3, "patience": 2, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 1e-3},
    ),
    (
        "ReduceLROnPlateau",
        {
            "mode": "max",
            "factor": 0.6,
            "patience": 5,
            "threshold": 0.02,
            "threshold_mode": "abs",
            "min_lr": [0.01, 0.0001],
        },
    ),
    (
        "ReduceLROnPlateau",
        {"factor": 0.1, "patience": 1, "threshold": 0.1, "cooldown": 1, "eps": 1e-4},
    ),
]

PARTS: dict[str, dict[str, Any]] = {
    "StepLR": {"step_size": 5, "gamma": 0.7},
    "MultiStepLR": {"milestones": [3, 11], "gamma": 0.5},
    "ConstantLR": {"factor": 0.25, "total_iters": 9},
    "ExponentialLR": {"gamma": 0.9},
    "LinearLR": {"start_factor": 0.1, "total_iters": 12},
    "PolynomialLR": {"total_iters": 25, "power": 2.0},
    "CosineAnnealingLR": {"T_max": 11, "eta_min": 0.001},
    "CosineAnnealingWarmRestarts": {"T_0": 4, "T_mult": 2},
    "CyclicLR": {"base_lr": 0.002, "max_lr": 0.2, "step_size_up": 5, "mode": "triangular2"},
    "OneCycleLR": {"max_lr": 0.2, "total_steps": 60},
}
THREE = [
    ["LinearLR", "CosineAnnealingLR", "ExponentialLR"],
    ["ConstantLR", "CosineAnnealingWarmRestarts", "StepLR"],
    ["OneCycleLR", "LinearLR", "CyclicLR"],
]


def optimizer(rule: str) -> torch.optim.Optimizer:
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in RATES]
    return getattr(torch.optim, rule)(groups, **RULES[rule])


def momentum(group: dict[str, Any]) -> float:
    return float(group["betas"][0] if "betas" in group else group.get("momentum", 0.0))


def metrics() -> list[float]:
    """A metric that falls, stands still, rises, falls again and is not always a number."""
    rng = np.random.default_rng(0)
    way = np.concatenate([np.geomspace(3, 0.5, 60), np.full(60, 0.5), np.geomspace(0.6, 0.1, 80)])
    found = way * (1 + 0.05 * rng.normal(size=STEPS))
    found[[25, 90]] = np.nan
    return found.round(4).tolist()


def run(rule: torch.optim.Optimizer, schedule: Any, steps: int) -> np.ndarray[Any, Any]:
    """Rate and momentum of each group at t = 0 ... steps."""
    given = metrics() if isinstance(schedule, lr_scheduler.ReduceLROnPlateau) else None

    def now() -> list[list[float]]:
        return [[float(group["lr"]), momentum(group)] for group in rule.param_groups]

    found = [now()]
    for step in range(steps):
        schedule.step(*([given[step]] if given else []))
        found.append(now())
    return np.array(found)


def sequence(rule: torch.optim.Optimizer, names: list[str]) -> Any:
    parts = [getattr(lr_scheduler, name)(rule, **PARTS[name]) for name in names]
    milestones = [MILESTONE * number for number in range(1, len(parts))]
    return lr_scheduler.SequentialLR(rule, parts, milestones)


def main() -> None:
    warnings.simplefilter("ignore")  # that no optimizer step is taken
    cases, arrays = [], []
    for name, options in CASES:
        for rule in RULES:
            momentous = name in {"CyclicLR", "OneCycleLR"} and options.get("cycle_momentum", True)
            if rule != "SGD" and not momentous:
                continue
            made = optimizer(rule)
            arrays.append(run(made, getattr(lr_scheduler, name)(made, **options), STEPS))
            cases.append({"schedule": name, "options": options, "rule": rule})
    for names in [[a, b] for a in PARTS for b in PARTS] + THREE:
        made = optimizer("SGD")
        arrays.append(run(made, sequence(made, names), PAIR_STEPS))
        cases.append({"schedule": "SequentialLR", "parts": names, "rule": "SGD"})
    about = {
        "torch": torch.__version__,
        "rules": RULES,
        "rates": RATES,
        "milestone": MILESTONE,
        "metrics": metrics(),
        "parts": PARTS,
        "cases": cases,
        "lengths": [len(array) for array in arrays],
    }
    text = json.dumps(about)
    np.savez_compressed(
        TARGET,
        about=np.frombuffer(text.encode(), np.uint8),
        numbers=np.concatenate(arrays),
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
