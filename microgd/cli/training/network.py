"""The network and its loss, from their names."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import typer

from microgd import nn
from microgd.cli.training.architecture import Design, cut
from microgd.cli.training.data import Given
from microgd.cli.training.options import Options
from microgd.cli.training.spec import Spec, parse
from microgd.cli.training.toolbox import LOSSES, Loss
from microgd.data import Dataset
from microgd.graph import Array

DTYPES = {"float32": np.float32, "float64": np.float64}
Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Learner:
    """A network, its loss, and the data as the loss wants them.

    make  another network like it, as it was before training
    """

    make: Callable[[], nn.Module]
    model: nn.Module
    sizes: tuple[int, ...]
    loss: Callable[..., Any]
    train: Pair
    held_out: Pair | None
    said: tuple[str, str]


def dtype(options: Options) -> Any:
    """The dtype of all numbers. Raises BadParameter for a name that is none."""
    if options.dtype not in DTYPES:
        raise typer.BadParameter(
            f"{options.dtype!r} is unknown; there are {', '.join(DTYPES)}", param_hint="--dtype"
        )
    return DTYPES[options.dtype]


def learner(options: Options, found: Given) -> Learner:
    """Make the network, and fit the targets to the loss. Raises BadParameter where it cannot."""
    default = "cross_entropy" if found.train.classes else "mse"
    table = {name: loss.make for name, loss in LOSSES.items()}
    spec = parse("--loss", options.loss or default, table)
    kind = LOSSES[spec.name]
    inputs = cut(options, found)
    parts = [found.train, *([found.held_out] if found.held_out else [])]
    train, *others = [(inputs(part), _targets(spec, kind, part, dtype(options))) for part in parts]
    target = train[1]
    outputs = len(found.train.classes) if target.ndim == 1 else target.shape[1]
    design = Design(options, found, train[0].shape, outputs, dtype(options))
    make = partial(_network, design, kind)
    loss = _loss(options, spec, train)
    model = make()
    count = sum(p.size for p in model.parameters())
    smoothing = f", label smoothing {options.label_smoothing:g}" if options.label_smoothing else ""
    said = (f"{design}; {count:,} parameters, {options.dtype}", f"{spec}{smoothing}")
    return Learner(make, model, design.sizes, loss, train, others[0] if others else None, said)


def _network(design: Design, kind: Loss) -> nn.Module:
    made = design.build()
    return made if kind.last is None else nn.Sequential(made, kind.last())


def _targets(spec: Spec, kind: Loss, part: Dataset, dtype: Any) -> Array:
    """The targets, as the loss wants them."""
    if not part.classes:
        if not kind.quantities:
            raise spec.refusal(f"{spec.name} is for classes, and the target is a quantity; try mse")
        return part.y
    classes = len(part.classes)
    if classes > kind.most:
        raise spec.refusal(
            f"{spec.name} tells two classes apart, and here are {classes}; try cross_entropy"
        )
    y = kind.targets(part.y, classes)
    return y if y.ndim == 1 else y.astype(dtype)


def _loss(options: Options, spec: Spec, train: Pair) -> Callable[..., Any]:
    """The loss with its options, tried once."""
    extra: dict[str, Any] = dict(spec.options)
    if options.label_smoothing:
        if spec.name != "cross_entropy":
            raise typer.BadParameter(
                f"cross_entropy has it, and {spec.name} has not; leave it out",
                param_hint="--label-smoothing",
            )
        extra["label_smoothing"] = options.label_smoothing
    loss = partial(spec.make, **extra)
    y = train[1][:1]
    scores = np.zeros((1, int(train[1].max()) + 1)) if y.ndim == 1 else np.zeros(y.shape)
    hint = "--label-smoothing" if options.label_smoothing else "--loss"
    Spec(hint, spec.make).trying(lambda: loss(scores, y))
    return loss
