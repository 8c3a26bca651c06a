"""Parallel and distributed SGD that can be watched: who read which version, and wrote what when.

Each name is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

from microgd.lazy import offer

if TYPE_CHECKING:
    from microgd.parallel.algorithms import Algorithm as Algorithm
    from microgd.parallel.algorithms import Downpour as Downpour
    from microgd.parallel.events import Event as Event
    from microgd.parallel.events import Record as Record
    from microgd.parallel.train import train as train

_HOME = {  # what is offered here, and the file that it comes from
    **dict.fromkeys(("Algorithm", "Downpour"), "algorithms"),
    **dict.fromkeys(("Event", "Record"), "events"),
    "train": "train",
}

offer(__name__, _HOME)
