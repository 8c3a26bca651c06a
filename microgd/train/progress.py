"""Progress: a bar on a terminal, plain lines in a log, both on the error stream."""

import math
import sys
from time import monotonic
from typing import Any

from microgd.train.callbacks import Callback, Run

_LINES = 20  # of a log, about
_SECONDS = 0.1  # between two looks of the bar
_MEASURED = ("loss", "accuracy", "val_loss", "val_accuracy")


def reporter() -> Callback:
    """What suits the error stream: `Bar` on a terminal that can move its cursor, else `Lines`."""
    if sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)
        if not console.is_dumb_terminal:
            return Bar(console)
    return Lines()


class Lines(Callback):
    """A line after an epoch: all of them in a short run, and about twenty in a long one."""

    def on_epoch_end(self, run: Run) -> None:
        """Write a line, if it is time."""
        done, every = run.history.epoch, math.ceil(run.epochs / _LINES)
        if done == 1 or done % every == 0 or done == run.epochs:
            _write(f"epoch {done:>{len(str(run.epochs))}}/{run.epochs}  {_measured(run)}")

    def on_train_end(self, run: Run) -> None:
        """Say so if it was interrupted."""
        if run.history.interrupted:
            _write(_interrupted(run))


class Bar(Callback):
    """A bar of rich that fills with the steps, beside what the last epoch measured."""

    def __init__(self, console: Any) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as TimeLeft

        self.bar = Progress(
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TimeLeft(elapsed_when_finished=True),
            TextColumn("{task.fields[measured]}", markup=False),
            console=console,
            auto_refresh=False,  # no thread beside the one that computes
        )
        self.next = 0.0

    def on_train_begin(self, run: Run) -> None:
        """Show it."""
        self.task = self.bar.add_task("", total=run.epochs, measured="")
        self.bar.start()
        self._show(run, run.history.epoch)

    def on_batch_end(self, run: Run) -> None:
        """Fill it further, a few times a second."""
        if monotonic() >= self.next:
            self.next = monotonic() + _SECONDS
            self._show(run, run.history.epoch + run.batches.position / len(run.batches))

    def on_epoch_end(self, run: Run) -> None:
        """Show what was measured, at the latest at the next look."""
        if run.history.epoch == run.epochs:
            self._show(run, run.epochs)

    def on_train_end(self, run: Run) -> None:
        """Leave it as it stands."""
        self._show(run, run.history.epoch)
        self.bar.stop()
        if run.history.interrupted:
            _write(_interrupted(run))

    def _show(self, run: Run, epochs: float) -> None:
        self.bar.update(self.task, completed=epochs, measured=_measured(run), refresh=True)


def _measured(run: Run) -> str:
    """The last row's losses and accuracies, those that are known."""
    row = run.history[-1] if len(run.history) else {}
    known = [(name, row[name]) for name in _MEASURED if not math.isnan(row.get(name, math.nan))]
    return "  ".join(
        f"{name} {value:.1%}" if name.endswith("accuracy") else f"{name} {value:.4f}"
        for name, value in known
    )


def _interrupted(run: Run) -> str:
    return f"interrupted after step {run.history.step}, {run.history.epoch} of {run.epochs} epochs"


def _write(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
