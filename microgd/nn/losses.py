"""Losses: how far from the targets, as one number to go downhill on.

All have `reduction=`: "mean" (over all elements, or over the rows for losses of a row), "sum", or
"none" (every loss by itself). Formulas are PyTorch's, in forms that neither overflow nor lose
digits. Targets are arrays, lists or Tensors; a Tensor that requires a gradient gets one. Targets
take on the dtype of the predictions, so float32 stays float32.

All raise ValueError, before anything is recorded, for shapes that differ (nothing is broadcast),
an empty batch, targets that are not finite or not what the loss takes, and an unknown reduction.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.arguments import real
from microgd.dispatch import plain
from microgd.graph import Array, Node
from microgd.names import choose
from microgd.nn import functional
from microgd.op import as_array
from microgd.ops import elementwise, softmax
from microgd.ops import reduction as reductions

__all__ = [
    "binary_cross_entropy_with_logits", "cross_entropy", "hinge_loss", "huber_loss", "mse_loss",
    "nll_loss",
]  # fmt: skip

_REDUCE: dict[str, Callable[[Any], Any]] = {
    "mean": reductions.mean,
    "sum": reductions.sum,
    "none": lambda losses: losses,
}


def mse_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error, (prediction - target)**2, for any shape.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0]).tolist()
    2.0
    """
    reduce = choose("mse_loss: reduction", reduction, _REDUCE)
    prediction, target = _pair("mse_loss", prediction, target)
    return reduce(elementwise.square(prediction - target))


