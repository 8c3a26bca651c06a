"""Statistics: how sure a share, a comparison of pairs, or a difference of means is."""

import math
from collections.abc import Sequence

import numpy as np


def wilson(successes: int, runs: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share, centre +- half, with z = 1.96, p = successes / runs:

        centre = (p + z**2 / (2 * runs)) / (1 + z**2 / runs)
        half   = z * sqrt(p * (1 - p) / runs + z**2 / (4 * runs**2)) / (1 + z**2 / runs)

    Unlike p +- z * sqrt(p * (1 - p) / runs) it never leaves [0, 1], and is no point at 0 of n
    (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953).

    >>> [round(end, 3) for end in wilson(10, 10)]
    [0.722, 1.0]
    """
    z, p = 1.96, successes / runs
    shrink = 1 + z * z / runs
    half = z * math.sqrt(p * (1 - p) / runs + z * z / (4 * runs * runs))
    centre = p + z * z / (2 * runs)
    return max(0.0, (centre - half) / shrink), min((centre + half) / shrink, 1.0)


def share(successes: int, runs: int) -> str:
    """A share in words, with its 95 % interval.

    >>> share(7, 8)
    '7 of 8 runs; 95 % interval 53 to 98 %'
    """
    low, high = wilson(successes, runs)
    return f"{successes} of {runs} runs; 95 % interval {100 * low:.0f} to {100 * high:.0f} %"


def at_least(successes: int, trials: int, chance: float = 0.5) -> float:
    """The probability of so many successes or more by chance: a binomial's upper tail.

    With a chance of 1/2 and pairs that differ as trials it is the sign test, one-sided: how likely
    so many wins would be if neither side were better.

    >>> at_least(8, 8)
    0.00390625
    """
    return math.fsum(
        math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k)
        for k in range(successes, trials + 1)
    )


def sign_test(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How likely so many pairs with ours < theirs would be by chance; equal pairs do not count.

    The sign test, one-sided: 1 when there is no pair that differs. It asks nothing of the
    distributions (Arbuthnot 1710; Conover 1999, Practical Nonparametric Statistics).

    >>> sign_test([1, 2, 3, 4], [2, 3, 4, 4])
    0.125
    """
    wins = sum(a < b for a, b in zip(ours, theirs, strict=True))
    losses = sum(a > b for a, b in zip(ours, theirs, strict=True))
    return at_least(wins, wins + losses)


def paired_t(differences: Sequence[float]) -> float:
    """Student's t of paired differences: their mean in standard errors.

    Beyond +-1.96, for many pairs, by chance one time in twenty (Student 1908,
    https://doi.org/10.2307/2331554).

    >>> round(paired_t([1.0, 2.0, 3.0]) ** 2, 12)
    12.0
    """
    found = np.asarray(differences, float)
    return float(found.mean() / (found.std(ddof=1) / math.sqrt(len(found))))
