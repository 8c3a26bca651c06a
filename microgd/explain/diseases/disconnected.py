"""No gradient: parameters that the loss does not depend on, as recorded."""

from microgd.explain.diseases.case import Case
from microgd.explain.diseases.disease import Disease, Symptom


class Disconnected(Disease):
    """Parameters to which no edge of the recorded graph leads; they stay as they are for ever."""

    name = "no gradient"
    measure = "parameters that get no gradient"
    source = "the chain rule: where no path leads, nothing arrives"
    cure = (
        "Use them in forward; if forward leaves the graph (.numpy(), .detach(), no_grad()), stay on"
        " Tensors; if they are meant to be fixed, set requires_grad = False."
    )

    def symptom(self, case: Case) -> Symptom:
        """Parameters that want a gradient, and get none."""
        missing = [name for name, g in case.gradients.items() if g is None]
        said = f"{len(missing)} of {len(case.gradients)} parameters get no gradient"
        if missing:
            shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
            said += f": {shown}"
        place = missing[0] if missing else ""
        return Symptom(place, len(missing), 0, ill=bool(missing), said=said)

    def treat(self, case: Case) -> None:
        """Say that they are fixed: the loss falls as before, so they were never learned."""
        for name, p in case.model.named_parameters():
            if name in case.gradients and case.gradients[name] is None:
                p.requires_grad = False
