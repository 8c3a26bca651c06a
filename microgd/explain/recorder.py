"""Flow over training: what a callback keeps of it, for a picture of layers over time."""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from microgd.explain.flow import Row, flow
from microgd.graph import Array
from microgd.names import choose
from microgd.train.callbacks import Callback, Run

QUANTITIES = tuple(field.name for field in fields(Row) if field.name not in {"module", "units"})


class FlowRecorder(Callback):
    """A callback for `fit` that keeps the flow of the last batch of an epoch.

    ``recorder["share"]`` is one quantity of `Row`, an array (modules, times), NaN for what is not
    there; `modules`, `epochs` and `steps` say where and when.

    every  the least number of steps between two records, but for the first and the last epoch's,
           which are kept in any case. A record costs as much as 2 to 4 steps, so that the default
           keeps it well under a tenth of the time.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> model, recorder = nn.MLP([2, 8, 2], rng=0), FlowRecorder(every=1)
    >>> history = fit(model, data.moons(64, rng=0), optim.SGD(model.parameters(), lr=0.1),
    ...               epochs=3, callbacks=[recorder], progress=False)
    >>> recorder.modules, recorder["gain"].shape
    (('layers.0', 'layers.1', 'layers.2'), (3, 3))
    """

    def __init__(self, every: int = 50) -> None:
        if every < 1:
            raise ValueError(f"FlowRecorder: every={every!r}; give at least 1 step")
        self.every = every
        self.epochs: list[int] = []
        self.steps: list[int] = []
        self.modules: tuple[str, ...] = ()
        self._rows: list[list[list[float]]] = []  # times, modules, quantities

    def on_backward_end(self, run: Run) -> None:
        """Measure, if it is the last batch of the epoch and the last record is long ago."""
        if run.batches.position < len(run.batches) or run.graph is None:
            return
        waited = run.step - self.steps[-1] if self.steps else math.inf
        if waited < self.every and run.epoch < run.epochs:
            return
        found = flow(run.model, run.graph, split=False)
        modules = tuple(row.module for row in found)
        if self.modules not in {(), modules}:
            raise ValueError(
                f"FlowRecorder: the model has other modules in epoch {run.epoch} than before;"
                " record each by a recorder of its own"
            )
        self.modules = modules
        self.epochs.append(run.epoch)
        self.steps.append(run.step)
        self._rows.append([[_number(getattr(row, name)) for name in QUANTITIES] for row in found])

    def __getitem__(self, quantity: str) -> Array:
        """One quantity, (modules, times). Raises ValueError for one that there is not."""
        place = choose(
            "FlowRecorder: quantity", quantity, {name: i for i, name in enumerate(QUANTITIES)}
        )
        return self._array()[:, :, place].T

    def __len__(self) -> int:
        """How many times are recorded."""
        return len(self.epochs)

    def _array(self) -> Array:
        return np.array(self._rows, float).reshape(
            len(self._rows), len(self.modules), len(QUANTITIES)
        )

    def state_dict(self) -> dict[str, Any]:
        """All that is recorded, so that a checkpoint holds it."""
        return {
            "epochs": list(self.epochs),
            "steps": list(self.steps),
            "modules": list(self.modules),
            "rows": self._array(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self.epochs = [int(epoch) for epoch in state["epochs"]]
        self.steps = [int(step) for step in state["steps"]]
        self.modules = tuple(map(str, state["modules"]))
        self._rows = np.asarray(state["rows"], float).tolist()


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
