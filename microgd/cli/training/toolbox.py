"""The toolbox by name: one line a member. Their signatures say what options they have."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from microgd import nn, optim
from microgd.cli.training.spec import Make
from microgd.descent.rules import RULES
from microgd.graph import Array
from microgd.train import ClipGradNorm, ClipGradValue, EarlyStopping, GradientNoise
from microgd.train.remedies import pacing

OPTIMIZERS: dict[str, Make] = {
    name: partial(getattr(optim, rule.kind), **rule.options) for name, rule in RULES.items()
}


def _mlp() -> None:
    """A multilayer perceptron: dense layers with activations between them."""


MODELS: dict[str, Make] = {"mlp": _mlp, "rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

ACTIVATIONS: dict[str, Make] = dict(nn.activations.ACTIVATIONS)

INITS: dict[str, Make] = dict(nn.init.INITIALISATIONS)

PACINGS: dict[str, Make] = dict(pacing.PACINGS)


@dataclass(frozen=True)
class Scheduler:
    """A schedule, and what the run fills in where the user says nothing.

    filled  options that are the "length" of the schedule, the same if another one comes "for" the
            time after it, or the learning rate, "lr"
    each    whether a step of it is usually an epoch or a step of the optimizer
    """

    make: Callable[..., optim.Schedule]
    filled: Mapping[str, str] = field(default_factory=dict)
    each: str = "epoch"


def _multistep(optimizer: Any, milestones: Any, gamma: float = 0.1) -> optim.Schedule:
    """Multiply the rate by `gamma` at each of the `milestones`."""
    listed = milestones if isinstance(milestones, tuple) else (milestones,)  # 30 alone
    return optim.MultiStepLR(optimizer, listed, gamma)


SCHEDULES: dict[str, Scheduler] = {
    "step": Scheduler(optim.StepLR),
    "multistep": Scheduler(_multistep),
    "exponential": Scheduler(optim.ExponentialLR),
    "inverse_time": Scheduler(optim.InverseTimeLR),
    "polynomial": Scheduler(optim.PolynomialLR, {"total_iters": "length"}),
    "cosine": Scheduler(optim.CosineAnnealingLR, {"T_max": "length"}),
    "warmup": Scheduler(optim.LinearLR, {"total_iters": "for"}),
    "constant": Scheduler(optim.ConstantLR, {"total_iters": "for"}),
    "restarts": Scheduler(optim.CosineAnnealingWarmRestarts),
    "cyclic": Scheduler(optim.CyclicLR, {"base_lr": "lr"}, "step"),
    "onecycle": Scheduler(optim.OneCycleLR, {"max_lr": "lr", "total_steps": "length"}, "step"),
    "plateau": Scheduler(optim.ReduceLROnPlateau),
}


@dataclass(frozen=True)
class Loss:
    """A loss, and what it wants of labels and of a network.

    targets     from labels and the number of classes
    last        a module to put after the network
    most        as many classes as it can tell apart
    quantities  whether it also serves where the target is a quantity
    """

    make: Make
    targets: Callable[[Array, int], Array]
    last: Callable[[], nn.Module] | None = None
    most: float = math.inf
    quantities: bool = False


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(nn.cross_entropy, lambda y, k: y),
    "nll": Loss(nn.nll_loss, lambda y, k: y, last=nn.LogSoftmax),
    "bce": Loss(nn.binary_cross_entropy_with_logits, lambda y, k: y.reshape(-1, 1), most=2),
    "hinge": Loss(nn.hinge_loss, lambda y, k: 2 * y.reshape(-1, 1) - 1, most=2),
    "mse": Loss(nn.mse_loss, lambda y, k: np.eye(k)[y], quantities=True),
    "huber": Loss(nn.huber_loss, lambda y, k: np.eye(k)[y], quantities=True),
}


# What stands first in a signature is what a number alone means


def early_stopping(
    patience: int = 10,
    monitor: str | None = None,
    mode: str | None = None,
    min_delta: float = 0.0,
    restore_best: bool = True,
    *,
    default: str = "val_loss",
) -> EarlyStopping:
    """End training after `patience` epochs without a new best, and take the best weights."""
    return EarlyStopping(monitor or default, mode, patience, min_delta, restore_best)


REMEDIES: dict[str, Make] = {  # noise is the gradient's own, so it comes before the limits
    "--grad-noise": GradientNoise,
    "--clip-norm": ClipGradNorm,
    "--clip-value": ClipGradValue,
    "--early-stopping": early_stopping,
}

ALSO = {  # keys of every member of a table, beside its own, with their defaults
    "--schedule": ("each=epoch|step", "for=COUNT", "monitor=COLUMN"),
    "--curriculum": ("by=distance|teacher", "each=epoch|step", "balanced=true|false"),
}


def also(option: str) -> list[str]:
    """The keys of every member of a table."""
    return [key.partition("=")[0] for key in ALSO[option]]
