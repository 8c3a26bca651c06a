"""Parallel and distributed SGD that can be watched: who read which version, and wrote what when.

Each name is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

from microgd.lazy import offer

if TYPE_CHECKING:
    from microgd.parallel import algorithms as algorithms
    from microgd.parallel.algorithms import EASGD as EASGD
    from microgd.parallel.algorithms import AdaDelay as AdaDelay
    from microgd.parallel.algorithms import AdaptiveRevision as AdaptiveRevision
    from microgd.parallel.algorithms import Algorithm as Algorithm
    from microgd.parallel.algorithms import Downpour as Downpour
    from microgd.parallel.algorithms import Hogwild as Hogwild
    from microgd.parallel.algorithms import ModelParallel as ModelParallel
    from microgd.parallel.algorithms import Synchronous as Synchronous
    from microgd.parallel.events import Event as Event
    from microgd.parallel.events import Record as Record
    from microgd.parallel.train import train as train

_HOME = {  # what is offered here, and the file that it comes from
    "AdaDelay": "algorithms",
    "AdaptiveRevision": "algorithms",
    "Algorithm": "algorithms",
    "Downpour": "algorithms",
    "EASGD": "algorithms",
    "Hogwild": "algorithms",
    "ModelParallel": "algorithms",
    "Synchronous": "algorithms",
    "Event": "events",
    "Record": "events",
    "algorithms": "",
    "train": "train",
}

offer(__name__, _HOME)
