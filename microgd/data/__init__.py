"""Data sets and batches, by name: `load("moons", n=100)` is `moons(100)`."""

from collections.abc import Callable
from typing import Any

from microgd.data.batches import Batches, batches
from microgd.data.dataset import Dataset
from microgd.data.digits import digits
from microgd.data.line import line
from microgd.data.opticks import opticks
from microgd.data.scaling import standardise
from microgd.data.shapes import circles, moons, spirals
from microgd.data.split import train_test_split
from microgd.data.table import read_table
from microgd.data.words import encode, skip_grams, vocabulary, words
from microgd.data.xor import xor

DATASETS: dict[str, Callable[..., Dataset]] = {
    "digits": digits,
    "moons": moons,
    "circles": circles,
    "spirals": spirals,
    "xor": xor,
    "line": line,
}


def load(name: str, **options: Any) -> Dataset:
    """Return the data set of this name, made with these options.

    Raises ValueError when no data set has that name; the message lists those there are. The
    options, and what they raise, are those of the function of the same name.

    >>> load("xor", n=8)
    Dataset(xor: x (8, 2) float64, y (8,) int64, 2 classes)
    """
    if name not in DATASETS:
        from difflib import get_close_matches

        close = get_close_matches(str(name).lower(), DATASETS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ValueError(f"load: no data set {name!r}; {hint}there are {', '.join(DATASETS)}")
    return DATASETS[name](**options)


__all__ = [
    "DATASETS",
    "Batches",
    "Dataset",
    "batches",
    "circles",
    "digits",
    "encode",
    "line",
    "load",
    "moons",
    "opticks",
    "read_table",
    "skip_grams",
    "spirals",
    "standardise",
    "train_test_split",
    "vocabulary",
    "words",
    "xor",
]
