"""Clipping: a gradient that is too large is made smaller before the step."""

import math

from microgd.arguments import real
from microgd.nn.utils import clip_grad_norm_, clip_grad_value_
from microgd.train.callbacks import Callback, Run
from microgd.train.loop import check_gradients


class ClipGradNorm(Callback):
    """Scale all gradients by one factor wherever their total norm is above `max_norm`.

        g = g * min(1, max_norm / norm(all g))

    The direction stays. In the history, ``grad_norm`` is the total before clipping, and
    ``grad_norm.<path>`` what the optimizer took. `norm_type` is the exponent, or `math.inf` for the
    largest element. Between the backward pass and the step it calls `nn.utils.clip_grad_norm_`.

    Pascanu, Mikolov and Bengio (2013, On the difficulty of training recurrent neural networks,
    https://arxiv.org/abs/1211.5063).

    Raises ValueError for a `max_norm` that is not positive; while training, NotFiniteError for a
    total that is not finite: no factor would mend it. The parameters are then as before.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> model = nn.MLP([1, 1], rng=0)
    >>> history = fit(model, data.line(20), optim.SGD(model.parameters(), lr=0.1), nn.mse_loss,
    ...               epochs=1, batch_size=None, callbacks=[ClipGradNorm(0.5)], progress=False)
    >>> taken = [norms[0] for norms in history.grad_norms.values()]
    >>> round(math.hypot(*taken), 5), bool(history["grad_norm"][0] > 0.5)
    (0.5, True)
    """

    def __init__(self, max_norm: float, norm_type: float = 2.0) -> None:
        self.max_norm = _positive("ClipGradNorm", "max_norm", max_norm)
        self.norm_type = norm_type if norm_type == math.inf else float(norm_type)
        if not self.norm_type > 0:
            raise ValueError(
                f"ClipGradNorm: norm_type is {norm_type}; give 2, another positive exponent, or"
                " math.inf"
            )

    def on_train_begin(self, run: Run) -> None:
        """Look the parameters up once: this is on every training path."""
        self._parameters = run.model.parameters()

    def on_backward_end(self, run: Run) -> None:
        """Clip."""
        try:
            clip_grad_norm_(
                self._parameters, self.max_norm, self.norm_type, error_if_nonfinite=True
            )
        except FloatingPointError:
            check_gradients(run)
            raise  # all are finite, and their norm is not


class ClipGradValue(Callback):
    """Cut every element of every gradient off at +-`value`.

        g = clip(g, -value, value)

    Unlike the norm's, this turns the direction, towards the diagonals. Mikolov (2012, Statistical
    language models based on neural networks) clipped so. Raises ValueError for a `value` that is
    not positive.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> model = nn.MLP([1, 1], rng=0)
    >>> history = fit(model, data.line(20), optim.SGD(model.parameters(), lr=0.1), nn.mse_loss,
    ...               epochs=1, batch_size=None, callbacks=[ClipGradValue(0.01)], progress=False)
    >>> [round(float(norms[0]), 6) for norms in history.grad_norms.values()]
    [0.01, 0.01]
    """

    def __init__(self, value: float) -> None:
        self.value = _positive("ClipGradValue", "value", value)

    def on_train_begin(self, run: Run) -> None:
        """Look the parameters up once."""
        self._parameters = run.model.parameters()

    def on_backward_end(self, run: Run) -> None:  # noqa: ARG002 (the gradients are in the model)
        """Clip."""
        clip_grad_value_(self._parameters, self.value)


def _positive(op: str, name: str, value: float) -> float:
    number = real(op, name, value, "give a positive number, such as 1.0")
    if number <= 0:
        raise ValueError(f"{op}: {name} is {number}; give a positive number, such as 1.0")
    return number
