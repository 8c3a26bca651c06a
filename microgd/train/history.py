"""History: what training measured, in a row for each epoch or each step."""

import csv
import math
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np

from microgd.graph import Array
from microgd.names import choose

GRAD_NORM = "grad_norm"  # of all gradients; after it a dot and a path: of one parameter's
_PART = f"{GRAD_NORM}."
_WHOLE = ("epoch", "step")
_SHOWN = 10  # rows of a repr


class History:
    """The record of a run: a row for each epoch (or each step), a column for each quantity.

    epoch, step       which one, from 1; `step` counts on through all epochs
    loss, accuracy    mean over the rows of the epoch (or of the step's batch), each measured
                      before the step that its batch led to
    val_loss, ...     the same on the validation data, after the epoch
    lr                learning rate; `lr.0`, `lr.1`, ... where there are several groups
    grad_norm         Euclidean norm of the last batch's whole gradient, as backward gave it
    grad_norm.<path>  of one parameter's part of it, as the optimizer took it: after clipping and
                      whatever else callbacks did to it

    `history["loss"]` is a column as an array, `history[-1]` a row, and a loop goes through the
    rows. A quantity that a row does not have is NaN. `interrupted` tells whether Ctrl-C ended the
    run. Raises ValueError for an `every` or a column that there is not.

    >>> history = History()
    >>> history.record({"epoch": 1, "loss": 0.5})
    >>> history.record({"epoch": 2, "loss": 0.25})
    >>> history["loss"]
    array([0.5 , 0.25])
    >>> history[-1]
    {'epoch': 2, 'loss': 0.25}
    """

    def __init__(self, every: str = "epoch") -> None:
        self.every = choose("history: every", every, {"epoch": "epoch", "step": "step"})
        self.interrupted = False
        self.epoch = 0  # epochs completed
        self.step = 0  # steps taken
        self.rows = 0  # rows of the data seen in the epoch under way
        self.sums: dict[str, float] = {}  # over these rows
        self._columns: dict[str, list[float]] = {}

    # Reading

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._columns)

    @property
    def grad_norms(self) -> dict[str, Array]:
        """The columns of gradient norms by parameter path, as ``layers.2.weight``."""
        names = [name for name in self._columns if name.startswith(_PART)]
        return {name.removeprefix(_PART): self[name] for name in names}

    @overload
    def __getitem__(
        self,
        key: str,
    ) -> Array: ...

    @overload
    def __getitem__(
        self,
        key: int,
    ) -> dict[str, float]: ...

    def __getitem__(self, key: str | int) -> Array | dict[str, float]:
        if isinstance(key, str):
            column = choose("history: column", key, self._columns)
            return np.array(column, np.int64 if key in _WHOLE else np.float64)
        if not -len(self) <= key < len(self):
            raise IndexError(f"history: row {key} of {len(self)}")
        return {name: column[key] for name, column in self._columns.items()}

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self._columns.values()), ()))

    def __iter__(self) -> Iterator[dict[str, float]]:
        return (self[i] for i in range(len(self)))

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write the columns' names and then the rows; numbers to the last digit, NaN as nothing.

        Raises OSError where no file can be written.
        """
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self._columns)
            for row in zip(*self._columns.values(), strict=True):
                writer.writerow(["" if math.isnan(value) else repr(value) for value in row])

    # Writing

    def record(self, row: Mapping[str, float]) -> None:
        """Add a row. A column that is new is NaN above it, and one that `row` lacks in it."""
        count = len(self)
        for name in row:
            if name not in self._columns:
                self._columns[name] = [math.nan] * count
        for name, column in self._columns.items():
            column.append(row.get(name, math.nan))

    def amend(self, row: Mapping[str, float]) -> None:
        """Put these values into the last row, or into a first one."""
        if not len(self):
            self.record(row)
        for name, value in row.items():
            self._columns.setdefault(name, [math.nan] * len(self))[-1] = value

    # Saving and loading

    def state_dict(self) -> dict[str, Any]:
        """The columns as arrays, the counters, and the sums of the epoch under way."""
        return {
            "every": self.every,
            "epoch": self.epoch,
            "step": self.step,
            "rows": self.rows,
            "sums": dict(self.sums),
            "columns": {name: self[name] for name in self._columns},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken.

        Raises ValueError, and changes nothing, where it is malformed or of another `every`.
        """
        mine = self.state_dict()
        if set(state) != set(mine):
            raise ValueError(f"history: the state has {sorted(state)}; expected {sorted(mine)}")
        if state["every"] != self.every:
            raise ValueError(
                f"history: the state has a row every {state['every']!s:.20}, and here one is"
                f" wanted every {self.every}; give every={state['every']!r:.20}"
            )
        columns = {name: np.asarray(column).tolist() for name, column in state["columns"].items()}
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError("history: the state's columns differ in length")
        epoch, step, rows = (int(state[name]) for name in ("epoch", "step", "rows"))
        sums = {name: float(value) for name, value in state["sums"].items()}
        self.epoch, self.step, self.rows, self.sums = epoch, step, rows, sums
        self._columns = columns

    def __repr__(self) -> str:
        counts = [(self.epoch, "epoch"), (self.step, "step")]
        said = ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
        head = f"History({said}{', interrupted' if self.interrupted else ''})"
        names = [name for name in self._columns if not name.startswith(_PART)]
        left_out = len(self._columns) - len(names)
        table = [names, *_middle_out([_cells(row, names) for row in self])]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in table]
        more = [f"and .grad_norms of {left_out} parameters"] if left_out else []
        return "\n  ".join([head, *(lines if names else []), *more])


def _cells(row: Mapping[str, float], names: list[str]) -> list[str]:
    return [str(row[name]) if name in _WHOLE else f"{row[name]:.4g}" for name in names]


def _middle_out(rows: list[list[str]]) -> list[list[str]]:
    """The first and last rows, with dots for those between."""
    if len(rows) <= _SHOWN:
        return rows
    half = _SHOWN // 2
    return [*rows[:half], ["..."] * len(rows[0]), *rows[-half:]]
