"""One epoch of training and one step of it, with what is measured on the way."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.norms import norm, total
from microgd.train.callbacks import Run, overrides
from microgd.train.evaluate import evaluate, loss_value
from microgd.train.history import GRAD_NORM, History
from microgd.train.metrics import Metric, Metrics, chosen, totals

Hook = Callable[[Run], None]


class NotFiniteError(FloatingPointError):
    """A loss or a gradient that is NaN or infinite; `history` holds the run until then."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


class Loop:
    """What `fit` repeats; it keeps at hand what a step would otherwise look up each time."""

    def __init__(
        self,
        run: Run,
        loss: Callable[[Any, Any], Any],
        metrics: Metrics,
        validation: tuple[Array, Array] | None,
    ) -> None:
        self.run, self.loss, self.validation = run, loss, validation
        self.metrics = metrics
        self.measured: dict[str, Metric] | None = None  # chosen when the first outputs are seen
        self.every_step = run.history.every == "step"
        self.parameters = {f"{GRAD_NORM}.{path}": p for path, p in run.model.named_parameters()}
        trained = {id(p) for group in run.optimizer.param_groups for p in group["params"]}
        self.frozen = [p for p in self.parameters.values() if id(p) not in trained]
        self.batch_begin = self._hooks("on_batch_begin")
        self.backward_end = self._hooks("on_backward_end")
        self.batch_end = self._hooks("on_batch_end")

    def _hooks(self, name: str) -> list[Hook]:
        """The methods of this name that do something."""
        return [getattr(c, name) for c in self.run.callbacks if overrides(c, name)]

    def epoch(self) -> None:
        """Go through the rest of the data; on `run.stop`, only to the end of the step."""
        run, history = self.run, self.run.history
        run.epoch = history.epoch + 1
        if not history.rows:
            for callback in run.callbacks:
                callback.on_epoch_begin(run)
        batches = run.batches
        count = len(batches)
        for x, y in batches:
            last = batches.position == count
            self.step(x, y, last=last)
            if run.stop and not last:
                return
        if self.validation is not None:
            found = evaluate(run.model, self.validation, self.loss, metrics=self.metrics)
            history.amend({f"val_{name}": value for name, value in found.items()})
        history.epoch += 1
        history.rows, history.sums = 0, {}
        for callback in run.callbacks:
            callback.on_epoch_end(run)

    def step(self, x: Array, y: Array, *, last: bool) -> None:
        """Learn from one batch."""
        run, history = self.run, self.run.history
        run.step, run.x, run.y = history.step + 1, x, y
        for hook in self.batch_begin:
            hook(run)
        outputs = run.model(x)
        graph = self.loss(outputs, y)
        run.loss = value = loss_value("fit", graph)
        if not math.isfinite(value):
            raise not_finite(run, f"the loss is {value}")
        if not graph.requires_grad:
            raise ValueError(
                "fit: the loss depends on no parameter that requires a gradient; compute it from"
                " the outputs by operations of microgd, outside of no_grad()"
            )
        if self.measured is None:
            self.measured = chosen("fit", self.metrics, outputs, y)
        sums = totals("fit", value, self.measured, outputs, y)

        run.optimizer.zero_grad()
        for parameter in self.frozen:
            parameter.zero_grad()
        graph.backward()
        run.graph = graph
        recorded = self.every_step or last
        whole = total(p.gradient for p in self.parameters.values()) if recorded else 0.0
        for hook in self.backward_end:
            hook(run)
        run.graph = None
        norms = self._norms() if recorded else {}
        run.optimizer.step()

        history.step += 1
        history.rows += len(y)
        for name, part in sums.items():
            history.sums[name] = history.sums.get(name, 0.0) + part
        if recorded:
            seen, rows = (sums, len(y)) if self.every_step else (history.sums, history.rows)
            means = {name: part / rows for name, part in seen.items()}
            place = {"epoch": run.epoch, "step": run.step}
            history.record({**place, **means, **self._rates(), GRAD_NORM: whole, **norms})
        for hook in self.batch_end:
            hook(run)

    def _rates(self) -> dict[str, float]:
        """The learning rate of each group."""
        groups = self.run.optimizer.param_groups
        if len(groups) == 1:
            return {"lr": float(groups[0]["lr"])}
        return {f"lr.{i}": float(group["lr"]) for i, group in enumerate(groups)}

    def _norms(self) -> dict[str, float]:
        """The norm of each gradient. Raises NotFiniteError where one is not finite."""
        norms = {name: norm(p.gradient) for name, p in self.parameters.items()}
        if not math.isfinite(sum(norms.values())):
            check_gradients(self.run)
        return norms


def check_gradients(run: Run) -> None:
    """Raise NotFiniteError, before the step, where a gradient is not finite."""
    wrong = [
        path
        for path, p in run.model.named_parameters()
        if p.gradient is not None and not np.isfinite(p.gradient).all()
    ]
    if wrong:
        raise not_finite(run, f"the gradient of {', '.join(wrong)} is not finite")


def not_finite(run: Run, what: str) -> NotFiniteError:
    """The error to raise before the step that `what` would have led to."""
    ruined = [path for path, p in run.model.named_parameters() if not np.isfinite(p.data).all()]
    state = (
        f"{', '.join(ruined)} became so before, by a gradient or a rate that was too large"
        if ruined
        else "the parameters are as before this step"
    )
    return NotFiniteError(
        f"fit: {what} in epoch {run.epoch}, step {run.step} (batch {run.batches.position} of"
        f" {len(run.batches)}); {state}. Train inside of mg.detect_anomaly() to see which"
        " operation it comes from; a smaller learning rate or clipped gradients often help",
        run.history,
    )
