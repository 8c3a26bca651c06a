"""Metrics: how right the outputs are, besides the loss."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.names import choose
from microgd.tensor import Tensor

Metric = Callable[[Array, Array], Any]
Metrics = Mapping[str, Metric] | Iterable[str] | None


def accuracy(outputs: Array, targets: Array) -> Array:
    """Whether each row is classified rightly; its mean is the accuracy.

    outputs (n, k) with k > 1 are scores of k classes: the largest wins, the first of equals.
    targets are then labels (n,), or (n, k) probabilities of which the largest counts. outputs
    (n,) or (n, 1) are scores of one class against another, split at zero; targets are then 0 and
    1, or -1 and 1. Returns n bools. Raises ValueError for what is no classification.

    >>> accuracy(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0]))
    array([ True, False])
    """
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        if targets.ndim == 1 and targets.dtype.kind in "iu" and len(targets) == len(outputs):
            right: Array = outputs.argmax(1) == targets
            return right
        if targets.shape == outputs.shape:
            return np.asarray(outputs.argmax(1) == targets.argmax(1))
    elif outputs.ndim in {1, 2} and targets.size == len(outputs) == len(targets):
        flat = targets.ravel()
        if np.isin(flat, (-1, 0, 1)).all():
            return np.asarray((outputs.ravel() > 0) == (flat > 0))
    raise ValueError(
        f"accuracy: outputs {outputs.shape} and targets {targets.shape} {targets.dtype} are no"
        " classes; give labels for outputs of shape (n, k), 0 and 1 for outputs of shape (n,) or"
        " (n, 1), or metrics=() for a regression"
    )


def mae(outputs: Array, targets: Array) -> Array:
    """The mean absolute error of each row, mean(abs(outputs - targets)) over its elements.

    outputs and targets have the same shape (n, ...), or as many elements. Returns (n,). Unlike
    the squared error, it is in the units of the target. Raises ValueError for other shapes.

    >>> mae(np.array([[1.0], [5.0]]), np.array([2.0, 2.0]))
    array([1., 3.])
    """
    if outputs.size != targets.size or len(outputs) != len(targets):
        raise ValueError(
            f"mae: outputs {outputs.shape} and targets {targets.shape} differ; give one target for"
            " each output"
        )
    errors: Array = np.abs(outputs.reshape(len(outputs), -1) - targets.reshape(len(targets), -1))
    return errors.mean(axis=1)


METRICS: dict[str, Metric] = {"accuracy": accuracy, "mae": mae}


def chosen(op: str, metrics: Metrics, outputs: Any, targets: Array) -> dict[str, Metric]:
    """The metrics that `metrics` names; without it the accuracy, if `targets` are labels.

    Raises ValueError for a name that is not known, and TypeError for what is no function.
    """
    if metrics is None:
        labels = targets.ndim == 1 and targets.dtype.kind in "iu"
        scores = isinstance(outputs, Tensor) and outputs.ndim == 2 and outputs.shape[1] > 1
        return {"accuracy": accuracy} if labels and scores else {}
    if isinstance(metrics, str):
        metrics = [metrics]
    if not isinstance(metrics, Mapping):
        metrics = {name: choose(f"{op}: metric", name, METRICS) for name in metrics}
    for name, metric in metrics.items():
        if not callable(metric):
            raise TypeError(
                f"{op}: metric {name!r} is {metric!r:.60}; give a function of outputs and targets"
            )
        if name == "loss":
            raise ValueError(f"{op}: a metric may not be called 'loss', which is a column already")
    return dict(metrics)


def totals(
    op: str, loss: float, metrics: Mapping[str, Metric], outputs: Any, targets: Array
) -> dict[str, float]:
    """The sum over the rows of the batch: of the loss, whose mean is given, and of each metric.

    A metric gives one number for each row, or their mean. Raises TypeError for anything else.
    """
    rows = len(targets)
    found = {"loss": loss * rows}
    array = outputs.value if isinstance(outputs, Tensor) else outputs
    for name, metric in metrics.items():
        value = metric(array, targets)
        if type(value) is np.ndarray and value.shape == (rows,):
            found[name] = float(np.count_nonzero(value) if value.dtype == bool else value.sum())
        elif isinstance(value, int | float | np.number | np.bool_):
            found[name] = float(value) * rows
        else:
            raise TypeError(
                f"{op}: metric {name!r} gave {type(value).__name__} of shape {np.shape(value)};"
                f" give one number, or one for each of the {rows} rows"
            )
    return found
