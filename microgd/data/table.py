"""Data of one's own: a table in a CSV file, or two arrays in an npz file, as a Dataset."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from microgd.data import _csv, _npz
from microgd.data._check import Array, floating
from microgd.data.dataset import Dataset

MOST_CLASSES = 20  # whole numbers with more different values are quantities
TASKS = ("classification", "regression")
_OP = "read_table"
_READERS = {".csv": _csv.read, ".tsv": _csv.read, ".txt": _csv.read, ".npz": _npz.read}


def read_table(
    path: str | PathLike[str],
    target: str | int | None = None,
    *,
    task: str | None = None,
    drop: Iterable[str | int] = (),
    header: bool | None = None,
    dtype: DTypeLike = np.float64,
) -> Dataset:
    r"""Read a table of examples, one a row: its numbers are the inputs, and one column the target.

    path    a .csv, .tsv or .txt file with commas, semicolons or tabs between its cells; or an
            .npz file with the arrays x (n, ...) and y (n,) or (n, k)
    target  the column to predict: its name, or its number, from 1, or from -1 at the end; without
            it the last one. In an npz file, the name of the array
    task    "classification" or "regression". Without it: a target of text is a class, and so is
            one of at most 20 different whole numbers; all other numbers are quantities
    drop    columns to leave out, by name or number
    header  whether the first line names the columns; without it, it does if it has no number in it
    dtype   of the numbers

    Shapes: x (n, inputs), or as it is in an npz file; y (n,) labels, with the values that they
    stand for in `classes`, sorted; or quantities (n, 1). Raises ValueError, with line and column,
    for a cell that is missing, NaN, infinite or no number, for lines that differ in length, an
    unknown column, a target that does not suit the task or has one class only; OSError for a file
    that cannot be read.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruit.csv")
    ...     _ = path.write_text("weight,width,kind\n150,7.1,apple\n160,7.3,apple\n90,5.5,lime")
    ...     fruit = read_table(path)
    >>> fruit
    Dataset(fruit: x (3, 2) float64, y (3,) int64, 2 classes)
    >>> fruit.features, fruit.classes, fruit.y
    (('weight', 'width'), ('apple', 'lime'), array([0, 0, 1]))
    """
    file, precision = Path(path), floating(_OP, dtype)
    if task is not None and task not in TASKS:
        raise ValueError(f"{_OP}: task is {task!r}; give one of {', '.join(TASKS)}")
    if file.suffix.lower() not in _READERS:
        raise ValueError(
            f"{_OP}: {file} ends in {file.suffix or 'nothing'!r}; give a file of"
            f" {', '.join(_READERS)}"
        )
    if not file.is_file():
        raise FileNotFoundError(f"{_OP}: there is no file {file}; is the path right?")
    read = _READERS[file.suffix.lower()]
    x, y, features, where = read(f"{_OP}: {file}", file, target, list(drop), header)
    classes: tuple[str, ...] = ()
    if task == "classification" or (task is None and _names_classes(y)):
        values, y = np.unique(y.reshape(len(y)) if y.size == len(y) else y, return_inverse=True)
        classes = tuple(_said(value) for value in values)
        if len(classes) < 2:
            raise ValueError(
                f"{_OP}: {file}: {where} is {classes[0]!r} in every row; classes to tell apart"
                " must be two or more: is it the right column?"
            )
    elif y.dtype.kind not in "biuf":
        raise ValueError(
            f"{_OP}: {file}: {where} holds text, such as {_said(y.ravel()[0])!r}, and regression"
            " needs numbers; leave task out, or give another target"
        )
    else:
        y = y.reshape(len(y), -1).astype(precision)
    return Dataset(x.astype(precision), y, file.stem, tuple(features), classes, f"from {file.name}")


def _names_classes(y: Array) -> bool:
    """Whether a target reads as labels."""
    if y.size != len(y):
        return False
    if y.dtype.kind not in "fiu":
        return True
    return bool((y == np.floor(y)).all()) and len(np.unique(y)) <= MOST_CLASSES


def _said(value: Any) -> str:
    """A class as text: whole numbers without their point."""
    number = isinstance(value, float | np.floating)
    return str(int(value)) if number and value == int(value) else str(value)
