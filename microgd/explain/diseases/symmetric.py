"""Symmetry: units that start equal get equal gradients, and stay equal."""

import numpy as np

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom
from microgd.graph import Array


class Symmetric(Disease):
    """A layer whose units all have the same weights and the same gradient is one unit, repeated."""

    name = "symmetric"
    measure = "layers whose units are all equal, and get equal gradients"
    source = (
        "Rumelhart, Hinton and Williams 1986, Learning representations by back-propagating errors"
        " (https://doi.org/10.1038/323533a0), who start from small random weights to break it"
    )
    cure = "Draw the weights at random, by He's or Xavier's rule; only biases may start at zero."
    explains = (
        "dead rectifiers", "saturation", "vanishing", "exploding", "learning rate too large",
        "learning rate too small",
    )  # fmt: skip

    def symptom(self, case: Case) -> Symptom:
        """Weights whose units are equal, in value and in gradient."""
        equal = []
        for name, weight, rows in case.dense:
            gradient = case.gradients.get(name)
            if gradient is not None and _equal(weight.data, rows) and _equal(gradient, rows):
                equal.append(name)
        said = f"all units of {', '.join(equal)} are equal, and so are their gradients"
        place = equal[0] if equal else ""
        return Symptom(place, len(equal), 0, ill=bool(equal), said=said if equal else "none")

    def treat(self, case: Case) -> None:
        """Draw new weights."""
        case.start_anew()


def _equal(weight: Array, rows: bool) -> bool:
    """Whether there are several units, and all are equal to rounding."""
    weight = weight if rows else weight.T
    spread = np.ptp(weight, axis=0).max()
    return len(weight) > 1 and bool(spread <= 8 * np.finfo(weight.dtype).eps * np.abs(weight).max())
