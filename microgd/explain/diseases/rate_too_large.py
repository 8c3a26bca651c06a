"""Learning rate too large: steps jump over the valley and land higher on the other side."""

import numpy as np

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom
from microgd.explain.sharpness import sharpness, stable_rate
from microgd.optim import SGD

STEPS = 20


class RateTooLarge(Disease):
    """Gradient descent is stable up to 2 / L, with L the largest curvature, and the loss rises."""

    name = "learning rate too large"
    measure = "learning rate / largest stable rate"
    source = (
        "LeCun et al. 1998, Efficient BackProp (https://doi.org/10.1007/3-540-49430-8_2): 2 / L,"
        " with momentum 2 * (1 + momentum) / L, Cohen et al. 2021"
        " (https://arxiv.org/abs/2103.00065); for rules with a rate for each weight, steps of a"
        " tenth of the weights, a hundred times what Karpathy 2022 calls right"
        " (https://youtu.be/P6sfmUTpUmc)"
    )
    cure = "Lower the learning rate to half of the stable one, or warm up to it."

    def symptom(self, case: Case) -> Symptom | None:
        """The rate against the stable one; ill where the loss rises on the batch as well."""
        if case.optimizer is None:
            return None
        rate = max(group["lr"] for group in case.optimizer.param_groups)
        if not rate:
            return None
        limit, why = _stable(case)
        value = rate / limit
        losses = case.losses(STEPS) if value > 1 else [0.0]
        end = float(np.mean(losses[-5:]))
        rising = not end <= losses[0]
        said = (
            f"the rate {rate:.3g} is {value:.3g} times the stable {limit:.3g} ({why}), and in"
            f" {STEPS} steps the loss goes from {losses[0]:.3g} to {end:.3g}"
        )
        return Symptom("learning rate", value, 1.0, ill=value > 1 and rising, said=said)

    def treat(self, case: Case) -> None:
        """Half of the stable rate."""
        assert case.optimizer is not None
        limit, _ = _stable(case)
        for group in case.optimizer.param_groups:
            group["lr"] = min(group["lr"], limit / 2)


def _stable(case: Case) -> tuple[float, str]:
    """The largest stable learning rate, and what it comes from."""
    assert case.optimizer is not None
    groups = case.optimizer.param_groups
    if isinstance(case.optimizer, SGD):
        curvature = sharpness(case.model, case.x, case.y, case.loss)
        return min(stable_rate(group, curvature) for group in groups), f"L = {curvature:.3g}"
    rate = max(group["lr"] for group in groups)
    return 0.1 * rate / max(case.update, 1e-300), f"a step changes {case.update:.2g} of the weights"
