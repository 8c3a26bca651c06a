"""Diagnose: why a network does not train, which layer it is, and a cure that is tried out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.data.dataset import Dataset
from microgd.explain.diseases import DISEASES
from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom
from microgd.explain.untouched import untouched
from microgd.graph import Array
from microgd.nn import Module, cross_entropy
from microgd.optim import Optimizer
from microgd.train.evaluate import Pair, pair


@dataclass(frozen=True, slots=True)
class Proof:
    """What a cure does, beside the same without it.

    measure        what `before` and `after` are, the number that gave the disease away
    losses_before  the loss before each step of training, and after the last
    losses_after   the same after the cure, from the same weights, unless the cure is new ones
    """

    disease: str
    measure: str
    before: float
    after: float | None
    losses_before: tuple[float, ...]
    losses_after: tuple[float, ...]

    def __str__(self) -> str:
        after = "none" if self.after is None else f"{self.after:.3g}"
        return (
            f"{self.measure}: {self.before:.3g} before, {after} after\n"
            f"loss in {len(self.losses_before) - 1} steps:"
            f" from {self.losses_before[0]:.4g} to {self.losses_before[-1]:.4g} before,"
            f" from {self.losses_after[0]:.4g} to {self.losses_after[-1]:.4g} after"
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A disease that a network has.

    disease    its name, as "vanishing"
    place      where: path of a module or a parameter, "inputs[2]", "learning rate"
    evidence   the numbers, beside the threshold
    value      the number that counts, beyond `threshold`
    source     where the threshold comes from
    cure       what to do
    """

    disease: str
    place: str
    evidence: str
    value: float
    threshold: float
    source: str
    cure: str
    _kind: Disease = field(repr=False, compare=False)
    _case: Case = field(repr=False, compare=False)

    def prove(self, steps: int = 50) -> Proof:
        """Train a copy as it was, and another one that is cured, for so many steps on the batch.

        Both begin at the moment of the diagnosis, with the same seed; the user's model is not
        touched. Raises ValueError for less than one step.
        """
        if steps < 1:
            raise ValueError(f"prove: steps={steps}; give at least 1")
        with untouched(self._case.model):  # the shared random numbers
            return self._tried(steps)

    def _tried(self, steps: int) -> Proof:
        cured = self._case.copy()
        self._kind.treat(cured)
        cured = cured.copy()  # measured anew
        after = self._kind.symptom(cured)
        clear = self.disease != "stale gradient"
        return Proof(
            disease=self.disease,
            measure=self._kind.measure,
            before=self.value,
            after=None if after is None else after.value,
            losses_before=tuple(self._case.losses(steps, clear=clear)),
            losses_after=tuple(cured.losses(steps)),
        )

    def __str__(self) -> str:
        return f"{self.disease} at {self.place}\n{self.evidence}\nCure: {self.cure}"


def diagnose(
    model: Module,
    batch: Pair,
    optimizer: Optimizer | None = None,
    loss: Callable[[Any, Any], Any] = cross_entropy,
) -> list[Finding]:
    """The diseases of a network on a batch, causes first; none for a healthy one.

    batch      a Dataset or a pair (x, y), best of some hundred rows
    optimizer  to judge its learning rate
    loss       of (outputs, targets): one number, the mean over the rows

    What one disease brings about is not found by itself. All is tried on copies: model, gradients
    and optimizer stay as they are. Raises TypeError or ValueError for what is no batch.

    >>> from microgd import data, nn
    >>> moons = data.moons(100, rng=0)
    >>> diagnose(nn.MLP([2, 16, 2], rng=0), moons)
    []
    >>> [finding] = diagnose(nn.MLP([2, *[16] * 9, 2], activation="sigmoid", rng=0), moons)
    >>> finding.disease
    'vanishing'
    >>> finding.prove().after > finding.value
    True
    """
    case = Case(model, *_numbers(batch), loss, optimizer)
    with untouched(case.model):  # the shared random numbers
        return _found(case)


def _found(case: Case) -> list[Finding]:
    found: list[Finding] = []
    explained: set[str] = set()
    for kind in DISEASES:
        if "all" in explained:
            break
        if kind.name in explained:
            continue
        symptom = kind.symptom(case)
        if symptom is not None and symptom.ill:
            found.append(_finding(kind, symptom, case))
            explained.update(kind.explains)
        if kind.name == "no gradient" and not case.value.requires_grad:
            break  # without any gradient there is nothing more to look at
    return found


def _numbers(batch: Pair) -> tuple[Array, Array]:
    """Inputs and targets, checked but for NaN and infinities, which are a disease."""
    given: Any = (batch.x, batch.y) if isinstance(batch, Dataset) else batch
    if isinstance(given, tuple | list) and len(given) == 2:
        x, y = (np.asarray(part) for part in given)
        if x.dtype.kind in "fiub" and y.dtype.kind in "fiub":
            pair("diagnose", (np.nan_to_num(x), np.nan_to_num(y)))
            return x, y
    return pair("diagnose", batch)


def _finding(kind: Disease, symptom: Symptom, case: Case) -> Finding:
    return Finding(
        disease=kind.name,
        place=symptom.place,
        evidence=symptom.said,
        value=symptom.value,
        threshold=symptom.threshold,
        source=kind.source,
        cure=kind.cure,
        _kind=kind,
        _case=case,
    )
