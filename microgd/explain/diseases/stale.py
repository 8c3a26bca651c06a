"""Stale gradient: `zero_grad` was forgotten, and old gradients add up."""

import numpy as np

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom
from microgd.train.norms import norm

_ROWS = 256


class StaleGradient(Disease):
    """What stands in `.grad` is more than any batch of these rows can give at these weights.

    The gradient of a mean is the mean of the rows' gradients, and no longer than the longest of
    them.
    """

    name = "stale gradient"
    measure = "norm of .grad / norm of the longest gradient of a row"
    source = (
        "the triangle inequality: a mean of gradients is no longer than the longest of them; twice"
        " that allows for the step since"
    )
    cure = "Call optimizer.zero_grad() before every backward()."
    explains = ("learning rate too large", "learning rate too small")

    def symptom(self, case: Case) -> Symptom:
        """The gradients that stand there, beside those of each row."""
        standing = [p.gradient for p in case.model.parameters() if p.gradient is not None]
        if not standing:
            return Symptom(".grad", 0.0, 2.0, ill=False, said="no gradient stands there")
        longest = max(_longest(case), 1e-300)
        value = float(np.hypot.reduce([norm(g) for g in standing])) / longest
        said = (
            f".grad is {value:.3g} times as long as the longest gradient of a row; over 2 it holds"
            " more than one backward pass"
        )
        return Symptom(".grad", value, 2.0, ill=value > 2.0, said=said)

    def treat(self, case: Case) -> None:
        """Forget the gradients."""
        case.forget()


def _longest(case: Case) -> float:
    """The norm of the longest gradient that a row gives."""
    found = 0.0
    for i in range(min(len(case.x), _ROWS)):
        one = case.copy()
        one.x, one.y = case.x[i : i + 1], case.y[i : i + 1]
        norms = [norm(g) for g in one.gradients.values() if g is not None]
        found = max(found, float(np.hypot.reduce(norms)))
    return found
