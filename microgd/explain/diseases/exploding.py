"""Exploding: the gradient grows on its way back, until the first layers are thrown about."""

import math

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom
from microgd.explain.diseases.vanishing import SOURCE, first_share

LIMIT = math.exp(3)


class Exploding(Disease):
    """Layer after layer adds to the gradient, on its way back from the last to the first."""

    name = "exploding"
    measure = "gradient at the first layer / at the last"
    source = SOURCE.replace("e**-6 is then left of", "e**6 times is then made of")
    cure = (
        "Start anew from He's weights (Xavier's for tanh), whose variance is the critical one; or"
        " normalise layers; clip the gradient where it grows through time."
    )
    explains = ("learning rate too large", "learning rate too small")

    def symptom(self, case: Case) -> Symptom | None:
        """The first layer's share."""
        share = first_share(case, LIMIT)
        return share and share._replace(ill=share.value > LIMIT)

    def treat(self, case: Case) -> None:
        """Draw new weights of the critical variance."""
        case.start_anew()
