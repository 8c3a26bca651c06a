"""Scheduled: a schedule that is stepped while a model trains."""

from collections.abc import Mapping
from typing import Any

from microgd.names import choose
from microgd.optim import Schedule
from microgd.train.callbacks import Callback, Run


class Scheduled(Callback):
    """Step `schedule` after each "epoch" or each "step", and keep its place in checkpoints.

    schedule  a schedule of the run's optimizer
    each      the unit of its time: "epoch" or "step"
    monitor   the column of the history that a ReduceLROnPlateau is given, from the last row; after
              each step, "loss" is that of the step's batch, and there is no other. The rest of the
              schedules look at the time alone.

    The history's `lr` is the rate that a step was taken with. Raises TypeError for what is no
    schedule; ValueError for another `each`, for a `monitor` that is not there, and, before
    training, for a schedule of another optimizer.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> model = nn.MLP([2, 8, 2], rng=0)
    >>> rule = optim.SGD(model.parameters(), lr=0.4)
    >>> decay = Scheduled(optim.StepLR(rule, step_size=2, gamma=0.5))
    >>> fit(model, data.moons(60, rng=0), rule, epochs=5, callbacks=[decay], progress=False)["lr"]
    array([0.4, 0.4, 0.2, 0.2, 0.1])
    """

    def __init__(self, schedule: Schedule, each: str = "epoch", monitor: str = "val_loss") -> None:
        if not isinstance(schedule, Schedule):
            raise TypeError(
                f"Scheduled: schedule is {schedule!r:.60}; give one such as"
                " optim.CosineAnnealingLR(optimizer, T_max=10)"
            )
        self.schedule, self.monitor = schedule, monitor
        self.each = choose("Scheduled: each", each, {"epoch": "epoch", "step": "step"})
        if schedule.needs_metric and each == "step" and monitor != "loss":
            raise ValueError(
                f"Scheduled: monitor is {monitor!r}, and after each step there is but the loss;"
                " give each='epoch' or monitor='loss'"
            )

    def on_train_begin(self, run: Run) -> None:
        """Find out now whether it is a schedule of this run."""
        if self.schedule.optimizer is not run.optimizer:
            raise ValueError(
                f"Scheduled: {self.schedule} is of another optimizer than the run's"
                f" {run.optimizer.name}; make it with the optimizer that fit is given"
            )

    def on_batch_end(self, run: Run) -> None:
        """A step is done."""
        if self.each == "step":
            self.schedule.step(run.loss)

    def on_epoch_end(self, run: Run) -> None:
        """An epoch is done."""
        if self.each == "epoch":
            self.schedule.step(self._metric(run) if self.schedule.needs_metric else None)

    def _metric(self, run: Run) -> float:
        return choose("Scheduled: monitor", self.monitor, run.history[-1])

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands."""
        return {"schedule": self.schedule.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there, with the rates of that time."""
        self.schedule.load_state_dict(state["schedule"])
