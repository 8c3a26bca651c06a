"""What a network is built of: a multilayer perceptron, or one that reads sequences first."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
import typer

from microgd import nn
from microgd.cli.training.data import Given
from microgd.cli.training.options import Options
from microgd.cli.training.spec import Spec, parse
from microgd.cli.training.toolbox import ACTIVATIONS, INITS, MODELS
from microgd.data import Dataset
from microgd.graph import Array


def cut(options: Options, found: Given) -> Callable[[Dataset], Array]:
    """How the inputs of a data set become what the network takes.

    Rows (n, inputs) for an mlp; sequences (n, steps, inputs) for a recurrent network, or whole
    numbers (n, steps) before an embedding. Raises BadParameter where they cannot.
    """
    train = found.train
    size = int(np.prod(train.x.shape[1:]))
    recurrent = parse("--model", options.model, MODELS).name != "mlp"
    for option, value in {"--steps": options.steps, "--embedding": options.embedding}.items():
        if value is not None and not recurrent:
            raise typer.BadParameter(
                "for sequences; give --model rnn, lstm or gru as well", param_hint=option
            )
    if not recurrent:
        return lambda part: part.x.reshape(len(part.x), -1)
    if options.embedding is not None:
        parts = [train.x, *([found.held_out.x] if found.held_out else [])]
        if any((x != np.floor(x)).any() or x.min() < 0 for x in parts):
            raise typer.BadParameter(
                "the inputs are not all whole numbers of 0 or more", param_hint="--embedding"
            )
        return lambda part: part.x.reshape(len(part.x), -1).astype(np.int64)
    tile = train.tile
    steps = options.steps or (train.x.shape[1] if train.x.ndim > 2 else tile[0] if tile else size)
    if steps < 1 or size % steps:
        raise typer.BadParameter(
            f"{size} inputs cannot be cut into {steps} steps of equal length", param_hint="--steps"
        )
    return lambda part: part.x.reshape(len(part.x), steps, -1)


@dataclass(frozen=True)
class Design:
    """A network that can be built again and again, always from the same first weights.

    shape    of the inputs, with the rows
    outputs  of the network
    """

    options: Options
    found: Given
    shape: tuple[int, ...]
    outputs: int
    dtype: Any

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Inputs (of a step), hidden units, outputs."""
        inputs = self.options.embedding or self.shape[-1]
        return (inputs, *self._hidden, self.outputs)

    @cached_property
    def _hidden(self) -> list[int]:
        text = self.options.hidden
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

    @cached_property
    def _model(self) -> Spec:
        return parse("--model", self.options.model, MODELS)

    def build(self) -> nn.Module:
        """Make it. Raises BadParameter for what cannot be made."""
        rng = np.random.default_rng(self.options.seed)
        if self._model.name == "mlp":
            return self._dense(self.sizes, rng)
        if not self._hidden:
            raise typer.BadParameter(
                f"{self._model.name} needs a state; give its size", param_hint="--hidden"
            )
        inputs, state, *rest = self.sizes
        recurrent = self._model.build(inputs, state, batch_first=True, rng=rng, dtype=self.dtype)
        reader: list[nn.Module] = [nn.FinalState(recurrent)]
        if self.options.embedding is not None:
            reader.insert(0, self._embedding(rng))
        ways = 2 if recurrent.bidirectional else 1
        return nn.Sequential(*reader, self._dense((ways * state, *rest), rng))

    def _embedding(self, rng: Any) -> nn.Module:
        found, size = self.found, self.options.embedding
        highest = max(part.x.max() for part in (found.train, found.held_out) if part is not None)
        made: nn.Module = Spec("--embedding", nn.Embedding).trying(
            lambda: nn.Embedding(int(highest) + 1, size or 0, rng=rng, dtype=self.dtype)
        )
        return made

    def _dense(self, sizes: tuple[int, ...], rng: Any) -> nn.Module:
        options = self.options
        self._check_use(sizes)
        activation = parse("--activation", options.activation, ACTIVATIONS).build()
        init = None
        if options.init is not None:
            spec = parse("--init", options.init, INITS)
            init = partial(spec.make, **spec.options)
            spec.trying(lambda: init((2, 2), rng=0))
        shared: dict[str, Any] = {"norm": options.norm, "dropout": options.dropout}
        made: nn.Module = Spec("network", nn.MLP).trying(
            lambda: nn.MLP(
                sizes, activation, init=init, residual=options.residual, rng=rng,
                dtype=self.dtype, **shared,
            )
        )  # fmt: skip
        return made

    def _check_use(self, sizes: tuple[int, ...]) -> None:
        """Raise BadParameter for what would do nothing in a network of these sizes."""
        options, way_out = self.options, "give other sizes by --hidden, or leave it out"
        for option in ("norm", "dropout", "residual"):
            if getattr(options, option) and len(sizes) < 3:
                raise typer.BadParameter(
                    f"acts on hidden layers, and there is none; {way_out}", param_hint=f"--{option}"
                )
        if options.residual and all(a != b for a, b in pairwise(sizes[:-1])):
            said = " -> ".join(map(str, sizes))
            raise typer.BadParameter(
                f"no hidden layer keeps its size in {said}; {way_out}", param_hint="--residual"
            )

    def __str__(self) -> str:
        options = self.options
        said = [" -> ".join(map(str, self.sizes)), options.activation]
        if self._model.name != "mlp":
            said = [f"{self._model} of {self.shape[1]} steps", *said]
        said += [f"embedding {options.embedding}"] if options.embedding else []
        said += [f"{options.init} weights"] if options.init else []
        said += [f"{options.norm} normalisation"] if options.norm else []
        said += [f"dropout {options.dropout:g}"] if options.dropout else []
        said += ["residual"] if options.residual else []
        return ", ".join(said)
