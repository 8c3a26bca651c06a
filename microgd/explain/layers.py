"""Layers: the gain of a dense layer with its activation, split in two, beside the theory.

On its way back through a = phi(W x + b), a gradient g is first multiplied by the slope of the
activation, delta = phi'(z) * g, and then by the weights, W.T @ delta. So its gain is exactly

    |W.T delta| / |g|  =  |W.T delta| / |delta|  *  |delta| / |g|
         gain          =      weight part        *  activation part

and mean-field theory predicts sqrt(weight_variance) for the one, sqrt(E[phi'(z)**2]) for the other
(see `microgd.explain.meanfield`).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.explain import meanfield
from microgd.explain.calls import Piece
from microgd.graph import Array, Node
from microgd.nn.module import Module
from microgd.op import Local

if TYPE_CHECKING:
    from microgd.explain.flow import Row


@dataclass(frozen=True, slots=True)
class Layer:
    """A dense layer with the activation that follows it, if one does.

    module, activation  paths, as ``layers.2`` and ``layers.3``
    gain                norm of the gradient at the input / at the output of the activation; it
                        and weight_part are None where the input is data without a gradient
    weight_part         |W.T delta| / |delta|; it lies between the singular values
    activation_part     |delta| / |gradient at the output|; 1 without an activation
    weight_variance     fan_in times the mean square of the weights
    input_variance      mean square of z = W x + b, on this batch
    singular_values     of the weight, largest first
    predicted           sqrt(chi_1) for these two variances, and its two factors in
    predicted_weight    sqrt(weight_variance) and
    predicted_activation  sqrt(E[phi'(z)**2])
    """

    module: str
    activation: str | None
    gain: float | None
    weight_part: float | None
    activation_part: float | None
    weight_variance: float
    input_variance: float
    singular_values: tuple[float, ...]
    predicted: float
    predicted_weight: float
    predicted_activation: float


def layers(
    model: Module, found: Sequence[Piece], rows: Sequence["Row"], upstream: Mapping[Node, float]
) -> Iterator[Layer]:
    """The dense layers among the pieces of a model."""
    modules = dict(model.named_modules())
    for i, piece in enumerate(found):
        dense = [node for node in piece.nodes if _weight(node) is not None]
        if len(dense) != 1 or rows[i].skip is not None:  # past which the gradient goes, too
            continue
        last, phi = i, _phi([node for node in piece.nodes if node.time > dense[0].time])
        if phi is None and i + 1 < len(found):
            phi = _phi(found[i + 1].nodes, modules.get(found[i + 1].name))
            last += phi is not None
        yield _layer(rows[i], rows[last], dense[0], phi or _identity, upstream[dense[0]])


def _layer(
    first: "Row", last: "Row", dense: Node, phi: Callable[[Any], Any], delta: float
) -> Layer:
    weight = _weight(dense)
    assert weight is not None
    weight_variance = float(np.square(weight).mean() * weight.shape[1])
    input_variance = float(np.square(dense.value).mean())
    known = math.isfinite(weight_variance) and math.isfinite(input_variance)
    slope = meanfield.gain(phi, 1.0, input_variance) if known else math.nan
    return Layer(
        module=first.module,
        activation=None if phi is _identity else last.module,
        gain=_ratio(first.at_input, last.at_output),
        weight_part=_ratio(first.at_input, delta),
        activation_part=_ratio(delta, last.at_output),
        weight_variance=weight_variance,
        input_variance=input_variance,
        singular_values=tuple(np.linalg.svd(weight, compute_uv=False).tolist()) if known else (),
        predicted=math.sqrt(weight_variance) * slope,
        predicted_weight=math.sqrt(weight_variance),
        predicted_activation=slope,
    )


def _weight(node: Node) -> Array | None:
    """The weight (outputs, inputs) with which an operation multiplies, or None."""
    assert node.op is not None
    if node.op.name == "linear":
        return node.inputs[1].value
    if node.op.name == "matmul":
        weight: Array = node.inputs[1].value
        return weight.T if weight.ndim == 2 else None
    return None


def _phi(nodes: Sequence[Node], module: Module | None = None) -> Callable[[Any], Any] | None:
    """The activation that these operations are: of each element by itself, without parameters."""
    nodes = [node for node in nodes if node.op is not None and node.op.name != "add"]
    if not nodes or not all(_elementwise(node) for node in nodes):
        return None
    if len(nodes) == 1:
        assert nodes[0].op is not None
        return partial(nodes[0].op, **nodes[0].params)
    return module


def _elementwise(node: Node) -> bool:
    assert node.op is not None
    signals = [x for x in node.inputs if x.value.size > 1]
    return isinstance(node.op.derivatives[0], Local) and not any(
        x.op is None and x.needs_grad for x in signals
    )


def _identity(x: Any) -> Any:
    return x


def _ratio(part: float | None, whole: float) -> float | None:
    return part / whole if part is not None and whole else None
