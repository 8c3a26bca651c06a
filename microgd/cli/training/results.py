"""What came of a run: as a table, as a document, and in files."""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microgd.cli.training.options import Options
from microgd.cli.training.plan import Plan
from microgd.draw.tables import number, table
from microgd.draw.terminal import console, paragraph
from microgd.train import EarlyStopping, History, evaluate
from microgd.train.history import GRAD_NORM

ENDINGS = {"done": "", "early": "Stopped early, after ", "interrupted": "Interrupted after "}


@dataclass(frozen=True)
class Result:
    """A run that came to an end: how, and what the network is worth now.

    measured  loss and metrics of the rows learned from and of those for validation
    best      the epoch whose weights were taken back; None: the last ones stayed
    """

    history: History
    ending: str
    measured: Mapping[str, Mapping[str, float]]
    best: int | None


def result(plan: Plan, history: History) -> Result:
    """Judge the network as it is now, without learning."""
    learner = plan.learner
    parts = {"training": learner.train, "validation": learner.held_out}
    measured = {
        name: evaluate(learner.model, part, learner.loss, metrics=plan.metrics)
        for name, part in parts.items()
        if part is not None
    }
    stop = next((c for c in plan.callbacks if isinstance(c, EarlyStopping)), None)
    early = stop is not None and stop.stopped and history.epoch < plan.epochs
    ending = "interrupted" if history.interrupted else "early" if early else "done"
    restored = stop is not None and stop.restore_best and stop.waited and not history.interrupted
    return Result(history, ending, measured, stop.best_epoch if stop and restored else None)


def show(plan: Plan, found: Result, quiet: bool) -> None:
    """Print it."""
    screen = console()
    headers = list(next(iter(found.measured.values())))
    rows = table("", *headers)
    for name, values in found.measured.items():
        cells = [_cell(header, values[header]) for header in headers]
        rows.add_row(name, *cells)
    if not quiet and sys.stderr.isatty():
        screen.print()  # below the bar
    paragraph(screen, rows)
    if not quiet and found.ending != "interrupted":  # which the progress has said
        paragraph(screen, sentence(plan, found))


def sentence(plan: Plan, found: Result) -> str:
    """How it ended."""
    history = found.history
    epochs = f"{history.epoch}{'' if found.ending == 'done' else f' of {plan.epochs}'}"
    counts = f"{_counted(epochs, 'epoch')}, {_counted(f'{history.step:,}', 'step')}"
    said = f"{ENDINGS[found.ending]}{counts}."
    if found.best:
        said += f" The weights are those of epoch {found.best}, the best one."
    if len(history):
        first, last = (number(history[GRAD_NORM][row]) for row in (0, -1))
        said += f" Norm of the gradient: {first} at first, {last} at last."
    return said


def _counted(number: str, what: str) -> str:
    return f"{number} {what}{'' if number == '1' else 's'}"


def _cell(name: str, value: float) -> str:
    return f"{100 * value:.1f} %" if name == "accuracy" else number(value)


def document(plan: Plan, options: Options, found: Result) -> str:
    """All of it as JSON, which has no NaN and no infinity."""
    given, history = plan.given, found.history
    whole = {
        "data": {
            "name": given.train.name,
            "training": len(given.train.x),
            "validation": 0 if given.held_out is None else len(given.held_out.x),
            "features": list(given.train.features),
            "classes": list(given.train.classes),
        },
        "network": {
            "sizes": list(plan.learner.sizes),
            "parameters": sum(p.size for p in plan.learner.model.parameters()),
        },
        "options": options.settings(),
        "optimizer": plan.lines["optimizer"],
        "ending": found.ending,
        "epochs": history.epoch,
        "steps": history.step,
        "best_epoch": found.best,
        "result": {name: dict(part) for name, part in found.measured.items()},
        "history": {name: history[name].tolist() for name in history.columns},
    }
    return json.dumps(plain(whole), indent=2, allow_nan=False)


def plain(value: Any) -> Any:
    """A document with nothing in it that JSON has not: null for what is not finite."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
