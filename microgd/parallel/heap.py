"""The heap: a worker keeps the memory of its arrays from step to step."""

import numpy as np


def keep() -> None:
    """Let this process keep the memory of arrays up to 16 MB that it frees, for those to come.

    By itself glibc takes a large array's memory from the system, page by page as it is first
    written, and returns it as it is freed; at every step of training anew, for a sixth of the time
    of a step of two milliseconds. But what it has once been given back, it takes as the size to
    keep from then on (the dynamic threshold of `mallopt
    <https://man7.org/linux/man-pages/man3/mallopt.3.html>`_). Elsewhere this does nothing.
    """
    np.empty(2**24, np.uint8)  # freed at once
