"""Evaluate: how well a model does on data, without learning from them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from microgd.data.batches import Batches
from microgd.data.dataset import Dataset, arrays
from microgd.graph import Array
from microgd.nn import Module, cross_entropy
from microgd.tensor import Tensor, no_grad
from microgd.train.metrics import Metrics, chosen, totals

Pair = Dataset | tuple[Any, Any]


def pair(op: str, data: Any) -> tuple[Array, Array]:
    """The inputs and targets of a Dataset or of a pair of arrays.

    Raises TypeError for anything else, and what `Dataset` raises.
    """
    if isinstance(data, Dataset):
        return data.x, data.y
    if isinstance(data, tuple | list) and len(data) == 2:
        return arrays(op, *data)
    what = f"{type(data).__name__} of {len(data)}" if hasattr(data, "__len__") else f"{data!r:.60}"
    raise TypeError(f"{op}: data is a {what}; give a Dataset or a pair (x, y)")


@contextmanager
def mode(model: Module, *, training: bool) -> Iterator[None]:
    """Training or evaluation inside; afterwards each part is as it was."""
    before = [(part, part.training) for _, part in model.named_modules()]
    model.train(training)
    try:
        yield
    finally:
        for part, was in before:
            part.training = was


def loss_value(op: str, loss: Any) -> float:
    """The loss as a number. Raises TypeError or ValueError where it is none."""
    if not isinstance(loss, Tensor):
        raise TypeError(f"{op}: the loss is {loss!r:.60}; return a Tensor, computed from outputs")
    if loss.value.size != 1:
        raise ValueError(
            f"{op}: the loss has shape {loss.shape}, and training needs one number; give"
            " reduction='mean', or take .mean()"
        )
    return float(loss.value.item())


def evaluate(
    model: Module,
    data: Pair,
    loss: Callable[[Any, Any], Any] = cross_entropy,
    *,
    metrics: Metrics = None,
    batch_size: int | None = None,
) -> dict[str, float]:
    """The mean loss and metrics of `model` over the rows of `data`, as ``{"loss": ...}``.

    Nothing is recorded and nothing changes; the model computes as in evaluation (`model.eval()`)
    and is then as it was. `loss`, `metrics` and `data` are those of `fit`; `batch_size` bounds
    the rows that go through at once. Raises TypeError or ValueError for bad data, a loss that is
    not one number, or a metric that has no meaning here.

    >>> from microgd.data import moons
    >>> from microgd.nn import MLP
    >>> sorted(evaluate(MLP([2, 8, 2], rng=0), moons(20)))
    ['accuracy', 'loss']
    """
    x, y = pair("evaluate", data)
    if not isinstance(model, Module):
        raise TypeError(f"evaluate: model is {model!r:.60}; give a Module")
    sums: dict[str, float] = {}
    with mode(model, training=False), no_grad():
        for inputs, targets in Batches(x, y, batch_size, shuffle=False):
            outputs = model(inputs)
            value = loss_value("evaluate", loss(outputs, targets))
            measured = chosen("evaluate", metrics, outputs, targets)
            found = totals("evaluate", value, measured, outputs, targets)
            sums = {name: sums.get(name, 0.0) + part for name, part in found.items()}
    return {name: total / len(x) for name, total in sums.items()}
