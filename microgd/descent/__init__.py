"""Descent made visible: surfaces of two parameters, and races of the optimizers on them."""

from microgd.descent.clipping import clipping as clipping
from microgd.descent.directions import Directions as Directions
from microgd.descent.directions import directions as directions
from microgd.descent.race import Race as Race
from microgd.descent.race import race as race
from microgd.descent.rates import Rate as Rate
from microgd.descent.rates import Rates as Rates
from microgd.descent.rates import rates as rates
from microgd.descent.regression import regression as regression
from microgd.descent.rules import RULES as RULES
from microgd.descent.run import Run as Run
from microgd.descent.sampling import Sampled as Sampled
from microgd.descent.sampling import sampled as sampled
from microgd.descent.surface import Surface as Surface
from microgd.descent.surfaces import SURFACES as SURFACES
from microgd.descent.surfaces import surface_of as surface_of
