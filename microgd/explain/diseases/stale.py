"""Stale gradient: `zero_grad` was forgotten, and old gradients add up."""

import numpy as np

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom
from microgd.graph import Array
from microgd.optim import SGD

_ROWS = 256


class StaleGradient(Disease):
    """What stands in `.grad` is further from the rows' gradients than chance puts it.

    The gradient of a batch is the mean of its rows' gradients: it lies within about
    3 / sqrt(rows of the batch) of their standard deviations from their mean, and even that of a
    single row within 3. Both are taken along `.grad`, and at the weights before the last step, from
    which `.grad` was computed. Where these cannot be told (all rules but `SGD`), they are taken at
    the weights of now, and twice the distance is allowed for the step between.
    """

    name = "stale gradient"
    measure = "distance of .grad from the rows' gradients, in their standard deviations"
    source = "the three-sigma rule, for the mean of a batch of any size"
    cure = "Call optimizer.zero_grad() before every backward()."
    explains = (
        "dead rectifiers", "saturation", "vanishing", "exploding", "learning rate too large",
        "learning rate too small",
    )  # fmt: skip

    def symptom(self, case: Case) -> Symptom:
        """The gradient that stands there, beside those of the rows."""
        limit = 3.0 if isinstance(case.optimizer, SGD) else 6.0
        standing = {p: p.gradient for p in case.model.parameters() if p.gradient is not None}
        if not standing:
            return Symptom(".grad", 0.0, limit, ill=False, said="no gradient stands there")
        whole = np.concatenate([g.ravel() for g in standing.values()])
        length = float(np.linalg.norm(whole))
        value = 0.0
        if 0 < length < np.inf:
            value = min(_distance(there, whole / length, length) for there in _moments(case))
        said = (
            f".grad is {value:.3g} standard deviations from the mean of the rows' gradients; over"
            f" {limit:g} it holds more than the last backward pass"
        )
        return Symptom(".grad", value, limit, ill=value > limit, said=said)

    def treat(self, case: Case) -> None:
        """Forget the gradients."""
        case.forget()


def _moments(case: Case) -> list[Case]:
    """The network now, and before the last step of gradient descent."""
    rule = case.optimizer
    if not isinstance(rule, SGD):
        return [case]
    before = case.copy()
    assert before.optimizer is not None
    memory = before.optimizer.state_dict()["state"]
    number = 0
    for group in before.optimizer.param_groups:
        for p in group["params"]:
            if p.gradient is not None:
                way = memory[number]["momentum_buffer"] if group["momentum"] else p.gradient
                if group["nesterov"]:
                    way = p.gradient + group["momentum"] * way
                p.data = p.data + group["lr"] * way
            number += 1
    return [case, before]


def _distance(case: Case, direction: Array, length: float) -> float:
    """From `length`, to the mean of the rows' gradients along `direction`, in their spreads."""
    there = case.copy()
    chosen = [p for p in there.model.parameters() if p.gradient is not None]
    rows = np.unique(np.linspace(0, len(there.x) - 1, _ROWS).astype(int))
    along = []
    for i in rows:
        there.model.zero_grad()
        there.loss(there.model(there.x[i : i + 1]), there.y[i : i + 1]).backward()
        parts = [np.zeros(p.shape) if p.gradient is None else p.gradient for p in chosen]
        along.append(float(np.concatenate([part.ravel() for part in parts]) @ direction))
    spread = float(np.std(along))
    return abs(length - float(np.mean(along))) / spread if spread else 0.0
