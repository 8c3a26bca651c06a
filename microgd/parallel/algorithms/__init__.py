"""The algorithms, one short file each; each reads like its paper's."""

from collections.abc import Callable

from microgd.parallel.algorithms.algorithm import Algorithm as Algorithm
from microgd.parallel.algorithms.downpour import Downpour as Downpour

NAMES: dict[str, Callable[[], Algorithm]] = {"downpour": Downpour}
"""What `train` knows them by."""
