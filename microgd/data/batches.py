"""The data in batches, one epoch a loop: batch, stochastic and mini-batch descent.

The place in the data is part of a run's state: `state_dict` holds the generator, the order of the
epoch under way and how far it has come, so that a resumed run sees the same batches to the bit.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microgd.data._check import Array, Rng, generator, pair, whole
from microgd.data.dataset import Dataset, arrays

_NO_ORDER = np.empty(0, dtype=np.intp)


@dataclass(slots=True)
class _Place:
    """Where one pass through the data stands: its row order and the batches handed out."""

    order: NDArray[np.intp]
    done: int = 0


class Batches:
    """The rows of `x` and `y` in batches: each `for` loop over it is one epoch.

    `size=None` is batch descent (all rows at once), 1 stochastic, k mini-batch. With `shuffle` each
    epoch goes through a new permutation of the rows, drawn from `rng` (a seed or a generator); all
    rows at once are never shuffled, for their order changes nothing. The last batch holds the
    n mod size rows that are left, unless `drop_last`. Unshuffled batches are read-only views of the
    data, shuffled ones are copies.

    Shapes: x (n, ...) and y (n, ...) give x (size, ...) and y (size, ...), dtypes kept. Raises
    ValueError or TypeError when size is not a whole number of 1 or more, x and y differ in length,
    are empty or hold a NaN, or when drop_last would leave no batch.

    >>> batches = Batches(np.arange(5.0), np.arange(5), size=2, shuffle=False)
    >>> len(batches), [y.tolist() for x, y in batches]
    (3, [[0, 1], [2, 3], [4]])
    """

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        size: int | None = None,
        *,
        shuffle: bool = True,
        rng: Rng = 0,
        drop_last: bool = False,
    ) -> None:
        inputs, targets = pair("batches", x, y)
        self.rows = n = len(inputs)
        way_out = "give 1 or more, or None for all rows at once"
        self.size = n if size is None else whole("batches", "size", size, 1, way_out)
        self.shuffle = bool(shuffle) and size is not None
        self.drop_last = bool(drop_last)
        if self.drop_last and self.size > n:
            raise ValueError(
                f"batches: size {self.size} is more than the {n} rows, and drop_last leaves no "
                f"batch; give at most {n}, or drop_last=False"
            )
        self.rng = generator("batches", rng)
        self.epoch = 0
        self._x, self._y = _read_only(inputs), _read_only(targets)
        self._place = _Place(_NO_ORDER)
        self._resume = False

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        whole_ones, left = divmod(self.rows, self.size)
        return whole_ones + (left > 0 and not self.drop_last)

    @property
    def position(self) -> int:
        """The number of batches handed out in the epoch under way; 0 between epochs."""
        return self._place.done

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        """Go through one epoch; just after `load_state_dict`, through the rest of the saved one.

        A loop left early is given up, and the next one begins a new epoch.
        """
        if self._resume:
            place, self._resume = self._place, False
        else:
            order = self.rng.permutation(self.rows) if self.shuffle else _NO_ORDER
            place = self._place = _Place(order)
        x, y, size, order = self._x, self._y, self.size, place.order
        for start in range(place.done * size, len(self) * size, size):
            # Counted before it is handed out: a state saved in the loop's body is past this batch.
            place.done += 1
            if self.shuffle:
                rows = order[start : start + size]
                yield x.take(rows, 0), y.take(rows, 0)
            else:
                yield x[start : start + size], y[start : start + size]
        place.done = 0
        self.epoch += 1

    def state_dict(self) -> dict[str, int | str | NDArray[np.int64]]:
        """Return the generator's state, the order and the place: whole numbers, text, one array.

        Saved in the body of a loop, it stands after the batch in hand.
        """
        place = self._place
        order = place.order if place.done else _NO_ORDER
        return {
            "rng": json.dumps(self.rng.bit_generator.state, default=np.ndarray.tolist),
            "order": order.astype(np.int64),
            "position": place.done,
            "epoch": self.epoch,
            **self._layout(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Stand where `state` was saved; the next loop yields exactly the batches then left.

        The values may be as `state_dict` gave them or as `np.load` gives them back. Raises
        ValueError, and changes nothing, when an entry is missing, extra or malformed, or the state
        is of other data, another batch size or another kind of generator.

        >>> x = np.arange(6.0)
        >>> batches, again = Batches(x, x, size=2, rng=1), Batches(x, x, size=2)
        >>> for xb, yb in batches:
        ...     if batches.position == 1:
        ...         again.load_state_dict(batches.state_dict())
        >>> len(list(again)), batches.epoch == again.epoch
        (2, True)
        """
        layout = self._layout()
        expected = {"rng", "order", "position", "epoch", *layout}
        if set(state) != expected:
            missing, extra = sorted(expected - set(state)), sorted(set(state) - expected)
            raise _bad_state(f"has missing entries {missing} and unknown entries {extra}")
        for name, here in layout.items():
            if (there := _number(state, name)) != here:
                raise _bad_state(
                    f"was saved with {name} {there}, and here it is {here}",
                    "make the batches from the same data with the same arguments",
                )
        position, epoch = _number(state, "position"), _number(state, "epoch")
        if not 0 <= position <= len(self) or epoch < 0:
            raise _bad_state(f"is at batch {position} of {len(self)} in epoch {epoch}")
        order = self._saved_order(np.asarray(state["order"]), position)
        generator_state = self._saved_generator(state["rng"])
        self.rng.bit_generator.state = generator_state
        self.epoch, self._place, self._resume = epoch, _Place(order, position), position > 0

    def _layout(self) -> dict[str, int]:
        """What two Batches must share for a state of one to mean the same in the other."""
        return {
            "rows": self.rows,
            "size": self.size,
            "shuffle": int(self.shuffle),
            "drop_last": int(self.drop_last),
        }

    def _saved_order(self, order: Array, position: int) -> NDArray[np.intp]:
        rows = self.rows if self.shuffle and position else 0
        whole_numbers = order.dtype.kind in "iu" and order.shape == (rows,)
        if not whole_numbers or not np.array_equal(np.sort(order), np.arange(rows)):
            raise _bad_state(f"has an order that is no permutation of {rows} rows")
        return order.astype(np.intp)

    def _saved_generator(self, text: object) -> Any:
        """Try the state on a spare generator of the same kind, so that ours stays as it was."""
        kind = type(self.rng.bit_generator)
        try:
            state = json.loads(str(np.asarray(text)))
            kind().state = state
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise _bad_state(
                f"has a generator state that {kind.__name__} does not take",
                f"give rng a generator of the kind that was saved ({error})",
            ) from error
        return state

    def __repr__(self) -> str:
        return (
            f"Batches({len(self)} of {self.size} from {self.rows} rows, shuffle={self.shuffle}, "
            f"epoch {self.epoch}, position {self.position})"
        )


def batches(
    x: Dataset | ArrayLike,
    y: ArrayLike | None = None,
    size: int | None = None,
    *,
    shuffle: bool = True,
    rng: Rng = 0,
    drop_last: bool = False,
) -> Batches:
    """Return the Batches of two arrays or of one Dataset; see `Batches`.

    >>> from microgd.data import moons
    >>> for xb, yb in batches(moons(100), size=64, rng=0):
    ...     print(xb.shape, yb.shape)
    (64, 2) (64,)
    (36, 2) (36,)
    """
    inputs, targets = arrays("batches", x, y)
    return Batches(inputs, targets, size, shuffle=shuffle, rng=rng, drop_last=drop_last)


def _read_only(array: Array) -> Array:
    # `take` copies a whole array that is not contiguous, each time; once, here, is enough.
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _number(state: Mapping[str, Any], name: str) -> int:
    value = np.asarray(state[name])
    if value.shape != () or value.dtype.kind not in "iu":
        raise _bad_state(f"has {name} {state[name]!r}, which is no whole number")
    return int(value)


def _bad_state(fault: str, way_out: str = "give what state_dict returned") -> ValueError:
    return ValueError(f"batches.load_state_dict: the state {fault}; {way_out}")
