"""A data set: inputs, targets, and the names that a picture of them needs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from numpy.typing import ArrayLike

from microgd.data._check import Array, pair


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Inputs `x` and targets `y`, row by row, with their names; unpacks as `x, y = data`.

    Shapes: `x` is (n, ...), `y` is (n,) whole-numbered labels 0 .. k-1 when `classes` names k
    classes, and (n, ...) numbers when `classes` is empty (regression).

    Raises ValueError when x and y differ in length, are empty, hold a NaN or an infinity, or when
    a label names no class; TypeError when either is not an array of real numbers.

    >>> data = Dataset([[0.0, 1.0], [2.0, 3.0]], [0, 1], name="two", classes=("left", "right"))
    >>> x, y = data
    >>> data
    Dataset(two: x (2, 2) float64, y (2,) int64, 2 classes)
    """

    x: Array
    y: Array
    name: str = "data"
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        x, y = pair("Dataset", self.x, self.y)
        if self.classes:
            _check_labels(y, len(self.classes))
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    @property
    def n_classes(self) -> int:
        """The number of classes; 0 for regression."""
        return len(self.classes)

    @property
    def tile(self) -> tuple[int, int] | None:
        """Height and width, where each row is a picture: its features are called ``pixel 0,0``.

        >>> from microgd.data import digits, xor
        >>> digits().tile, xor().tile
        ((8, 8), None)
        """
        places = [name.removeprefix("pixel ").partition(",") for name in self.features]
        if not places or not all(name.startswith("pixel ") for name in self.features):
            return None
        return int(places[-1][0]) + 1, int(places[-1][2]) + 1

    def take(self, rows: Array) -> "Dataset":
        """Return the data set of these rows, in this order, under the same names.

        >>> Dataset([[0.0], [1.0], [2.0]], [5.0, 6.0, 7.0]).take([2, 0]).y
        array([7., 5.])
        """
        return replace(self, x=self.x.take(rows, axis=0), y=self.y.take(rows, axis=0))

    def __iter__(self) -> Iterator[Array]:
        yield self.x
        yield self.y

    def __repr__(self) -> str:
        kind = f"{self.n_classes} classes" if self.classes else "regression"
        return (
            f"Dataset({self.name}: x {self.x.shape} {self.x.dtype}, "
            f"y {self.y.shape} {self.y.dtype}, {kind})"
        )


def arrays(op: str, x: Dataset | ArrayLike, y: ArrayLike | None) -> tuple[Array, Array]:
    """Return the checked x and y of a Dataset, or of the two arrays given in its place."""
    if not isinstance(x, Dataset):
        return pair(op, x, y)
    if y is not None:
        raise TypeError(
            f"{op}: x is a Dataset, which holds its own y; leave y out, and name what follows"
        )
    return x.x, x.y


def _check_labels(y: Array, k: int) -> None:
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise ValueError(
            f"Dataset: y has shape {y.shape} and dtype {y.dtype}, but {k} classes are named; give "
            f"one whole-numbered label for each row, or name no classes"
        )
    wrong = (y < 0) | (y >= k)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"Dataset: y[{row}] is {y[row]}, but {k} classes are named; give labels below {k}"
        )
