"""Callbacks: what else is done while a model trains, and the run that they look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from microgd.data.batches import Batches
from microgd.graph import Array
from microgd.nn import Module
from microgd.optim import Optimizer
from microgd.tensor import Tensor
from microgd.train.history import History


@dataclass(eq=False, slots=True)
class Run:
    """Where a training run stands; every callback is given it.

    epoch, step  those under way, from 1; `step` counts on through all epochs
    x, y         the batch
    loss         its mean loss
    graph        the loss as a Tensor, with all that it was computed from: from `on_backward_end`
                 to the step, else None
    stop         set it to True, and training ends after this step
    failed       whether training ended by an error, for `on_train_end` to know
    """

    model: Module
    optimizer: Optimizer
    batches: Batches
    history: History
    epochs: int
    callbacks: tuple["Callback", ...] = ()
    epoch: int = 0
    step: int = 0
    x: Array | None = None
    y: Array | None = None
    loss: float = float("nan")
    graph: Tensor | None = None
    stop: bool = False
    failed: bool = False

    def parts(self) -> dict[str, Any]:
        """All that has a state, by name: what a checkpoint is made of.

        >>> from microgd.train import save_checkpoint
        >>> class Keep(Callback):
        ...     def on_epoch_end(self, run):
        ...         save_checkpoint("run.npz", **run.parts())
        """
        found: dict[str, Any] = {
            "model": self.model,
            "optimizer": self.optimizer,
            "batches": self.batches,
            "history": self.history,
        }
        for callback in self.callbacks:
            if overrides(callback, "state_dict"):
                name = type(callback).__name__
                same = sum(key.split(".")[0] == name for key in found)
                found[f"{name}.{same}" if same else name] = callback
        return found


class Callback:
    """Something to do while a model trains: override the moments that matter.

        on_train_begin                                 before the first epoch
            on_epoch_begin                             not again where a resumed run goes on midway
                on_batch_begin                         the batch is in `run.x`, `run.y`
                    forward, loss, backward
                on_backward_end                        gradients are new: clip them here
                    optimizer.step()
                on_batch_end                           the step is done and counted
            on_epoch_end                               the epoch's row is in `run.history`
        on_train_end                                   however it ended; see `run.failed`

    Callbacks are called in the order given, and in the opposite order at the end; a `Checkpoint`
    is called as the last, and at the end as the first. One that remembers things gives them out in
    `state_dict`, and checkpoints then hold them.

    >>> class Enough(Callback):
    ...     def on_batch_end(self, run):
    ...         run.stop = run.loss < 0.1
    """

    def on_train_begin(self, run: Run) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, run: Run) -> None:
        """Before the first batch of an epoch."""

    def on_batch_begin(self, run: Run) -> None:
        """Before the forward pass."""

    def on_backward_end(self, run: Run) -> None:
        """Between the backward pass and the step."""

    def on_batch_end(self, run: Run) -> None:
        """After the step."""

    def on_epoch_end(self, run: Run) -> None:
        """After the last batch of an epoch and the validation."""

    def on_train_end(self, run: Run) -> None:
        """When training ends."""

    def state_dict(self) -> dict[str, Any]:
        """What is remembered from step to step: numbers, text, arrays, lists and dicts of them."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember what `state_dict` gave."""


def overrides(callback: Callback, name: str) -> bool:
    """Whether the class of a callback has its own method of this name."""
    return getattr(type(callback), name) is not getattr(Callback, name)


def check(op: str, callbacks: Iterable[Any]) -> tuple[Callback, ...]:
    """`callbacks` as a tuple. Raises TypeError for what is no Callback."""
    if isinstance(callbacks, Callback):
        return (callbacks,)
    given = tuple(callbacks)
    for number, callback in enumerate(given):
        if isinstance(callback, type):
            raise TypeError(
                f"{op}: callback {number} is the class {callback.__name__}; make one of it:"
                f" {callback.__name__}()"
            )
        if not isinstance(callback, Callback):
            raise TypeError(
                f"{op}: callback {number} is {callback!r:.60}; give objects of classes derived"
                " from mg.train.Callback"
            )
    return given
