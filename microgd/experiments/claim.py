"""A claim: something published about training, with the numbers that it gives and those we measure.

How to write one. Add a file ``microgd/experiments/claims/<name>.py`` (``adam-first-step`` lives in
``adam_first_step.py``) that defines ``CLAIM``, and the name to the table in ``claims/__init__.py``:

    def run(seed: int) -> Iterator[Row | Plot]:
        ...                                            # train something, by the public API
        yield Row("loss after a step", 0.2910, loss, Absolute(5e-5))     # one number
        yield Row("test accuracy", (0.97, 1.0), accuracy)                # a range, ends included
        yield Row("ratio of variances", 0.3333, ratio, Relative(0.05))   # within 5 %
        yield Plot("Loss", "step", "loss", {"Adam": (steps, losses)}, log="y")  # for the page

    CLAIM = Claim(
        name="adam-first-step",
        title="Adam's first step is the learning rate, whatever the gradient",
        source=Source("Kingma and Ba", 2015, "https://arxiv.org/abs/1412.6980"),
        teaches="Adam divides out the size of the gradient, so `lr` is the size of a step.",
        kind="exact",
        run=run,
    )

House rules:
- What is expected comes from the source, or from a closed form, and never from a run of ours.
- The framework alone gives the verdict. A number that cannot be met stays as the source has it:
  the `note` says why, and `instead` what follows from that reason (from a reference, too, not from
  a run). Measured there, the row "differs as stated"; anywhere else it is not reproduced.
- All randomness comes from ``np.random.default_rng(seed)``: the same seed, the same numbers.
  A claim that draws none takes its seed as ``_``.
- Ten seconds on one core at most; what takes longer is ``full=True``, and run by ``--full`` only.
- The rule claimed about is the one that trains: `microgd.optim`, `microgd.nn`, never a copy.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Range = tuple[float, float]
Kind = Literal["exact", "within", "distribution"]


class Verdict(StrEnum):
    """How expected and measured compare. The last one is the worst."""

    REPRODUCED = "reproduced"
    DIFFERS = "differs as stated"
    FAILED = "not reproduced"


@dataclass(frozen=True, slots=True)
class Absolute:
    """``abs(measured - expected) <= size``."""

    size: float

    def around(self, expected: float) -> Range:
        """Where a measurement counts as `expected`."""
        return expected - self.size, expected + self.size

    def __str__(self) -> str:
        return f"± {self.size:.3g}"


@dataclass(frozen=True, slots=True)
class Relative:
    """``abs(measured - expected) <= size * abs(expected)``; 0.05 is 5 %."""

    size: float

    def around(self, expected: float) -> Range:
        """Where a measurement counts as `expected`."""
        return Absolute(self.size * abs(expected)).around(expected)

    def __str__(self) -> str:
        return f"± {100 * self.size:.3g} %"


@dataclass(frozen=True, slots=True)
class Row:
    """One number of a claim: expected beside measured.

    what       what it is, in words, with its unit
    expected   what the source says: a number, or a range (low, high), either end may be infinite
    measured   what came out
    tolerance  `Absolute` or `Relative`, for a number; a range is its own
    note       what a reader should know; for a number that cannot be met, why
    instead    what is expected in place of `expected`, for the reason in the note

    Raises ValueError for an expectation that every number or none could meet.

    >>> Row("loss", 0.25, 0.2501, Relative(0.01)).verdict.value
    'reproduced'
    >>> Row("accuracy", (0.97, 1.0), float("nan")).verdict.value
    'not reproduced'
    >>> Row("loss", 0.29, 0.28, Absolute(1e-3), "rounded there", instead=0.28).verdict.value
    'differs as stated'
    """

    what: str
    expected: float | Range
    measured: float
    tolerance: Absolute | Relative | None = None
    note: str = ""
    instead: float | Range | None = None

    def __post_init__(self) -> None:
        given = [x for x in (self.expected, self.instead) if x is not None]
        for expected in given:
            self._check(expected)
        if self.tolerance and all(isinstance(x, tuple) for x in given):
            raise ValueError(f"{self.what}: a range has no tolerance; give one or the other")
        if self.instead is None:
            return
        if not self.note:
            raise ValueError(f"{self.what}: instead={self.instead} has no reason; give a note")
        (a, b), (c, d) = self._accepted(self.expected), self._accepted(self.instead)
        if a <= d and c <= b:
            raise ValueError(
                f"{self.what}: expected {self.expected} and instead={self.instead} cannot be told"
                " apart; give a smaller tolerance"
            )

    @property
    def verdict(self) -> Verdict:
        """What came of it; a measurement that is not finite never is as expected."""
        if self._meets(self.expected):
            return Verdict.REPRODUCED
        if self.instead is not None and self._meets(self.instead):
            return Verdict.DIFFERS
        return Verdict.FAILED

    def _meets(self, expected: float | Range) -> bool:
        low, high = self._accepted(expected)
        return math.isfinite(self.measured) and low <= self.measured <= high

    def _accepted(self, expected: float | Range) -> Range:
        if isinstance(expected, tuple):
            return expected
        assert self.tolerance is not None
        return self.tolerance.around(expected)

    def _check(self, expected: float | Range) -> None:
        if isinstance(expected, tuple):
            low, high = expected
            if not low <= high or (math.isinf(low) and math.isinf(high)):
                raise ValueError(f"{self.what}: expected from {low} to {high}; give (low, high)")
            return
        if self.tolerance is None:
            raise ValueError(
                f"{self.what}: expected {expected} has no tolerance; give Absolute(size) or"
                " Relative(size), or a range (low, high)"
            )
        if not math.isfinite(expected) or not 0 <= self.tolerance.size < math.inf:
            raise ValueError(f"{self.what}: expected {expected} {self.tolerance}; give numbers")
        if isinstance(self.tolerance, Relative) and not (expected and self.tolerance.size < 1):
            raise ValueError(
                f"{self.what}: {expected} {self.tolerance} also takes the wrong sign; give"
                " Absolute(size)"
            )


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves for the page: plain numbers, that `microgd.draw.claims` draws.

    curves  by name, the numbers along x and along y
    log     the axes that are logarithmic: "", "x", "y" or "xy"
    """

    title: str
    x: str
    y: str
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    log: Literal["", "x", "y", "xy"] = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a claim was published."""

    authors: str
    year: int
    link: str

    def __str__(self) -> str:
        return f"{self.authors} ({self.year})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something published that can be measured: see the top of this file.

    name     as in ``microgd reproduce NAME``: small letters and hyphens
    title    the claim in one line
    source   where it was published
    teaches  one sentence: what a learner takes from it
    kind     "exact"; "within" a few percent, over seeds; in "distribution", reported as such
    run      ``run(seed)`` yields a `Row` for every number, and a `Plot` where one helps
    full     whether it takes so long that only ``--full`` runs it
    """

    name: str
    title: str
    source: Source
    teaches: str
    kind: Kind
    run: Callable[[int], Iterable[Row | Plot]]
    full: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of a claim gave; `error` says what stopped it, if anything did."""

    claim: Claim
    rows: tuple[Row, ...]
    plots: tuple[Plot, ...]
    seconds: float
    error: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of a row; nothing measured is nothing reproduced."""
        if self.error or not self.rows:
            return Verdict.FAILED
        return max((row.verdict for row in self.rows), key=list(Verdict).index)

    @property
    def holds(self) -> bool:
        """Whether all came out as expected, or differs as stated."""
        return self.verdict is not Verdict.FAILED


def check(claim: Claim, seed: int = 0) -> Result:
    """Run a claim. An error in it does not stop the others: it is in the result.

    >>> source = Source("anonymous", 2024, "https://example.org")
    >>> one = Claim(name="one", title="1 = 1", source=source, teaches="Units.", kind="exact",
    ...             run=lambda seed: [Row("one", 1.0, 1.0, Absolute(0.0))])
    >>> check(one).verdict.value
    'reproduced'
    """
    rows: list[Row] = []
    plots: list[Plot] = []
    error, start = "", time.perf_counter()
    try:
        for found in claim.run(seed):
            if isinstance(found, Row):
                rows.append(found)
            else:
                plots.append(found)
    except Exception as raised:  # noqa: BLE001 (whatever it is, the claim was not reproduced)
        error = f"{type(raised).__name__}: {raised}"
    return Result(claim, tuple(rows), tuple(plots), time.perf_counter() - start, error)
