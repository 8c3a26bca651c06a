"""What is learned from: a data set by name or a file of one's own, parted and in standard units."""

import hashlib
import inspect
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import typer

from microgd import data as datasets
from microgd.cli.training.options import Options
from microgd.cli.training.spec import Spec, parse
from microgd.data import Dataset, read_table, standardise, train_test_split
from microgd.data.scaling import Scaling
from microgd.data.table import TASKS

FILES = (".csv", ".tsv", ".txt", ".npz")
FEW = 20  # rows below which none is kept back unless asked for


@dataclass(frozen=True)
class Given:
    """The data as they are learned from.

    train, held_out  labels, or quantities in standard units
    units            of the quantities, to tell errors in them; None: as they are
    digest           of a file's numbers, so that a resumed run notices others
    """

    train: Dataset
    held_out: Dataset | None
    units: Scaling | None = None
    digest: str = ""


def given(options: Options, dtype: Any) -> Given:
    """Read, part and scale. Raises BadParameter for what cannot be used."""
    path = Path(options.data)
    own = path.suffix.lower() in FILES or path.exists() or os.sep in options.data
    whole = _file(options, dtype) if own else _named(options, dtype)
    train, held_out = _parted(options, whole)
    if not own:
        return Given(train, held_out)
    digest = hashlib.sha256(whole.x.tobytes() + whole.y.tobytes()).hexdigest()
    if options.raw or options.embedding is not None:
        return Given(train, held_out, digest=digest)
    of_x = standardise(train.x)
    of_y = None if whole.classes else standardise(train.y)

    def scaled(part: Dataset) -> Dataset:
        return replace(part, x=of_x(part.x), y=part.y if of_y is None else of_y(part.y))

    return Given(scaled(train), held_out and scaled(held_out), of_y, digest)


def _named(options: Options, dtype: Any) -> Dataset:
    beside = {"--target": options.target, "--drop": options.drop, "--task": options.task}
    for option, value in beside.items():
        if value is not None:
            raise typer.BadParameter(
                f"{options.data} is built in, and this is for files of your own; leave it out",
                param_hint=option,
            )
    if options.raw:
        raise typer.BadParameter("built-in data are never scaled; leave it out", param_hint="--raw")
    try:
        spec = parse("DATA", options.data, datasets.DATASETS)
    except typer.BadParameter as error:
        if options.data.partition(":")[0] in datasets.DATASETS:
            raise
        raise typer.BadParameter(
            f"{error.message}; or give the path of a {', '.join(FILES[:-1])} or {FILES[-1]} file",
            param_hint="DATA",
        ) from None
    accepted = inspect.signature(spec.make).parameters
    run = {"rng": options.seed, "dtype": dtype}
    made: Dataset = spec.build(**{key: value for key, value in run.items() if key in accepted})
    return made


def _file(options: Options, dtype: Any) -> Dataset:
    if options.task is not None and options.task not in TASKS:
        raise typer.BadParameter(
            f"{options.task!r} is none; give {' or '.join(TASKS)}", param_hint="--task"
        )
    drop = [name.strip() for name in (options.drop or "").split(",") if name.strip()]
    try:
        return read_table(options.data, options.target, task=options.task, drop=drop, dtype=dtype)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(
            str(error).removeprefix("read_table: "), param_hint="DATA"
        ) from error


def _parted(options: Options, whole: Dataset) -> tuple[Dataset, Dataset | None]:
    """The rows to learn from, and those kept back."""
    rows = len(whole.x)
    share = options.validation if options.validation is not None else 0.2 if rows >= FEW else 0.0
    if share == 0:
        return whole, None
    spec = Spec("--validation", train_test_split)
    if whole.classes:
        try:
            return train_test_split(whole, test=share, rng=options.seed, stratify=True)
        except ValueError:  # a class too rare to be in both parts
            pass
    train, held_out = spec.trying(lambda: train_test_split(whole, test=share, rng=options.seed))
    return train, held_out


def described(found: Given) -> str:
    """One line about the data."""
    train, held_out = found.train, found.held_out
    what = f"{len(train.classes)} classes" if train.classes else "a quantity to predict"
    if not train.classes and train.y.shape[1] > 1:
        what = f"{train.y.shape[1]} quantities to predict"
    inputs = int(np.prod(train.x.shape[1:]))
    kept = f"{len(held_out.x)} for validation" if held_out else "none for validation"
    return (
        f"{train.name}: {len(train.x)} rows to learn from, {kept};"
        f" {inputs} input{'s' if inputs > 1 else ''}, {what}"
    )
