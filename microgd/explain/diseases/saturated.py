"""Saturation: outputs on the flat parts of a squashing activation, where the slope is near 0."""

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom


class Saturated(Disease):
    """Most of a hidden layer's outputs are where the slope is under 6 % of its largest."""

    name = "saturation"
    measure = "share of saturated outputs"
    source = (
        "a tanh over 0.97 is saturated: Karpathy 2022, makemore 3 (https://youtu.be/P6sfmUTpUmc);"
        " where most are, the layer passes less than half: Glorot and Bengio 2010"
        " (https://proceedings.mlr.press/v9/glorot10a.html)"
    )
    cure = "Start anew from Xavier's weights, which are smaller; standardise the inputs."
    explains = (
        "vanishing", "exploding", "learning rate too small", "learning rate too large",
    )  # fmt: skip

    def symptom(self, case: Case) -> Symptom | None:
        """The hidden layer with the largest share; an output may say 0 or 1 for certain."""
        found = [(row.saturated, row.module) for row in case.flow[:-1] if row.saturated is not None]
        if not found:
            return None
        value, place = max(found)
        said = f"{value:.0%} of the outputs of {place} are saturated; over 50% is too much"
        return Symptom(place, value, 0.5, ill=value > 0.5, said=said)

    def treat(self, case: Case) -> None:
        """Draw new weights."""
        case.start_anew()
