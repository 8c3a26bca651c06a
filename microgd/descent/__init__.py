"""Descent made visible: surfaces of two parameters, and races of the optimizers on them."""

from microgd.descent.race import Race as Race
from microgd.descent.race import race as race
from microgd.descent.rules import RULES as RULES
from microgd.descent.run import Run as Run
from microgd.descent.surface import Surface as Surface
from microgd.descent.surfaces import SURFACES as SURFACES
from microgd.descent.surfaces import surface_of as surface_of
