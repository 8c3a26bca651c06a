"""Learning rate too small: the loss hardly falls, where larger steps would lower it."""

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom

STEPS = 20
LITTLE, MUCH = 0.001, 0.01  # shares of the loss of one who has learned nothing


class RateTooSmall(Disease):
    """Updates far under a thousandth of the weights, on a slope that would bear much more."""

    name = "learning rate too small"
    measure = "largest update / weights of a layer"
    source = (
        "Karpathy 2022, makemore 3 (https://youtu.be/P6sfmUTpUmc): about 1e-3 of the weights a"
        " step is right; under 1e-4 is slow"
    )
    cure = "Raise the learning rate until a step changes about a thousandth of the weights."

    def symptom(self, case: Case) -> Symptom | None:
        """The largest ratio; ill where steps win little, and would win much at the right rate."""
        if case.optimizer is None:
            return None
        value = case.update
        said = f"a step changes at most {value:.2g} of the weights of a layer; 1e-3 is right"
        ill = False
        if value < 1e-4:
            nothing_learned = abs(case.loss_of_zeros)
            slow, fast = case.losses(STEPS), self._cured(case).losses(STEPS)
            won, possible = slow[0] - slow[-1], fast[0] - fast[-1]
            ill = won < LITTLE * nothing_learned and possible > MUCH * nothing_learned
            said += f"; {STEPS} steps lower the loss by {won:.2g}, and could by {possible:.2g}"
        return Symptom("learning rate", value, 1e-4, ill=ill, said=said)

    def _cured(self, case: Case) -> Case:
        cured = case.copy()
        self.treat(cured)
        return cured

    def treat(self, case: Case) -> None:
        """A rate that changes a thousandth of the weights."""
        assert case.optimizer is not None
        factor = 1e-3 / max(case.update, 1e-30)
        for group in case.optimizer.param_groups:
            group["lr"] *= factor
