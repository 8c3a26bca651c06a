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
    data, shuffled ones are copies. `select` narrows the epochs that follow to some of the rows.

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
        self.x, self.y = _read_only(inputs), _read_only(targets)
        self._selected: NDArray[np.intp] | None = None
        self._place = _Place(_NO_ORDER)
        self._resume = False

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        return self._count(self.selected)

    def _count(self, rows: int) -> int:
        whole_ones, left = divmod(rows, self.size)
        return whole_ones + (left > 0 and not self.drop_last)

    @property
    def selected(self) -> int:
        """The number of rows in an epoch: those of `select`, or all."""
        return self.rows if self._selected is None else len(self._selected)

    def select(self, rows: ArrayLike | None) -> None:
        """Let the epochs that follow go through these rows only, or through all of them (None).

        `rows` are whole numbers below n, none twice; unshuffled, they come in this order. A loop
        under way goes on as it was, and is given up like one left early. Raises ValueError, and
        changes nothing, for other rows, or where `drop_last` would leave no batch.

        >>> batches = Batches(np.arange(5.0), np.arange(5), size=2, shuffle=False)
        >>> batches.select([4, 0, 1])
        >>> [y.tolist() for x, y in batches]
        [[4, 0], [1]]
        """
        chosen = None if rows is None else self._checked_rows("select: rows", np.asarray(rows))
        self._selected, self._place, self._resume = chosen, _Place(_NO_ORDER), False

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
            place = self._place = _Place(self._new_order())
        x, y, size, order = self.x, self.y, self.size, place.order
        for start in range(place.done * size, len(self) * size, size):
            # Counted before it is handed out: a state saved in the loop's body is past this batch.
            place.done += 1
            if order.size:
                rows = order[start : start + size]
                yield x.take(rows, 0), y.take(rows, 0)
            else:
                yield x[start : start + size], y[start : start + size]
        place.done = 0
        self.epoch += 1

    def _new_order(self) -> NDArray[np.intp]:
        """The order of an epoch; empty for that of the data."""
        if not self.shuffle:
            return _NO_ORDER if self._selected is None else self._selected
        order = self.rng.permutation(self.selected)
        return order if self._selected is None else self._selected[order]

    def state_dict(self) -> dict[str, int | str | NDArray[np.int64]]:
        """Return the generator's state, order, place and selection: whole numbers, text, arrays.

        Saved in the body of a loop, it stands after the batch in hand.
        """
        place = self._place
        order = place.order if place.done else _NO_ORDER
        return {
            "rng": json.dumps(self.rng.bit_generator.state, default=np.ndarray.tolist),
            "order": order.astype(np.int64),
            "selected": (_NO_ORDER if self._selected is None else self._selected).astype(np.int64),
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
        expected = {"rng", "order", "selected", "position", "epoch", *layout}
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
        selected = self._saved_selection(np.asarray(state["selected"]))
        count = self._count(self.rows if selected is None else len(selected))
        if not 0 <= position <= count or epoch < 0:
            raise _bad_state(f"is at batch {position} of {count} in epoch {epoch}")
        order = self._saved_order(np.asarray(state["order"]), position, selected)
        generator_state = self._saved_generator(state["rng"])
        self.rng.bit_generator.state = generator_state
        self._selected = selected
        self.epoch, self._place, self._resume = epoch, _Place(order, position), position > 0

    def _layout(self) -> dict[str, int]:
        """What two Batches must share for a state of one to mean the same in the other."""
        return {
            "rows": self.rows,
            "size": self.size,
            "shuffle": int(self.shuffle),
            "drop_last": int(self.drop_last),
        }

    def _checked_rows(self, what: str, rows: Array) -> NDArray[np.intp]:
        """A copy of `rows`, if they can be selected."""
        way_out = f"give whole numbers from 0 to {self.rows - 1}, or None for all rows"
        if rows.ndim != 1 or not rows.size or rows.dtype.kind not in "iu":
            raise ValueError(
                f"batches.{what} have shape {rows.shape} and dtype {rows.dtype}; {way_out}"
            )
        if rows.min() < 0 or rows.max() >= self.rows:
            wrong = int(np.flatnonzero((rows < 0) | (rows >= self.rows))[0])
            raise ValueError(f"batches.{what}[{wrong}] is {rows[wrong]}; {way_out}")
        if len(np.unique(rows)) < len(rows):
            raise ValueError(f"batches.{what} name a row twice; {way_out}, each once")
        if not self._count(len(rows)):
            raise ValueError(
                f"batches.{what} are {len(rows)}, fewer than the batch size {self.size}, and"
                " drop_last leaves no batch; select more, or make the batches smaller"
            )
        return rows.astype(np.intp)

    def _saved_selection(self, rows: Array) -> NDArray[np.intp] | None:
        if not rows.size and rows.dtype.kind in "iu":
            return None
        try:
            return self._checked_rows("selected rows", rows)
        except ValueError as error:
            raise _bad_state(f"has a selection that does not fit ({error})") from error

    def _saved_order(
        self, order: Array, position: int, selected: NDArray[np.intp] | None
    ) -> NDArray[np.intp]:
        rows = _NO_ORDER
        if position and (self.shuffle or selected is not None):
            rows = np.arange(self.rows) if selected is None else np.sort(selected)
        whole_numbers = order.dtype.kind in "iu" and order.shape == rows.shape
        if not whole_numbers or not np.array_equal(np.sort(order), rows):
            raise _bad_state(f"has an order that is no permutation of {len(rows)} rows")
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