def huber_loss(prediction: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Half the squared error of small errors, delta * (abs(error) - delta / 2) beyond delta.

    An outlier pulls with the force delta, whatever its distance (Huber 1964,
    https://doi.org/10.1214/aoms/1177703732). Raises ValueError for a delta that is not positive.

    >>> huber_loss([0.5, 3.0], [0.0, 0.0], reduction="none").tolist()
    [0.125, 2.5]
    """
    reduce = choose("huber_loss: reduction", reduction, _REDUCE)
    if not 0 < delta < np.inf:
        raise ValueError(f"huber_loss: delta={delta!r}; give a positive number")
    prediction, target = _pair("huber_loss", prediction, target)
    error = prediction - target
    held = elementwise.clip(error, -delta, delta)
    return reduce(held * (error - 0.5 * held))


def cross_entropy(
    logits: Any, target: Any, reduction: str = "mean", label_smoothing: float = 0.0
) -> Any:
    """-log(softmax(logits)[target]) for scores (n, classes) and the class of every row.

    target           (n,) whole numbers 0..classes-1; or (n, classes) probabilities p, which make
                     it -sum(p * log(softmax(logits))) of every row
    reduction        as for all losses; "none" gives (n,)
    label_smoothing  s, 0 to 1: the target is then (1 - s) * p + s / classes, so that no score has
                     to grow without end (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567)

    The gradient of a row is softmax(logits) - p, between -1 and 1 for any scores. Raises
    ValueError for a label_smoothing out of range.

    >>> cross_entropy([[1000.0, 0.0], [0.0, 1000.0]], [0, 0]).tolist()
    500.0
    >>> cross_entropy([[1000.0, 0.0]], [0], label_smoothing=0.1).tolist()
    50.0
    """
    if reduction not in _REDUCE:  # asked here, for a call takes longer than the answer
        choose("cross_entropy: reduction", reduction, _REDUCE)
    logits, target = as_array(logits), as_array(target)
    if target.ndim < 2 or target.shape[1:] == (1,):
        if label_smoothing:
            target = functional.one_hot(_labels("cross_entropy", logits, target), logits)
            return cross_entropy(logits, target, reduction, label_smoothing)
        labels = target.value if isinstance(target, Node) else target
        if labels.dtype.kind not in "iu" or labels.shape != logits.shape[:1] or not labels.size:
            _explain_labels("cross_entropy", logits, labels)
        try:
            return functional.cross_entropy(logits, target=labels, reduction=reduction)
        except (ValueError, TypeError):  # finding out why takes longer than a training step
            _explain_labels("cross_entropy", logits, labels)
            raise
    _rows("cross_entropy", logits)
    logits, target = _pair("cross_entropy", logits, target)
    _probabilities("cross_entropy", target)
    if label_smoothing:
        way_out = "give the share that all classes have in common, from 0 to 1"
        s = real("cross_entropy", "label_smoothing", label_smoothing, way_out, 0, 1)
        target = (1 - s) * target + s / target.shape[1]
    return _REDUCE[reduction](-(softmax.log_softmax(logits, -1) * target).sum(-1))


def nll_loss(log_probabilities: Any, target: Any, reduction: str = "mean") -> Any:
    """-log_probabilities[target] for rows (n, classes), as of `LogSoftmax`, and labels (n,).

    >>> nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [0, 1]).tolist()
    2.5
    """
    reduce = choose("nll_loss: reduction", reduction, _REDUCE)
    log_probabilities = as_array(log_probabilities)
    target = _labels("nll_loss", log_probabilities, target)
    return reduce(-log_probabilities[np.arange(len(target)), target])


def binary_cross_entropy_with_logits(logits: Any, target: Any, reduction: str = "mean") -> Any:
    """-p * log(sigmoid(x)) - (1 - p) * log(1 - sigmoid(x)) for scores x and probabilities p.

    Both have the same shape, any; labels are the probabilities 0 and 1. The gradient of one
    score is sigmoid(x) - p.

    >>> binary_cross_entropy_with_logits([1000.0, 1000.0], [1, 0], reduction="none").tolist()
    [0.0, 1000.0]
    """
    reduce = choose("binary_cross_entropy_with_logits: reduction", reduction, _REDUCE)
    logits, target = _pair("binary_cross_entropy_with_logits", logits, target)
    _probabilities("binary_cross_entropy_with_logits", target)
    # -log(sigmoid(x)) = softplus(-x); as a sum of two positive terms, small losses keep digits
    missed, alarmed = functional.softplus(-logits), functional.softplus(logits)
    return reduce(missed * target + alarmed * (1 - target))


def hinge_loss(scores: Any, target: Any, reduction: str = "mean") -> Any:
    """max(0, 1 - target * score) for scores and labels -1 and 1 of the same shape, any.

    The loss of the support vector machine: nothing once the score is on the right side by a
    margin of 1 (Cortes and Vapnik 1995, https://doi.org/10.1007/BF00994018).

    >>> hinge_loss([2.0, 0.5, -1.0], [1, 1, 1], reduction="none").tolist()
    [0.0, 0.5, 2.0]
    """
    reduce = choose("hinge_loss: reduction", reduction, _REDUCE)
    scores, target = _pair("hinge_loss", scores, target)
    labels = plain(target)
    way_out = "labels are -1 and 1; for labels 0 and 1 write 2 * target - 1"
    _insist("hinge_loss", np.abs(labels) == 1, labels, way_out)
    return reduce(elementwise.relu(1 - scores * target))


# What the losses ask of their inputs


def _pair(loss: str, prediction: Any, target: Any) -> tuple[Any, Any]:
    """Both, in one shape and dtype."""
    prediction, target = as_array(prediction), as_array(target)
    if prediction.shape != target.shape:
        way_out = "give one target for each prediction"
        if prediction.size == target.size:
            way_out = f"did you mean target.reshape({prediction.shape})?"
        raise ValueError(
            f"{loss}: predictions {_say(prediction)} and target {_say(target)} differ in shape, and"
            f" nothing is broadcast here; {way_out}"
        )
    _filled(loss, prediction)
    if target.dtype.kind not in "fiub":
        raise TypeError(f"{loss}: target holds {target.dtype}; give real numbers")
    if target.dtype != prediction.dtype and prediction.dtype.kind == "f":
        target = target.astype(prediction.dtype)
    numbers = plain(target)
    _insist(loss, np.isfinite(numbers), numbers, "drop such rows or fill the values in first")
    return prediction, target


def _labels(loss: str, scores: Any, target: Any) -> Array:
    """The label of every row of scores (n, classes), an array of whole numbers 0..classes-1."""
    labels: Array = target.value if isinstance(target, Node) else np.asarray(target)
    shape = scores.shape
    if not (  # once a training step, so no array is made to find that all is well
        len(shape) == 2
        and labels.shape == shape[:1] != (0,)
        and labels.dtype.kind in "iu"
        and labels[labels.argmin()] >= 0  # a quarter of the time of min()
        and labels[labels.argmax()] < shape[1]
    ):
        _explain_labels(loss, scores, labels)
    return labels


def _explain_labels(loss: str, scores: Any, target: Array) -> None:
    """Raise for what `_labels` found wrong."""
    _rows(loss, scores)
    n, classes = scores.shape
    if target.shape != (n,):
        way_out = "give one label for each row of scores"
        if target.size == n:
            way_out = f"did you mean target.reshape({n})?"
        raise ValueError(
            f"{loss}: scores {_say(scores)} want labels ({n},), and target is {target.shape};"
            f" {way_out}"
        )
    if target.dtype.kind == "f":
        _insist(loss, np.isfinite(target), target, "drop such rows first")
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"{loss}: target holds {target.dtype}, labels are whole numbers; write"
            " target.astype(int)"
        )
    way_out = f"labels are 0..{classes - 1} for scores {_say(scores)}"
    if classes == 2 and set(target.tolist()) <= {-1, 1}:
        way_out += "; for labels -1 and 1 write (target + 1) // 2, or use hinge_loss"
    _insist(loss, (target >= 0) & (target < classes), target, way_out)


def _rows(loss: str, scores: Any) -> None:
    """Raise for scores that are not (n, classes)."""
    if scores.ndim != 2:
        raise ValueError(
            f"{loss}: scores {_say(scores)} are no table; give one row for each example,"
            " (n, classes)"
        )
    _filled(loss, scores)


def _filled(loss: str, rows: Any) -> None:
    """Raise for an empty batch: its mean is 0 / 0."""
    if not rows.size:
        raise ValueError(f"{loss}: the batch {_say(rows)} is empty; give at least one row")


def _probabilities(loss: str, target: Any) -> None:
    """Raise for a target that is not between 0 and 1."""
    p = plain(target)
    way_out = "probabilities are between 0 and 1; for labels -1 and 1 write (target + 1) / 2"
    _insist(loss, (p >= 0) & (p <= 1), p, way_out)


def _insist(loss: str, good: Any, target: Array, way_out: str) -> None:
    """Raise for the first element of `target` that is not good."""
    if not good.all():
        first = tuple(int(i) for i in np.argwhere(~good)[0])
        place = f"target[{', '.join(map(str, first))}]" if first else "target"
        raise ValueError(f"{loss}: {place} is {target[first]}; {way_out}")


def _say(x: Any) -> str:
    """The shape, after the name if there is one."""
    return x.describe() if isinstance(x, Node) else str(x.shape)
