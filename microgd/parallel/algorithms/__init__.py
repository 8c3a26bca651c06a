"""The algorithms, one short file each; each reads like its paper's."""

from collections.abc import Callable
from functools import partial

from microgd.parallel.algorithms.algorithm import Algorithm as Algorithm
from microgd.parallel.algorithms.delay_tolerant import AdaDelay as AdaDelay
from microgd.parallel.algorithms.delay_tolerant import AdaptiveRevision as AdaptiveRevision
from microgd.parallel.algorithms.downpour import Downpour as Downpour
from microgd.parallel.algorithms.easgd import EASGD as EASGD
from microgd.parallel.algorithms.hogwild import Hogwild as Hogwild
from microgd.parallel.algorithms.model_parallel import ModelParallel as ModelParallel
from microgd.parallel.algorithms.synchronous import Synchronous as Synchronous

NAMES: dict[str, Callable[..., Algorithm]] = {
    "hogwild": Hogwild,
    "downpour": Downpour,
    "adadelay": AdaDelay,
    "adaptive-revision": AdaptiveRevision,
    "easgd": EASGD,
    "eamsgd": partial(EASGD, momentum=0.9),
    "synchronous": Synchronous,
    "model-parallel": ModelParallel,
}
"""What `train` knows them by; each makes one, with the options given."""
