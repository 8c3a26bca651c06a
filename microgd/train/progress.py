"""Progress: a bar on a terminal, plain lines in a log, both on the error stream."""

import math
import sys
from collections.abc import Mapping
from time import monotonic
from typing import Any

from microgd.norms import total
from microgd.train.callbacks import Callback, Run
from microgd.train.history import GRAD_NORM

_LINES = 20  # of a log, about
_SECONDS = 0.1  # between two looks of the bar
_BAR = 8  # columns; the numbers need the others
_COUNTS = ("epoch", "step", "lr", "examples")


def reporter() -> Callback:
    """What suits the error stream: `Bar` on a terminal that can move its cursor, else `Lines`."""
    if sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)
        if not console.is_dumb_terminal:
            return Bar(console)
    return Lines()


class Lines(Callback):
    """A line after an epoch: all of them in a short run, and about twenty in a long one.

    It says what the epoch's row of the history says; `grad_norm` is that of its last batch, before
    callbacks did anything to it.
    """

    def on_epoch_end(self, run: Run) -> None:
        """Write a line, if it is time."""
        done, every = run.history.epoch, math.ceil(run.epochs / _LINES)
        if done == 1 or done % every == 0 or done == run.epochs:
            said = "  ".join(_said(run.history[-1]))
            _write(f"epoch {done:>{len(str(run.epochs))}}/{run.epochs}  {said}")

    def on_train_end(self, run: Run) -> None:
        """Say so if it was interrupted."""
        if run.history.interrupted:
            _write(_interrupted(run))


class Bar(Callback):
    """A bar of rich that fills with the steps, beside what is measured meanwhile.

    The loss is the mean over the epoch so far and `grad_norm` that of the batch, before callbacks
    did anything to it; the rest is what the last epoch came to. What there is no room for is left
    out.
    """

    def __init__(self, console: Any) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as TimeLeft
        from rich.table import Column

        self.bar = Progress(
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=_BAR),
            TimeLeft(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[measured]}", markup=False, table_column=Column(no_wrap=True)),
            console=console,
            auto_refresh=False,  # no thread beside the one that computes
        )
        self.room = console.width - _BAR - len("epoch /  00:00 ")
        self.next = 0.0
        self.live: dict[str, float] = {}

    def on_train_begin(self, run: Run) -> None:
        """Show it."""
        self.task = self.bar.add_task("", total=run.epochs, measured="")
        self.bar.start()
        self._show(run, run.history.epoch)

    def on_backward_end(self, run: Run) -> None:
        """Measure the gradient, a few times a second."""
        if monotonic() >= self.next:
            self.live[GRAD_NORM] = total(p.gradient for p in run.model.parameters())

    def on_batch_end(self, run: Run) -> None:
        """Fill it further, a few times a second."""
        if monotonic() >= self.next:
            self.next = monotonic() + _SECONDS
            self.live["loss"] = run.history.sums["loss"] / run.history.rows
            self._show(run, run.history.epoch + run.batches.position / len(run.batches))

    def on_epoch_end(self, run: Run) -> None:
        """Show what was measured, at the latest at the next look."""
        self.live.clear()
        if run.history.epoch == run.epochs:
            self._show(run, run.epochs)

    def on_train_end(self, run: Run) -> None:
        """Leave it as it stands."""
        self._show(run, run.history.epoch)
        self.bar.stop()
        if run.history.interrupted:
            _write(_interrupted(run))

    def _show(self, run: Run, epochs: float) -> None:
        row = run.history[-1] if len(run.history) else {}
        room = self.room - 2 * len(str(run.epochs))
        said = ""
        for part in _said({**row, **self.live}):
            longer = f"{said}  {part}".lstrip()
            said = longer if len(longer) <= room else said
        self.bar.update(self.task, completed=epochs, measured=said, refresh=True)


def _said(row: Mapping[str, float]) -> list[str]:
    """What a row measured: loss, gradient, and then the rest, on validation data first."""
    first = ("loss", GRAD_NORM)
    others = [n for n in row if n not in first and n.split(".")[0] not in {*_COUNTS, GRAD_NORM}]
    others.sort(key=lambda name: (not name.startswith("val_"), not name.endswith("accuracy")))
    known = [name for name in (*first, *others) if not math.isnan(row.get(name, math.nan))]
    return [
        f"{name} {row[name]:.1%}" if name.endswith("accuracy") else f"{name} {_number(row[name])}"
        for name in known
    ]


def _number(value: float) -> str:
    """In four decimals, a very large or small one by its power of ten."""
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def _interrupted(run: Run) -> str:
    return f"interrupted after step {run.history.step}, {run.history.epoch} of {run.epochs} epochs"


def _write(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
