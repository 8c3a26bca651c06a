"""The diseases that `mg.explain.diagnose` knows, one a file, causes before what they cause."""

from microgd.explain.diseases.dead import Dead
from microgd.explain.diseases.disconnected import Disconnected
from microgd.explain.diseases.disease import Disease
from microgd.explain.diseases.exploding import Exploding
from microgd.explain.diseases.inputs import UnscaledInputs
from microgd.explain.diseases.not_finite import NotFinite
from microgd.explain.diseases.rate_too_large import RateTooLarge
from microgd.explain.diseases.rate_too_small import RateTooSmall
from microgd.explain.diseases.saturated import Saturated
from microgd.explain.diseases.stale import StaleGradient
from microgd.explain.diseases.symmetric import Symmetric
from microgd.explain.diseases.vanishing import Vanishing

DISEASES: tuple[Disease, ...] = (
    NotFinite(),
    Disconnected(),
    UnscaledInputs(),
    StaleGradient(),
    Symmetric(),
    Dead(),
    Saturated(),
    Vanishing(),
    Exploding(),
    RateTooLarge(),
    RateTooSmall(),
)
