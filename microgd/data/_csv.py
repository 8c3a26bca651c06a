"""A table in a text file: cells to numbers, and every fault with its line and column."""

import csv
import math
from pathlib import Path

import numpy as np

from microgd.data._check import Array
from microgd.names import choose

Read = tuple[Array, Array, list[str], str]
_DELIMITERS = ",;\t"
_MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-"}


def read(
    op: str, path: Path, target: str | int | None, drop: list[str | int], header: bool | None
) -> Read:
    """Inputs, target, names of the inputs, and what to call the target's column in a message."""
    lines = _lines(op, path)
    first = lines[0][1]
    if header is None:
        header = not any(_is_number(cell) for cell in first)
    names = [cell.strip() for cell in first] if header else []
    rows = lines[1:] if header else lines
    if not rows:
        raise ValueError(f"{op}: there is no line below the names of the columns; add examples")
    for number, cells in rows:
        if len(cells) != len(first):
            raise ValueError(
                f"{op}, line {number}: {len(cells)} cells, and the first line has {len(first)};"
                " give every line the same"
            )
    labels = names or [f"column {place}" for place in range(1, len(first) + 1)]
    wanted = _place(op, "target", -1 if target is None else target, names, len(first))
    dropped = {_place(op, "drop", column, names, len(first)) for column in drop}
    inputs = [place for place in range(len(first)) if place not in dropped | {wanted}]
    if wanted in dropped or not inputs:
        what = "the target is dropped" if wanted in dropped else "no input is left"
        raise ValueError(f"{op}: {what}; there are {', '.join(labels)}")
    x = np.stack([_numbers(op, rows, place, labels[place]) for place in inputs], axis=1)
    return x, _target(op, rows, wanted, labels[wanted]), [labels[i] for i in inputs], (
        f"the target, {labels[wanted]},"
    )  # fmt: skip


def _lines(op: str, path: Path) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{op}: byte {error.start} is no UTF-8; save it as text in UTF-8"
        ) from error
    head = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=max(_DELIMITERS, key=head.count))
    found = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    if not found:
        raise ValueError(f"{op} is empty; give a line for each example")
    return found


def _place(op: str, what: str, column: str | int, names: list[str], width: int) -> int:
    """The place of a column, from 0; names go before numbers."""
    if str(column) in names:
        return names.index(str(column))
    try:
        number = int(column)
    except ValueError:
        known = dict.fromkeys(names or map(str, range(1, width + 1)))
        choose(f"{op}: {what}", column, known)
        raise
    if not 1 <= abs(number) <= width:
        raise ValueError(
            f"{op}: {what} is column {number} of {width}; count from 1, or from -1 at the end"
        )
    return number - 1 if number > 0 else width + number


def _numbers(op: str, rows: list[tuple[int, list[str]]], place: int, label: str) -> Array:
    """The cells of a column as finite numbers."""
    cells = [cells[place] for _, cells in rows]
    try:
        values = np.array(cells, dtype=str).astype(np.float64)
    except ValueError:
        values = np.array([math.nan])
    if np.isfinite(values).all() and not any("_" in cell for cell in cells):
        return values
    for (number, _), cell in zip(rows, cells, strict=True):
        where = f"{op}, line {number}, {_called(label)}"
        if _missing(cell):
            raise ValueError(f"{where} is missing; fill it in, or take the line out")
        if not _is_number(cell):
            raise ValueError(
                f"{where} is {cell.strip()!r}, no number; write it as numbers, or drop the column"
            )
        if not math.isfinite(float(cell)):
            raise ValueError(f"{where} is {cell.strip()}; give finite numbers")
    raise AssertionError(where)  # what float takes, NumPy takes


def _target(op: str, rows: list[tuple[int, list[str]]], place: int, label: str) -> Array:
    """Numbers, if all of them are; else text."""
    cells = [cells[place].strip() for _, cells in rows]
    for (number, _), cell in zip(rows, cells, strict=True):
        if _missing(cell):
            raise ValueError(
                f"{op}, line {number}, {_called(label)}, the target, is missing; fill it in, or"
                " take the line out"
            )
    if all(map(_is_number, cells)):
        return _numbers(op, rows, place, label)
    return np.array(cells, dtype=str)


def _called(label: str) -> str:
    return label if label.startswith("column ") else f"column {label!r}"


def _missing(cell: str) -> bool:
    return cell.strip().lower() in _MISSING


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.strip().lower() not in _MISSING
