"""The training loop: forward, loss, backward, step, epoch after epoch."""

import warnings
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from os import PathLike
from typing import Any

from microgd.data._check import Rng, whole
from microgd.data.batches import Batches
from microgd.data.dataset import Dataset
from microgd.nn import Module, cross_entropy
from microgd.optim import Optimizer
from microgd.train import callbacks as calls
from microgd.train.callbacks import Callback, Run
from microgd.train.checkpoint import Checkpoint, load_checkpoint
from microgd.train.evaluate import Pair, mode, pair
from microgd.train.history import History
from microgd.train.interrupt import stops
from microgd.train.loop import Loop
from microgd.train.metrics import Metrics
from microgd.train.progress import reporter

_BATCH_SIZE = 32


def fit(
    model: Module,
    data: Dataset | tuple[Any, Any] | Batches,
    optimizer: Optimizer,
    loss: Callable[[Any, Any], Any] = cross_entropy,
    epochs: int = 10,
    *,
    batch_size: int | None = _BATCH_SIZE,
    shuffle: bool = True,
    rng: Rng = 0,
    validation: Pair | None = None,
    metrics: Metrics = None,
    callbacks: Iterable[Callback] = (),
    every: str = "epoch",
    progress: bool = True,
    resume: str | PathLike[str] | None = None,
) -> History:
    """Train `model` on `data` with `optimizer`, and tell how it went.

    data        a Dataset, a pair (x, y), or Batches of one's own; the first two are put into
                batches of `batch_size` rows (None: all at once), shuffled by `rng` in each epoch
    loss        of (outputs, targets): one number, the mean over the rows of the batch
    epochs      times through the data, those of a resumed run included
    validation  a Dataset or a pair (x, y) to be judged on after each epoch, without learning
    metrics     names (``["accuracy"]``), or a dict of functions of the arrays (outputs, targets)
                that give one number a row or their mean; without it the accuracy, if the targets
                are labels of several classes
    callbacks   what else to do, see `Callback`; in the order given, but `Checkpoint` last, for it
                saves what the others remember
    every       a row of the history for each "epoch" or for each "step"
    progress    whether to report on the error stream: a bar on a terminal, lines in a log
    resume      a file that `Checkpoint` wrote, from which to go on, to the bit

    Ctrl-C ends the run after the step under way, with the history so far (`interrupted` is then
    True); a second one at once. The model trains as in `model.train()`, and has its own mode back
    afterwards. Raises NotFiniteError, with all parameters as before the step, when the loss or a
    gradient is not finite; CheckpointError for a `resume` that does not fit; TypeError or
    ValueError for data, options or an optimizer that cannot work.

    >>> from microgd import data, nn, optim
    >>> model = nn.MLP([2, 16, 2], rng=0)
    >>> moons = data.moons(200, rng=0)
    >>> history = fit(model, moons, optim.Adam(model.parameters(), lr=0.01), epochs=30,
    ...               progress=False)
    >>> bool(history["accuracy"][-1] > 0.8)
    True
    """
    _check(model, optimizer)
    if not callable(loss):
        raise TypeError(f"fit: loss is {loss!r:.60}; give a function such as nn.cross_entropy")
    run = Run(
        model=model,
        optimizer=optimizer,
        batches=_batches(data, batch_size, rng, shuffle=shuffle),
        history=History(every),
        epochs=whole("fit", "epochs", epochs, 1, "give 1 or more"),
        callbacks=_checkpoints_last(calls.check("fit", callbacks)),
    )
    validated = None if validation is None else pair("fit: validation", validation)
    if resume is not None:
        load_checkpoint(resume, **run.parts())
    if progress:
        run.callbacks = (reporter(), *run.callbacks)
    with ExitStack() as stack:
        stack.enter_context(mode(model, training=True))
        stack.enter_context(stops(run))
        loop = Loop(run, loss, metrics, validated)
        try:
            for callback in run.callbacks:
                callback.on_train_begin(run)
                stack.callback(callback.on_train_end, run)
            while run.history.epoch < run.epochs and not run.stop:
                loop.epoch()
        except BaseException:
            run.failed = True
            raise
    return run.history


def _check(model: Any, optimizer: Any) -> None:
    """Raise TypeError or ValueError unless `optimizer` can train `model`."""
    if not isinstance(model, Module):
        raise TypeError(f"fit: model is {model!r:.60}; give a Module, such as nn.MLP")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer is {optimizer!r:.60}; give one such as optim.Adam(model.parameters())"
        )
    ours = {id(p): path for path, p in model.named_parameters()}
    if not ours:
        raise ValueError(
            f"fit: {type(model).__name__} has no parameters, so nothing can be learned"
        )
    theirs = {id(p) for group in optimizer.param_groups for p in group["params"]}
    way_out = f"make it anew, with optim.{optimizer.name}(model.parameters())"
    if theirs.isdisjoint(ours):
        raise ValueError(
            f"fit: {optimizer.name} holds none of the model's {len(ours)} parameters; {way_out}"
        )
    left_out = [path for number, path in ours.items() if number not in theirs]
    if left_out and theirs - set(ours):
        warnings.warn(
            f"fit: {optimizer.name} holds parameters that are not the model's, and not"
            f" {', '.join(left_out)}, as if the model was changed after it was made; {way_out}",
            stacklevel=3,
        )


def _checkpoints_last(callbacks: tuple[Callback, ...]) -> tuple[Callback, ...]:
    """What an epoch or step taught the others is then in the file."""
    return tuple(sorted(callbacks, key=lambda callback: isinstance(callback, Checkpoint)))


def _batches(data: Any, batch_size: int | None, rng: Rng, *, shuffle: bool) -> Batches:
    """The data in batches. Raises TypeError for what is no data, or for two ways of batching."""
    if not isinstance(data, Batches):
        x, y = pair("fit", data)
        return Batches(x, y, batch_size, shuffle=shuffle, rng=rng)
    if (batch_size, shuffle) != (_BATCH_SIZE, True) or rng != 0:
        raise TypeError(
            "fit: data is Batches, which have their own size, order and generator; leave out"
            " batch_size, shuffle and rng"
        )
    return data
