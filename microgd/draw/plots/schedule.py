"""Learning rates to come: what one schedule, or several side by side, will do."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from microgd.draw.plots.curves import curves
from microgd.draw.plots.history import FEW
from microgd.draw.plots.theme import named
from microgd.optim import Schedule, SequentialLR


def schedule(
    plans: Schedule | Iterable[Schedule] | Mapping[str, Schedule],
    steps: int,
    log: Literal["", "x", "y", "xy"] = "",
    **options: Any,
) -> Any:
    """The learning rates for t = 0 ... steps - 1, before any of the steps is taken.

    plans    a schedule, several, or several by name; each group of parameters has its curve
    log      the axes that are logarithmic, as "y"
    options  of the Bokeh figure, as ``height=420``

    The schedules and their optimizers are left as they are. What a ReduceLROnPlateau will do
    depends on its metric; it is drawn for one that gets no better.

    Returns a Bokeh figure, which a notebook shows and ``.save(path)`` writes. Raises TypeError for
    what is no schedule, and ValueError for fewer than 1 step.

    >>> from microgd import nn, optim
    >>> rule = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
    >>> warm_up, down = optim.LinearLR(rule, total_iters=10), optim.CosineAnnealingLR(rule, 90)
    >>> schedule(optim.SequentialLR(rule, [warm_up, down], [10]), steps=100).title.text
    'Learning rate'
    """
    lines = {}
    for name, plan in _named(plans).items():
        rates = plan.preview(steps).reshape(steps, -1).T
        for group, line in enumerate(rates):
            called = f"group {group}: {name}" if len(rates) > 1 else name
            lines[called] = (range(steps), line.tolist())
    x, y = "steps of the schedule", "learning rate"
    return curves(lines, "Learning rate", x, y, log, stairs=steps <= FEW, **options)


def _named(plans: Any) -> dict[str, Schedule]:
    """The schedules by name; those without one by their kind."""
    if isinstance(plans, Schedule):
        plans = [plans]
    if not isinstance(plans, Iterable):
        raise TypeError(_no_schedule(plans))
    given = list(plans.values()) if isinstance(plans, Mapping) else list(plans)
    for plan in given:
        if not isinstance(plan, Schedule):
            raise TypeError(_no_schedule(plan))
    if not given:
        raise ValueError("draw.schedule: there are no schedules; give at least one")
    kinds = [_kind(plan) for plan in given]
    own = [k if kinds.count(k) == 1 else str(p) for k, p in zip(kinds, given, strict=True)]
    return dict(zip(named(plans if isinstance(plans, Mapping) else own), given, strict=True))


def _kind(plan: Schedule) -> str:
    if isinstance(plan, SequentialLR):
        return ", ".join(map(_kind, plan.schedulers))
    return f"{plan.name}, no progress" if plan.needs_metric else plan.name


def _no_schedule(found: Any) -> str:
    return (
        f"draw.schedule: {found!r:.60} is no schedule; give one such as"
        " optim.CosineAnnealingLR(optimizer, T_max=10), or several"
    )
