"""Checkpoints: a whole run in one file, from which it goes on to the bit."""

import copy
import glob
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from microgd.data._check import whole
from microgd.data.batches import Batches
from microgd.names import choose
from microgd.nn import Module
from microgd.optim import Optimizer
from microgd.train.archive import CheckpointError, pack, unpack
from microgd.train.callbacks import Callback, Run
from microgd.train.history import History

__all__ = ["Checkpoint", "CheckpointError", "load_checkpoint", "save_checkpoint"]

Place = str | PathLike[str]


def save_checkpoint(
    path: Place,
    model: Module,
    optimizer: Optimizer | None = None,
    batches: Batches | None = None,
    history: History | None = None,
    **others: Any,
) -> None:
    """Write the state of all that is given into the file `path`.

    model      parameters, buffers, and the random generators that its parts hold
    optimizer  moments, step counts and options
    batches    generator, order and place in the data; inside a loop over them, call it after
               the step
    history    rows, and the sums of the epoch under way
    others     ``rng=generator``, or any object with `state_dict` and `load_state_dict`

    The file is an npz without pickles: `np.load(path)["model/layers.0.weight"]` is a weight. It
    is written beside `path` and then put in its place, so `path` is whole at every moment. Raises
    TypeError for a state that holds more than numbers, text, arrays, and lists and dicts of them;
    CheckpointError if the file cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from microgd import nn, optim
    >>> model, again = nn.MLP([2, 3, 1], rng=0), nn.MLP([2, 3, 1], rng=1)
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(f"{folder}/run.npz", model, optim.Adam(model.parameters()))
    ...     load_checkpoint(f"{folder}/run.npz", again)
    >>> bool((again([1.0, 2.0]).data == model([1.0, 2.0]).data).all())
    True
    """
    parts = _parts(model, optimizer, batches, history, others)
    kinds = {name: type(part).__name__ for name, part in parts.items()}
    states = {name: _state(part) for name, part in parts.items()}
    _write_whole(Path(os.path.realpath(path)), pack(kinds, states))


def load_checkpoint(
    path: Place,
    model: Module,
    optimizer: Optimizer | None = None,
    batches: Batches | None = None,
    history: History | None = None,
    **others: Any,
) -> None:
    """Bring all that is given into the state that `save_checkpoint` wrote into `path`.

    The objects are made as they were before saving, from the same arguments; what the file holds
    besides is left alone. Raises CheckpointError for a file that is missing, no checkpoint, cut
    short, damaged, or of other objects than those given; all of them are then as they were.

    >>> from tempfile import TemporaryDirectory
    >>> from microgd import nn
    >>> model, again = nn.Linear(2, 1, rng=0), nn.Linear(2, 1, rng=1)
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(f"{folder}/run.npz", model)
    ...     load_checkpoint(f"{folder}/run.npz", again)
    >>> bool((again.weight.data == model.weight.data).all())
    True
    """
    parts = _parts(model, optimizer, batches, history, others)
    kinds, states = unpack(path)
    for name, part in parts.items():
        if name not in states:
            raise CheckpointError(
                f"load_checkpoint: {path} holds {', '.join(states)}, and no {name}; leave {name}"
                " out, or save it as well"
            )
        there, here = kinds[name], type(part).__name__
        if there != here and part is not model:
            raise CheckpointError(
                f"load_checkpoint: {path} holds the {name} of the kind {there}, and the one given"
                f" is {here}; make it of the kind that was saved"
            )
    _check_dtypes(path, model, states["model"])
    # What a part refuses, it refuses untouched, or is brought back. The batches come last, for
    # they alone would not be as before: a loop over them may be under way.
    order = sorted(parts, key=lambda name: name == "batches")
    before: dict[str, Any] = {}
    try:
        for name in order:
            if name != "batches":
                before[name] = _state(parts[name])
            _load(parts[name], states[name])
    except BaseException as error:
        for earlier, state in before.items():
            _load(parts[earlier], state)
        if not isinstance(error, Exception):
            raise
        reason = error.args[0] if isinstance(error, KeyError) and error.args else error
        raise CheckpointError(
            f"load_checkpoint: {path} does not fit the {name} given: {reason}"
        ) from error


