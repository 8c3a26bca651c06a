"""Dead rectifiers: units that are 0 for every row, so that nothing can change their weights."""

import math

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom


class Dead(Disease):
    """More units are dead than chance explains.

    At random weights, a unit is on one side of zero or on the other by an even chance; where all
    rows of the batch look alike to it, half of n units may be off for all of them, and by chance
    3 standard deviations more: 1/2 + 1.5 / sqrt(n).
    """

    name = "dead rectifiers"
    measure = "share of units that are 0 for every row"
    source = (
        "Lu, Shin, Su and Karniadakis 2020, Dying ReLU and initialization"
        " (https://arxiv.org/abs/1903.06733); by chance at most 1/2 + 1.5 / sqrt(units)"
    )
    cure = (
        "Start anew from He's weights and biases of zero; if units die while training, lower the"
        " learning rate, or use LeakyReLU or ELU."
    )
    explains = (
        "vanishing", "exploding", "learning rate too small", "learning rate too large",
    )  # fmt: skip

    def symptom(self, case: Case) -> Symptom | None:
        """The layer that is furthest beyond its threshold."""
        found = [
            (row.dead, min(0.5 + 1.5 / math.sqrt(row.units), 1.0), row.module)
            for row in case.flow
            if row.dead is not None
        ]
        if not found:
            return None
        value, threshold, place = max(found, key=lambda item: item[0] - item[1])
        said = (
            f"{value:.0%} of the units of {place} are 0 for every row;"
            f" over {threshold:.0%} is too much"
        )
        return Symptom(place, value, threshold, ill=value > threshold or value == 1.0, said=said)

    def treat(self, case: Case) -> None:
        """Draw new weights, and set biases to zero."""
        case.start_anew()
