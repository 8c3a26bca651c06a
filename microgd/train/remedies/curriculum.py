"""Curriculum learning: easy examples first, all of them in the end."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from microgd.graph import Array
from microgd.names import choose
from microgd.train.callbacks import Callback, Run
from microgd.train.remedies.difficulty import Difficulty, groups


class Curriculum(Callback):
    """Let an epoch go through the easiest examples only, more and more of them.

        examples in use = the round(pacing(t) * n) easiest of n, at least one

    difficulty  a number for each row of the data, the larger the harder, or a function of (x, y)
                that gives them, as `difficulty.distance` or `difficulty.by_loss(teacher)`
    pacing      the share in use at the time t, above 0 and up to 1, as `pacing.linear(0.2, end=10)`
    each        whether t counts the "epoch"s before this one, or the "step"s
    balanced    whether to take the easiest of each class, so that the classes keep their shares

    What is in use changes between epochs only, and an epoch goes through it once, in an order
    shuffled as ever: early epochs are shorter. Equally difficult examples come in the order of the
    data. What the difficulty was goes into checkpoints. `used` is the number of examples in use,
    and the history's column ``examples`` tells it for each epoch.

    Bengio, Louradour, Collobert and Weston (2009, Curriculum learning,
    https://doi.org/10.1145/1553374.1553380); pacing functions, and the balance of classes, from
    Hacohen and Weinshall (2019, https://arxiv.org/abs/1904.03626).

    Raises ValueError, before the epoch, for difficulties that are not one finite number a row, or
    a share that is not above 0 and up to 1.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> from microgd.train.remedies import difficulty, pacing
    >>> model, moons = nn.MLP([2, 8, 2], rng=0), data.moons(100, rng=0)
    >>> easy_first = Curriculum(difficulty.distance, pacing.linear(0.2, end=4))
    >>> history = fit(model, moons, optim.Adam(model.parameters()), epochs=6, batch_size=10,
    ...               callbacks=[easy_first], progress=False)
    >>> np.diff(history["step"], prepend=0)  # steps of each epoch: 20, 40, ... examples
    array([ 2,  4,  6,  8, 10, 10])
    """

    def __init__(
        self,
        difficulty: ArrayLike | Difficulty,
        pacing: Callable[[float], float],
        each: str = "epoch",
        balanced: bool = False,
    ) -> None:
        if not callable(pacing):
            raise TypeError(
                f"Curriculum: pacing is {pacing!r:.60}; give a function of the time, such as"
                " pacing.linear(0.2, end=10)"
            )
        self.difficulty, self.pacing, self.balanced = difficulty, pacing, bool(balanced)
        self.each = choose("Curriculum: each", each, {"epoch": "epoch", "step": "step"})
        self.used = 0
        self._scores: Array | None = None
        self._easiest: Array | None = None  # all rows, the easiest first

    def on_train_begin(self, run: Run) -> None:
        """Sort the examples; a resumed run has their difficulty from its checkpoint."""
        x, y = run.batches.x, run.batches.y
        scores = self._scores
        if scores is None:
            given = self.difficulty
            scores = np.asarray(given(x, y) if callable(given) else given)
        if scores.shape != (len(x),) or scores.dtype.kind not in "fiu":
            raise ValueError(
                f"Curriculum: the difficulty has shape {scores.shape} and dtype {scores.dtype};"
                f" give one number for each of the {len(x)} rows"
            )
        if not np.isfinite(scores).all():
            row = int(np.flatnonzero(~np.isfinite(scores))[0])
            raise ValueError(f"Curriculum: difficulty[{row}] is {scores[row]}; give finite numbers")
        self._scores = scores
        self._easiest = np.argsort(_ranks(scores, y) if self.balanced else scores, kind="stable")

    def on_epoch_begin(self, run: Run) -> None:
        """Take as many as it is time for."""
        assert self._easiest is not None
        time = run.history.epoch if self.each == "epoch" else run.history.step
        rows = len(self._easiest)
        self.used = self.count(time, rows)
        # In the order of the data, so that all examples are the data as they were
        run.batches.select(None if self.used == rows else np.sort(self._easiest[: self.used]))

    def count(self, time: float, rows: int) -> int:
        """How many of so many rows are in use at a time. Raises ValueError for what is no share."""
        share = float(self.pacing(time))
        if not 0 < share <= 1:
            raise ValueError(
                f"Curriculum: pacing({time}) is {share}; give a share above 0 and up to 1"
            )
        return max(1, round(share * rows))

    def on_epoch_end(self, run: Run) -> None:
        """Tell how many they were."""
        run.history.amend({"examples": float(self.used)})  # as one that was loaded

    def on_train_end(self, run: Run) -> None:
        """Leave the batches whole again, unless the run may go on in the midst of an epoch."""
        if not run.batches.position:
            run.batches.select(None)

    def state_dict(self) -> dict[str, Any]:
        """The difficulty of each example, and how many are in use."""
        scores = np.empty(0) if self._scores is None else self._scores
        return {"difficulty": scores, "used": self.used}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        scores = np.asarray(state["difficulty"])
        self._scores = scores if scores.size else None
        self.used = int(state["used"])


def _ranks(scores: Array, y: Array) -> Array:
    """How far up among its class each example is, from 0 to below 1."""
    ranks = np.empty(len(scores))
    for rows in groups(y):
        ranks[rows[np.argsort(scores[rows], kind="stable")]] = np.arange(len(rows)) / len(rows)
    return ranks
