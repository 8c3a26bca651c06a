"""ReduceLROnPlateau: a smaller rate whenever things get no better."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.graph import Array
from microgd.names import choose
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.options import number, numbers
from microgd.optim.schedules.schedule import Schedule, table


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered from step to step: the best metric, and two counts of steps."""

    best: float
    bad: int = 0  # without a new best
    cooldown: int = 0  # in which bad ones will not count


class ReduceLROnPlateau(Schedule):
    """Multiply the rate by `factor` when a metric has not become better for a while.

        better = metric < best * (1 - threshold)     mode "min", threshold_mode "rel"
                 metric < best - threshold           mode "min", threshold_mode "abs"
                 metric > best * (1 + threshold)     mode "max", threshold_mode "rel"
                 metric > best + threshold           mode "max", threshold_mode "abs"
        bad    = 0 if better else bad + 1
        rate   = max(rate * factor, min_lr)          when bad > patience; then bad = 0

    For `cooldown` steps after that, bad ones are not counted; a change of less than `eps` is not
    made. Call ``step(metric)`` once an epoch. Krizhevsky, Sutskever and Hinton (2012,
    https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html) divided
    by 10 by hand whenever the validation error had stopped improving. Unless given, factor = 0.1,
    patience = 10, threshold = 1e-4, cooldown = 0, min_lr = 0 (or a list with one for each group)
    and eps = 1e-8, as in PyTorch.

    As there, it goes on from the rates that it finds, so that a warm-up may come before it; a NaN
    is never better; and "rel" is for metrics that are positive. In `preview`, the metrics are
    those given, and from then on the last of them; without any, one that never gets better.

    Raises ValueError for an option out of range; TypeError for a step without a metric.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], lr=0.8)
    >>> schedule = ReduceLROnPlateau(rule, factor=0.5, patience=1)
    >>> schedule.preview(7)
    array([0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2])
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.step(loss)
    >>> rule.param_groups[0]["lr"]
    0.4
    """

    needs_metric = True

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0.0,
        eps: float = 1e-8,
    ) -> None:
        name, groups = self.name, self.groups(optimizer)
        self.mode, self.threshold_mode = mode, threshold_mode
        self._sign = choose(f"{name}: mode", mode, {"min": 1.0, "max": -1.0})
        spans = {"rel": "from 0 to below 1", "abs": "0 or more"}
        span = choose(f"{name}: threshold_mode", threshold_mode, spans)
        self.threshold = number(name, "threshold", threshold, span)
        self.factor = number(name, "factor", factor, "above 0 and below 1")
        self.patience = whole(name, "patience", patience, 0, "give 0 steps or more")
        self.cooldown = whole(name, "cooldown", cooldown, 0, "give 0 steps or more")
        self.min_lr = numbers(name, "min_lr", min_lr, "0 or more", len(groups))
        self.eps = number(name, "eps", eps, "0 or more")
        self.lrs = np.array([group["lr"] for group in groups], float)
        self.memory = self._nothing()
        super().__init__(optimizer, self.lrs)

    def rate(self, t: int) -> Array:
        """The rates as they are: what they will be is for the metric to say."""
        return self.lrs

    def step(self, metric: float | None = None) -> None:
        """One unit of time has passed, and `metric` is what it led to."""
        if metric is None:
            raise TypeError(f"{self.name}.step: no metric; give one, as step(validation_loss)")
        found = np.array(self.get_last_lr(), float)
        self.memory, self.lrs = self._after(self.memory, found, float(metric))
        super().step()

    def preview(self, steps: int, metrics: Iterable[float] = ()) -> Array:
        """The rates for t = 0 ... steps - 1, from the beginning, if these will be the metrics.

        Shape (steps,), or (steps, groups) if there are several. Nothing is changed by it. Raises
        ValueError for fewer than 1 step.
        """
        count = whole(f"{self.name}.preview", "steps", steps, 1, "give 1 step or more")
        given = [float(metric) for metric in metrics] or [0.0]
        memory, rates = self._nothing(), self.base_lrs
        found = [rates]
        for metric in islice(chain(given, repeat(given[-1])), count - 1):
            memory, rates = self._after(memory, rates, metric)
            found.append(rates)
        return table([rates.tolist() for rates in found])

    def _nothing(self) -> Memory:
        """What is remembered before the first step."""
        return Memory(best=self._sign * math.inf)

    def _after(self, was: Memory, rates: Array, metric: float) -> tuple[Memory, Array]:
        """What is remembered, and the rates, after a step that led to `metric`."""
        if self._better(metric, was.best):
            now = replace(was, best=metric, bad=0)
        else:
            now = replace(was, bad=was.bad + 1)
        if now.cooldown:
            now = replace(now, cooldown=now.cooldown - 1, bad=0)
        if now.bad <= self.patience:
            return now, rates
        smaller = np.maximum(rates * self.factor, self.min_lr)
        now = replace(now, cooldown=self.cooldown, bad=0)
        return now, np.where(rates - smaller > self.eps, smaller, rates)

    def _better(self, metric: float, best: float) -> bool:
        margin = self.threshold
        if self.threshold_mode == "rel":
            return self._sign * metric < self._sign * best * (1 - self._sign * margin)
        return self._sign * metric < self._sign * best - margin

    def state_dict(self) -> dict[str, Any]:
        """Where it stands: t, what is remembered, and the rates."""
        return {**super().state_dict(), "lrs": self.lrs.tolist(), "memory": asdict(self.memory)}

    def check_state(self, state: Any) -> None:
        """Raise ValueError or TypeError where the state cannot be restored."""
        super().check_state(state)
        op, memory = f"{self.name}.load_state_dict", state["memory"]
        numbers(op, "lrs", list(state["lrs"]), "0 or more", len(self.lrs))
        if not isinstance(memory, Mapping) or set(memory) != set(asdict(self.memory)):
            raise ValueError(f"{op}: memory is {memory!r:.60}; give what state_dict() gave")

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state that was checked."""
        super().restore(state)
        self.lrs = np.array(state["lrs"], float)
        memory = state["memory"]
        self.memory = Memory(float(memory["best"]), int(memory["bad"]), int(memory["cooldown"]))
