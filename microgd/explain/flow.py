"""Flow: how much of the gradient arrives at every layer of a network."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microgd.backprop import sweep
from microgd.explain.edges import start
from microgd.nn.module import Module
from microgd.tensor import Tensor
from microgd.train.norms import norm

if TYPE_CHECKING:
    from microgd.graph import Node


@dataclass(frozen=True, slots=True)
class LayerFlow:
    """The gradient at one layer. Norms are Euclidean, over all elements.

    layer       path of the module, as ``layers.2``
    at_output   norm of d loss / d output of the layer, over the whole batch
    factor      at_output / at_output of the next layer: what is left of the gradient after one
                more layer on its way back; None for the last layer, and where nothing arrives
    share       at_output / at_output of the last layer: the product of the factors on the way
    of_weights  norm of d loss / d parameters of the layer; None if none of them requires it
    """

    layer: str
    at_output: float
    factor: float | None
    share: float | None
    of_weights: float | None


def flow(model: Module, loss: Tensor) -> list[LayerFlow]:
    """The gradient at every layer that has parameters, first layer first.

    One sweep back from `loss`, which is one number computed with `model`; no `.grad` changes. A
    layer that is called more than once is measured at its last call. Raises RuntimeError if the
    loss requires no gradient, and ValueError if it is not one number, does not depend on a layer,
    or the model is itself a layer.

    >>> from microgd import nn
    >>> model = nn.MLP([2, 4, 4, 1], activation="sigmoid", rng=0)
    >>> rows = flow(model, model([[1.0, -1.0]]).sum())
    >>> [row.layer for row in rows]
    ['layers.0', 'layers.2', 'layers.4']
    >>> math.isclose(rows[0].share, rows[0].factor * rows[1].factor)
    True
    """
    layers = _layers(model)
    at_output: dict[str, float] = {}
    totals: dict[Node, Any] = {}
    for node, _, upstream, _ in sweep(loss, start(loss, "flow"), totals):
        if node.scope in layers and node.scope not in at_output:
            at_output[node.scope] = norm(upstream)  # the newest of its scope is its output
    missing = [path for path in layers if path not in at_output]
    if missing:
        raise ValueError(
            f"flow: no gradient flows from the loss to {missing[0]}; compute the loss with this"
            " model, outside of no_grad()"
        )
    last = list(layers)[-1]
    after: str | None = None
    rows = []
    for path in reversed(layers):
        own = [totals[p] for p in layers[path] if p in totals]
        rows.append(
            LayerFlow(
                layer=path,
                at_output=at_output[path],
                factor=None if after is None else _ratio(at_output[path], at_output[after]),
                share=_ratio(at_output[path], at_output[last]),
                of_weights=math.hypot(*map(norm, own)) if own else None,
            )
        )
        after = path
    return rows[::-1]


def mean_factor(rows: list[LayerFlow]) -> float | None:
    """What one layer leaves of the gradient on average, ``share ** (1 / steps)`` (geometric mean).

    None where there is one layer only, or no gradient.

    >>> rows = [LayerFlow("a", 0.09, 0.3, 0.09, 1.0), LayerFlow("b", 0.3, 0.3, 0.3, 1.0),
    ...         LayerFlow("c", 1.0, None, 1.0, 1.0)]
    >>> round(mean_factor(rows), 6)
    0.3
    """
    share, steps = rows[0].share, len(rows) - 1
    return None if share is None or not steps else share ** (1 / steps)


def _layers(model: Module) -> dict[str, list[Tensor]]:
    """The parameters by the path of the module to which they belong."""
    modules = [path for path, _ in model.named_modules() if path]
    layers: dict[str, list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        owners = [path for path in modules if name.startswith(path + ".")]
        if not owners:
            raise ValueError(
                f"flow: {name} belongs to the model itself, whose operations cannot be told from"
                " those of the loss; put the model into nn.Sequential(model)"
            )
        layers.setdefault(max(owners, key=len), []).append(parameter)
    return layers


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
