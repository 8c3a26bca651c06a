"""Write what PyTorch's update rules do to tests/fixtures/optim.npz.

For developers only: `python scripts/make_optim_fixtures.py`, in an environment that has PyTorch
2.13. A rule is a row of RULES: its name, which is the same in `torch.optim` and `microgd.optim`,
and the values that each option is tried with, in every combination that PyTorch takes. The tests
read the rules and their options out of the file.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

TARGET = Path(__file__).parents[1] / "tests" / "fixtures" / "optim.npz"

RULES: dict[str, dict[str, list[Any]]] = {
    "SGD": {
        "momentum": [0.0, 0.9],
        "dampening": [0.0, 0.3],
        "nesterov": [False, True],
        "weight_decay": [0.0, 0.1],
    },
    "Adagrad": {
        "lr_decay": [0.0, 0.05],
        "initial_accumulator_value": [0.0, 0.5],
        "eps": [1e-10, 1e-2],
        "weight_decay": [0.0, 0.1],
    },
    "Adadelta": {
        "rho": [0.9, 0.95],
        "eps": [1e-6, 1e-2],
        "weight_decay": [0.0, 0.1],
    },
    "RMSprop": {
        "alpha": [0.99, 0.8],
        "eps": [1e-8, 1e-2],
        "weight_decay": [0.0, 0.1],
        "momentum": [0.0, 0.9],
        "centered": [False, True],
    },
    "Adam": {
        "betas": [(0.9, 0.999), (0.5, 0.8)],
        "eps": [1e-8, 1e-2],
        "weight_decay": [0.0, 0.1],
        "amsgrad": [False, True],
    },
    "AdamW": {
        "betas": [(0.9, 0.999), (0.5, 0.8)],
        "eps": [1e-8, 1e-2],
        "weight_decay": [0.0, 0.1],
        "amsgrad": [False, True],
    },
}

STEPS = 100
LOOKED_AT = [1, 2, 10, 50, 100]
SHAPES = [(3, 2), (4,), (), (2, 1, 3)]
GROUPS: list[dict[str, Any]] = [{"params": [0, 2], "lr": 0.02}, {"params": [1, 3], "lr": 0.005}]
SPARSE = 2  # the parameter that has no gradient in most steps, nor in the first


def problem() -> dict[str, np.ndarray[Any, Any]]:
    """Where the parameters start, and their gradients in each step."""
    rng = np.random.default_rng(0)
    sizes = np.geomspace(0.01, 10, STEPS)  # of the gradients: eps and the moments have to matter
    rng.shuffle(sizes)
    has_gradient = np.ones((STEPS, len(SHAPES)), bool)
    has_gradient[:, SPARSE] = rng.random(STEPS) < 0.3
    has_gradient[0, SPARSE] = False
    arrays: dict[str, np.ndarray[Any, Any]] = {"has_gradient": has_gradient}
    for number, shape in enumerate(SHAPES):
        arrays[f"start/{number}"] = rng.normal(3.0, 0.5, shape)
        scale = sizes.reshape((STEPS, *[1] * len(shape)))
        arrays[f"gradient/{number}"] = scale * rng.normal(size=(STEPS, *shape))
    return arrays


def combinations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each rule with each combination of its options that PyTorch takes."""
    for rule, options in RULES.items():
        for values in product(*options.values()):
            chosen = dict(zip(options, values, strict=True))
            try:
                getattr(torch.optim, rule)([torch.zeros(1)], **chosen)
            except ValueError:
                continue
            yield rule, chosen


def run(
    rule: str, options: dict[str, Any], given: dict[str, np.ndarray[Any, Any]]
) -> dict[str, np.ndarray[Any, Any]]:
    """The parameters after some of the steps, and the optimizer's arrays after the last."""
    params = [torch.tensor(given[f"start/{i}"], requires_grad=True) for i in range(len(SHAPES))]
    groups = [{**group, "params": [params[i] for i in group["params"]]} for group in GROUPS]
    optimizer = getattr(torch.optim, rule)(groups, **options)
    found: dict[str, np.ndarray[Any, Any]] = {}
    for step in range(1, STEPS + 1):
        for number, parameter in enumerate(params):
            has_one = given["has_gradient"][step - 1, number]
            gradient = torch.tensor(given[f"gradient/{number}"][step - 1]) if has_one else None
            parameter.grad = gradient
        optimizer.step()
        if step in LOOKED_AT:
            for number, parameter in enumerate(params):
                found[f"{step}/{number}"] = parameter.detach().numpy().copy()
    for number, parameter in enumerate(params):
        for slot, value in optimizer.state[parameter].items():
            if value is not None:
                found[f"state/{number}/{slot}"] = np.asarray(value)
    return found


def main() -> None:
    arrays = problem()
    cases: list[dict[str, Any]] = [
        {"rule": rule, "options": options, "arrays": f"case{number}"}
        for number, (rule, options) in enumerate(combinations())
    ]
    about = {"steps": STEPS, "looked_at": LOOKED_AT, "groups": GROUPS, "cases": cases}
    given = dict(arrays)
    for case in cases:
        found = run(case["rule"], case["options"], given)
        arrays |= {f"{case['arrays']}/{name}": array for name, array in found.items()}
    # One flat array: a zip entry for each of some hundred small ones would take twice the space.
    places, flat, end = {}, [], 0
    for name, array in arrays.items():
        if name == "has_gradient":
            continue
        places[name] = [end, list(array.shape)]
        flat.append(np.asarray(array, np.float64).ravel())
        end += array.size
    text = json.dumps({**about, "places": places, "torch": torch.__version__})
    np.savez_compressed(
        TARGET,
        about=np.frombuffer(text.encode(), np.uint8),
        has_gradient=arrays["has_gradient"],
        numbers=np.concatenate(flat),
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(cases)} cases, {end} numbers")


if __name__ == "__main__":
    main()
