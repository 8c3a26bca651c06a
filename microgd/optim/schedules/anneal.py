"""The ways from one value to another that several schedules take."""

import math

from microgd.graph import Array


def cosine(start: Array | float, end: Array | float, share: float) -> Array:
    """Half a period of the cosine: level at both ends; beyond `end` it comes back.

        end + (start - end) * (1 + cos(pi * share)) / 2

    >>> cosine(8.0, 0.0, 0.0), round(cosine(8.0, 0.0, 0.5), 12), cosine(8.0, 0.0, 1.0)
    (8.0, 4.0, 0.0)
    """
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def linear(start: Array | float, end: Array | float, share: float) -> Array:
    """A straight line, which stays at `end`.

        start + (end - start) * min(share, 1)

    >>> [linear(8.0, 0.0, share) for share in (0.0, 0.5, 1.0, 1.5)]
    [8.0, 4.0, 0.0, 0.0]
    """
    return start + (end - start) * min(share, 1.0)
