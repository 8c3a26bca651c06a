"""The network and its loss, from their names."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import typer

from microgd import nn
from microgd.cli.training.data import Given
from microgd.cli.training.options import Options
from microgd.cli.training.spec import Spec, parse
from microgd.cli.training.toolbox import ACTIVATIONS, INITS, LOSSES, Loss
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
    fitted = partial(_targets, spec, kind, dtype=dtype(options))
    train = fitted(found.train)
    held_out = None if found.held_out is None else fitted(found.held_out)
    target = train[1]
    outputs = len(found.train.classes) if target.ndim == 1 else target.shape[1]
    sizes = (train[0].shape[1], *_hidden(options.hidden), outputs)
    make = partial(_network, options, sizes, kind)
    loss = _loss(options, spec, train)
    extra = [f"{options.init} weights"] if options.init else []
    extra += [f"{options.norm} normalisation"] if options.norm else []
    extra += [f"dropout {options.dropout:g}"] if options.dropout else []
    extra += ["residual"] if options.residual else []
    model = make()
    count = sum(p.size for p in model.parameters())
    network = ", ".join([" -> ".join(map(str, sizes)), options.activation, *extra])
    smoothing = f", label smoothing {options.label_smoothing:g}" if options.label_smoothing else ""
    said = (f"{network}; {count:,} parameters, {options.dtype}", f"{spec}{smoothing}")
    return Learner(make, model, sizes, loss, train, held_out, said)


def _hidden(text: str) -> list[int]:
    """The sizes between inputs and outputs."""
    if text.strip().lower() in {"", "none", "0"}:
        return []
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise typer.BadParameter(
            f"{text!r} are no sizes; give one for each hidden layer, as 64,32, or none",
            param_hint="--hidden",
        )
    return sizes


def _network(options: Options, sizes: tuple[int, ...], kind: Loss) -> nn.Module:
    activation = parse("--activation", options.activation, ACTIVATIONS)
    init = None
    if options.init is not None:
        spec = parse("--init", options.init, INITS)
        init = partial(spec.make, **spec.options)
        spec.trying(lambda: init((2, 2), rng=0))
    between = activation.build()
    shared: dict[str, Any] = {"norm": options.norm, "dropout": options.dropout}
    made: nn.Module = Spec("network", nn.MLP).trying(
        lambda: nn.MLP(
            sizes, between, init=init, residual=options.residual, rng=options.seed,
            dtype=dtype(options), **shared,
        )
    )  # fmt: skip
    return made if kind.last is None else nn.Sequential(made, kind.last())


def _targets(spec: Spec, kind: Loss, part: Dataset, dtype: Any) -> Pair:
    """Inputs and targets, as the loss wants them."""
    x = part.x.reshape(len(part.x), -1)
    if not part.classes:
        if not kind.quantities:
            raise spec.refusal(f"{spec.name} is for classes, and the target is a quantity; try mse")
        return x, part.y
    classes = len(part.classes)
    if classes > kind.most:
        raise spec.refusal(
            f"{spec.name} tells two classes apart, and here are {classes}; try cross_entropy"
        )
    y = kind.targets(part.y, classes)
    return x, y if y.ndim == 1 else y.astype(dtype)


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
