"""All that a run is made of, from its options, before any work is done."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import typer

from microgd import optim
from microgd.arguments import whole
from microgd.cli.training import data, network, rule
from microgd.cli.training.data import Given
from microgd.cli.training.network import Learner
from microgd.cli.training.options import Options
from microgd.cli.training.remedies import remedies
from microgd.cli.training.spec import Spec
from microgd.data import Batches
from microgd.graph import Array
from microgd.names import choose
from microgd.train import Callback, Curriculum, EarlyStopping, Scheduled
from microgd.train.history import GRAD_NORM
from microgd.train.metrics import Metric, mae


@dataclass(frozen=True)
class Plan:
    """What `fit` is given, and lines that say it.

    settings  what a resumed run must share, by option
    """

    given: Given
    learner: Learner
    optimizer: optim.Optimizer
    batches: Batches
    epochs: int
    callbacks: list[Callback]
    metrics: dict[str, Metric] | list[str]
    settings: dict[str, Any]
    lines: dict[str, str]


def plan(options: Options) -> Plan:
    """Decide everything. Raises BadParameter for the first option that cannot work."""
    _whole("--epochs", options.epochs, 1, "give 1 or more, such as 20")
    _whole("--seed", options.seed, 0, "give 0 or more")
    if options.every not in {"epoch", "step"}:
        raise typer.BadParameter(
            f"{options.every!r} is unknown; give epoch or step", param_hint="--every"
        )
    given = data.given(options, network.dtype(options))
    learner = network.learner(options, given)
    optimizer = rule.rule(options, learner.model)
    batches = _batches(options, learner)
    monitor = "val_loss" if learner.held_out else "loss"
    cures = remedies(options, given, learner, monitor)
    for cure in cures.values():
        if isinstance(cure, Curriculum):
            first = np.arange(cure.count(0.0, batches.rows))
            Spec("--curriculum", Curriculum).trying(partial(batches.select, first))
            batches.select(None)
    said = rule.described(optimizer)
    callback, depends, schedule = rule.scheduled(options, optimizer, len(batches), monitor)
    metrics = _metrics(given)
    for one in (*cures.values(), callback):
        if isinstance(one, EarlyStopping | Scheduled):
            option = "--early-stopping" if isinstance(one, EarlyStopping) else "--schedule"
            _check_monitor(option, one.monitor, [*metrics], learner)
    settings = {**options.settings(), "digest": given.digest}
    if not depends:
        del settings["epochs"]  # a finished run may be prolonged
    whole_batch = batches.size == batches.rows
    rows = ", all rows at once" if whole_batch else f" in batches of {batches.size}"
    times = f"{options.epochs} epoch{'s' if options.epochs > 1 else ''}{rows}"
    lines = {
        "data": data.described(given),
        "network": learner.said[0],
        "loss": learner.said[1],
        "optimizer": said,
        "schedule": schedule,
        "remedies": "; ".join(cures),
        "training": f"{times}, seed {options.seed}",
    }
    return Plan(
        given, learner, optimizer, batches, options.epochs,
        [*cures.values(), *([callback] if callback else [])],
        metrics,
        settings, lines,
    )  # fmt: skip


def _batches(options: Options, learner: Learner) -> Batches:
    x, y = learner.train
    text, size = options.batch_size.strip().lower(), None
    if text != "all":
        size = _whole("--batch-size", text, 1, "give 1 or more, or all")
        size = min(size, len(x))
    # A last batch of one row has no variance to normalise by; a curriculum changes what is left
    left = options.curriculum is not None or (size is not None and len(x) % size == 1)
    return Batches(
        x, y, size, shuffle=not options.no_shuffle, rng=options.seed,
        drop_last=options.norm == "batch" and left,
    )  # fmt: skip


def _whole(option: str, value: int | str, least: int, way_out: str) -> int:
    try:
        return whole(option, "it", int(value), least, way_out)
    except ValueError as error:
        said = (
            f"{value!r} is no number; {way_out}"
            if isinstance(value, str)
            else f"{value}; {way_out}"
        )
        raise typer.BadParameter(said, param_hint=option) from error


def _check_monitor(option: str, monitor: str, metrics: list[str], learner: Learner) -> None:
    """Raise BadParameter for a column that the history is not going to have."""
    measured = ["loss", *metrics]
    measured += [f"val_{name}" for name in measured] if learner.held_out else []
    norms = [f"{GRAD_NORM}.{name}" for name, _ in learner.model.named_parameters()]
    if monitor not in norms:
        known = dict.fromkeys([*measured, GRAD_NORM, "lr"])
        Spec(option, choose).trying(lambda: choose("monitor", monitor, known))


def _metrics(given: Given) -> dict[str, Metric] | list[str]:
    """What is measured beside the loss: errors of quantities in the units that they came in."""
    if given.train.classes:
        return ["accuracy"]
    units = given.units
    if units is None:
        return ["mae"]

    def in_units(outputs: Array, targets: Array) -> Array:
        return mae(units.undo(outputs), units.undo(targets))

    return {"mae": in_units}
