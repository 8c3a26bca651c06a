"""The algorithms, one short file each; each reads like its paper's."""

from microgd.parallel.algorithms.algorithm import Algorithm as Algorithm
from microgd.parallel.algorithms.downpour import Downpour as Downpour
