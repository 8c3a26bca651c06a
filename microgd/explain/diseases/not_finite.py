"""NaN or infinity: one is enough to ruin all that is computed from it."""

import numpy as np

from microgd.explain.anomaly import detect_anomaly
from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom
from microgd.graph import Array


class NotFinite(Disease):
    """Numbers that are no numbers, in the data, the parameters, or made by an operation."""

    name = "not finite"
    measure = "places where a NaN or an infinity first appears"
    source = "IEEE 754: what is computed from a NaN is NaN"
    cure = (
        "Leave out or fill in rows of data that are not finite; start ruined weights anew, with a"
        " smaller learning rate or clipped gradients; keep the inputs of log, sqrt, exp and of"
        " divisions in their range, with clip or a small constant."
    )
    explains = ("all",)

    def symptom(self, case: Case) -> Symptom:
        """Data first, then parameters, then the first operation."""
        bad = int((~np.isfinite(_table(case.x))).any(axis=1).sum())
        if bad:
            return _ill("inputs", bad, f"{bad} of {len(case.x)} rows of the inputs are not finite")
        bad = int((~np.isfinite(_table(case.y))).any(axis=1).sum())
        if bad:
            return _ill("targets", bad, f"{bad} of {len(case.y)} targets are not finite")
        for name, p in case.model.named_parameters():
            bad = int((~np.isfinite(p.data)).sum())
            if bad:
                return _ill(name, bad, f"{bad} of {p.size} numbers of {name} are not finite")
        there = case.copy()
        try:
            with detect_anomaly(), np.errstate(all="ignore"):
                value = there.loss(there.model(there.x), there.y)
                if value.requires_grad:
                    value.backward()
        except FloatingPointError as error:
            said = str(error)
            return _ill(said.split(" ", 1)[0], 1, said)
        return Symptom("", 0, 0, ill=False, said="every number is finite")

    def treat(self, case: Case) -> None:
        """Leave out rows, start ruined parameters anew, and hold wild inputs in."""
        rng = np.random.default_rng(0)
        for _, p in case.model.named_parameters():
            if not np.isfinite(p.data).all():
                size = p.shape[-1] ** -0.5 if p.ndim > 1 else 0.0
                p.data = rng.normal(0.0, size, p.shape)
        keep = np.isfinite(_table(case.x)).all(axis=1) & np.isfinite(_table(case.y)).all(axis=1)
        case.x, case.y = case.x[keep], case.y[keep]
        keep = np.array([self._alone(case, i) for i in range(len(case.x))], bool)
        if keep.any():
            case.x, case.y = case.x[keep], case.y[keep]
        else:  # it is not a matter of rows
            case.x = case.x / max(1.0, float(np.abs(case.x).max()))
            case.start_anew()

    @staticmethod
    def _alone(case: Case, i: int) -> bool:
        """Whether row `i` by itself gives numbers, forward and backward."""
        one = case.copy()
        one.x, one.y = case.x[i : i + 1], case.y[i : i + 1]
        parts = [one.value.data, *(g for g in one.gradients.values() if g is not None)]
        return all(np.isfinite(part).all() for part in parts)


def _ill(place: str, count: int, said: str) -> Symptom:
    return Symptom(place, count, 0, ill=True, said=said)


def _table(array: Array) -> Array:
    """All that belongs to a row, beside one another."""
    return np.reshape(array, (len(array), -1))