class Checkpoint(Callback):
    """Save the whole run into `path` after every `every` epochs (or steps), and at the end.

    `fit(..., resume=path)` goes on from there. Ctrl-C and `run.stop` lose nothing; after an error
    the last good file stays, and so it does when the process is killed, in the midst of writing
    too. `each` is "epoch" or "step". Raises ValueError for an `every` below 1 or another `each`,
    and CheckpointError before training if no file can be written there.

    >>> keep = Checkpoint("run.npz", every=10)
    >>> keep_steps = Checkpoint("run.npz", every=500, each="step")
    """

    def __init__(self, path: Place, every: int = 1, each: str = "epoch") -> None:
        self.path = path
        self.each = choose("Checkpoint: each", each, {"epoch": "epoch", "step": "step"})
        self.every = whole("Checkpoint", "every", every, 1, f"give 1 {self.each} or more")
        self._saved = (-1, -1)  # step and epoch

    def on_train_begin(self, run: Run) -> None:
        """Find out now whether files can be written there."""
        folder = Path(os.path.realpath(self.path)).parent
        if not os.access(folder, os.W_OK):
            raise CheckpointError(f"Checkpoint: cannot write to {folder}; make the folder first")
        for left in _leftovers(Path(os.path.realpath(self.path))):
            left.unlink(missing_ok=True)
        self._saved = (run.history.step, run.history.epoch)

    def on_batch_end(self, run: Run) -> None:
        """Save, if it is time."""
        if self.each == "step" and run.history.step % self.every == 0:
            self._save(run)

    def on_epoch_end(self, run: Run) -> None:
        """Save, if it is time."""
        if self.each == "epoch" and run.history.epoch % self.every == 0:
            self._save(run)

    def on_train_end(self, run: Run) -> None:
        """Save what was done since."""
        if not run.failed and self._saved != (run.history.step, run.history.epoch):
            self._save(run)

    def _save(self, run: Run) -> None:
        save_checkpoint(self.path, **run.parts())
        self._saved = (run.history.step, run.history.epoch)


class _Generators:
    """The random generators that the parts of a model hold, such as those of dropout."""

    def __init__(self, model: Module) -> None:
        self.found = {
            f"{path}.{name}" if path else name: value
            for path, part in model.named_modules()
            for name, value in vars(part).items()
            if isinstance(value, np.random.Generator)
        }

    def state_dict(self) -> dict[str, Any]:
        return {path: _state(rng) for path, rng in self.found.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        if set(state) != set(self.found):
            raise ValueError(f"it has {sorted(self.found)}, and {sorted(state)} were saved")
        for path, rng in self.found.items():
            _load(rng, state[path])


def _parts(
    model: Module,
    optimizer: Optimizer | None,
    batches: Batches | None,
    history: History | None,
    others: Mapping[str, Any],
) -> dict[str, Any]:
    """What was given, by name."""
    if not isinstance(model, Module):
        raise TypeError(f"checkpoint: model is {model!r:.60}; give a Module")
    named = {"optimizer": optimizer, "batches": batches, "history": history, **others}
    for name, part in named.items():
        has_state = hasattr(part, "state_dict") and hasattr(part, "load_state_dict")
        if not (part is None or has_state or isinstance(part, np.random.Generator)):
            raise TypeError(
                f"checkpoint: {name} is {part!r:.60}; give a Generator, or an object with"
                " state_dict and load_state_dict"
            )
    given = {name: part for name, part in named.items() if part is not None}
    generators = _Generators(model)
    held = {"model.generators": generators} if generators.found else {}
    return {"model": model, **held, **given}


def _state(part: Any) -> Any:
    if isinstance(part, np.random.Generator):
        return copy.deepcopy(dict(part.bit_generator.state))
    return part.state_dict()


def _load(part: Any, state: Any) -> None:
    if isinstance(part, np.random.Generator):
        part.bit_generator.state = state
    else:
        part.load_state_dict(state)


def _check_dtypes(path: Place, model: Module, saved: Mapping[str, Any]) -> None:
    """Raise CheckpointError where a number would be rounded."""
    for name, value in model.state_dict().items():
        there = getattr(saved.get(name), "dtype", value.dtype)
        if there != value.dtype:
            raise CheckpointError(
                f"load_checkpoint: {path} holds {name} as {there}, and the model given has"
                f" {value.dtype}; make it with dtype=np.{there}"
            )


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside `path`, see it onto the disk, and put it in the place of `path`."""
    beside = path.with_name(f"{_beside(path)}{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise CheckpointError(
            f"save_checkpoint: cannot write {path}: {error.strerror}; is the folder there and"
            " writable, and the disk not full?"
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _beside(path: Path) -> str:
    """How the names of unfinished files begin."""
    return f".{path.name}."


def _leftovers(path: Path) -> list[Path]:
    """The unfinished files of writers that were killed."""
    return list(path.parent.glob(f"{glob.escape(_beside(path))}*.tmp"))
