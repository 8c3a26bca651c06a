"""Vanishing: so little of the gradient arrives at the first layer that it cannot learn."""

import math

from microgd.explain.arrivals import arrivals, mean_factor
from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom

# A network trains to a depth of about 6 / |ln chi_1|: the square of what arrives is then e**-6
LIMIT = math.exp(-3)
SOURCE = (
    "Schoenholz et al. 2017, Deep information propagation (https://arxiv.org/abs/1611.01232):"
    " depths over 6 / |ln chi_1| do not train, and e**-6 is then left of the squared gradient"
)


class Vanishing(Disease):
    """Layer after layer takes from the gradient, on its way back from the last to the first."""

    name = "vanishing"
    measure = "gradient at the first layer / at the last"
    source = SOURCE
    cure = (
        "Use ReLU in the place of sigmoid, with He's initialisation (Xavier's for tanh); or add"
        " residual connections or normalisation, or take fewer layers; through time, a gated cell."
    )
    explains = ("learning rate too large", "learning rate too small")

    def symptom(self, case: Case) -> Symptom | None:
        """The first layer's share."""
        share = first_share(case, LIMIT)
        return share and share._replace(ill=share.value < LIMIT)

    def treat(self, case: Case) -> None:
        """ReLU for what squashes, and He's weights."""
        case.start_anew(rectify=True)


def first_share(case: Case, limit: float) -> Symptom | None:
    """What the first layer gets of the gradient; None for a single layer, or no gradient at all."""
    rows = arrivals(case.flow)
    factor = mean_factor(rows) if rows else None
    if factor is None or rows[0].share is None:
        return None
    worst = min((row for row in rows if row.factor is not None), key=lambda row: row.factor or 0)
    said = (
        f"{rows[0].layer} gets {rows[0].share:.2g} times what {rows[-1].layer} gets, {factor:.2g} a"
        f" layer on average and {worst.factor:.2g} at {worst.layer}; the limit is {limit:.2g}"
    )
    return Symptom(rows[0].layer, rows[0].share, limit, ill=False, said=said)
