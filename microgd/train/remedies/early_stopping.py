"""Early stopping: no further once the validation stops getting better, and back to the best."""

import math
from collections.abc import Mapping
from typing import Any

from microgd.arguments import real, whole
from microgd.names import choose
from microgd.train.callbacks import Callback, Run


class EarlyStopping(Callback):
    """End training after `patience` epochs in a row without a new best, and take the best weights.

        better = value < best - min_delta        (mode "min"; value > best + min_delta for "max")

    monitor       a column of the history, as "val_loss" or "val_accuracy"
    mode          whether "min" or "max" of it is best; without it "max" for an accuracy, else "min"
    patience      how many epochs may pass without a new best
    min_delta     by how much a new best must be better, 0 or more
    restore_best  whether the model has its best parameters and buffers back when training ends,
                  after `patience` or after the last epoch; not after Ctrl-C or an error, from
                  which the run may still go on

    A NaN is never better, so it counts as an epoch without a new best. `best`, `best_epoch` and
    `waited` (epochs since then) tell where it stands, and `stopped` whether it ended the run. All
    of it goes into checkpoints, the best weights too.

    Prechelt (1998, Early stopping - but when?, https://doi.org/10.1007/3-540-49430-8_3), with
    what is now called patience (Goodfellow et al. 2016, Algorithm 7.1).

    Raises ValueError for an option out of range, and, after the first epoch, for a column that the
    history does not have.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> train, held_out = data.train_test_split(data.moons(100, noise=0.3), rng=0)
    >>> model, stop = nn.MLP([2, 32, 2], rng=0), EarlyStopping(patience=3)
    >>> history = fit(model, train, optim.Adam(model.parameters(), lr=0.1), epochs=100,
    ...               validation=held_out, callbacks=[stop], progress=False)
    >>> history.epoch == stop.best_epoch + 3 < 100
    True
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str | None = None,
        patience: int = 10,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        self.monitor = monitor
        self.mode = mode or ("max" if monitor.endswith("accuracy") else "min")
        self._sign = choose("EarlyStopping: mode", self.mode, {"min": 1.0, "max": -1.0})
        self.patience = whole("EarlyStopping", "patience", patience, 1, "give 1 epoch or more")
        self.min_delta = real("EarlyStopping", "min_delta", min_delta, "give 0 or more", 0)
        self.restore_best = bool(restore_best)
        self.best = math.nan
        self.best_epoch = 0
        self.waited = 0
        self._weights: dict[str, Any] = {}

    @property
    def stopped(self) -> bool:
        """Whether the patience is used up."""
        return self.waited >= self.patience

    def on_train_begin(self, run: Run) -> None:
        """A run that had come to its end stays there when it is resumed."""
        run.stop = run.stop or self.stopped

    def on_epoch_end(self, run: Run) -> None:
        """Judge the epoch."""
        row = run.history[-1]
        value = choose("EarlyStopping: monitor", self.monitor, _offered(row))
        if self._better(value):
            self.best, self.best_epoch, self.waited = value, run.history.epoch, 0
            if self.restore_best:
                self._weights = run.model.state_dict()
        else:
            self.waited += 1
            run.stop = run.stop or self.stopped

    def on_train_end(self, run: Run) -> None:
        """Take the best weights."""
        ended = not run.failed and not run.history.interrupted
        if ended and self._weights and self.waited:
            run.model.load_state_dict(self._weights)

    def _better(self, value: float) -> bool:
        if math.isnan(self.best):
            return not math.isnan(value)
        return self._sign * value < self._sign * self.best - self.min_delta

    def state_dict(self) -> dict[str, Any]:
        """The best so far, its weights, and the epochs since."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
            "weights": dict(self._weights),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])
        self.waited, self._weights = int(state["waited"]), dict(state["weights"])


def _offered(row: Mapping[str, float]) -> dict[str, float]:
    """What of a row can tell of progress."""
    return {name: value for name, value in row.items() if name not in {"epoch", "step"}}
