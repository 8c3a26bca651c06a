"""Unscaled inputs: some are so large that their weights are all that the loss feels."""

import numpy as np

from microgd.explain.activity import units
from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom


class UnscaledInputs(Disease):
    """The curvature along a weight grows with the mean square of its input, and so the spread."""

    name = "unscaled inputs"
    measure = "root mean square of the largest input"
    source = (
        "LeCun, Bottou, Orr and Mueller 1998, Efficient BackProp, 4.3: mean near 0, variance near 1"
        " (https://doi.org/10.1007/3-540-49430-8_2); ten times that makes the curvature a hundred"
    )
    cure = "Standardise each input: subtract its mean and divide by its standard deviation."
    explains = (
        "symmetric", "dead rectifiers", "saturation", "vanishing", "exploding", "stale gradient",
        "learning rate too large", "learning rate too small",
    )  # fmt: skip

    def symptom(self, case: Case) -> Symptom | None:
        """The input that is largest in the mean square."""
        if case.x.dtype.kind != "f":  # whole numbers are indices, as of words
            return None
        sizes = np.sqrt(np.square(units(case.x)).mean(axis=0))
        worst = int(sizes.argmax())
        value = float(sizes[worst])
        said = f"input {worst} has a root mean square of {value:.3g}; over 10 is too much"
        return Symptom(f"inputs[{worst}]", value, 10.0, ill=value > 10.0, said=said)

    def treat(self, case: Case) -> None:
        """Standardise."""
        rows = units(case.x)
        spread = rows.std(axis=0)
        case.x = (case.x - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)
