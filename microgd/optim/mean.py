"""The running mean, which most rules keep of something."""

from microgd.graph import Array


def follow(mean: Array, keep: float, new: Array) -> None:
    """``mean = keep * mean + (1 - keep) * new``, in place.

    It forgets: what came t steps ago counts ``keep**t`` as much as what comes now.

    >>> import numpy as np
    >>> mean = np.zeros(1)
    >>> follow(mean, 0.75, np.ones(1))
    >>> mean
    array([0.25])
    """
    mean *= keep  # and not mean += (1 - keep) * (new - mean), which drowns a small `new`
    mean += (1 - keep) * new
