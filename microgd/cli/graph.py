"""`microgd graph`: the picture of an expression, or of a network that is described, in a file."""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from microgd.cli.expressions import SYNTAX, Values, computed
from microgd.draw.graph import SUFFIXES
from microgd.draw.graph import graph as picture
from microgd.nn.activations import make_activation
from microgd.nn.losses import cross_entropy, mse_loss
from microgd.nn.mlp import MLP
from microgd.tensor import Tensor

EXAMPLES = """\b
Examples:
  microgd graph "tanh(w*x + b)" w=2 x=1 b=0 -o neuron.svg
  microgd graph "w*w + w" w=3 -o slide.png
  microgd graph --mlp 2,16,16,2 --activation relu --batch 4 -o network.svg
  microgd graph --mlp 2,16,16,2 --open layers.0 -o first-layer.svg
  microgd graph "x*x" x=3 -o - > x.svg

""" + SYNTAX.format("graph")


def graph(
    expression: Annotated[
        str | None,
        typer.Argument(metavar="[EXPRESSION]", help="What to compute, as 'tanh(w*x + b)'."),
    ] = None,
    values: Values = None,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=f"Where to: {', '.join(SUFFIXES)}; - for SVG on standard output.",
        ),
    ] = "",
    mlp: Annotated[
        str | None,
        typer.Option(metavar="SIZES", help="Draw a multilayer perceptron, as 2,16,16,2."),
    ] = None,
    activation: Annotated[str, typer.Option(help="Of its hidden layers.")] = "relu",
    batch: Annotated[int, typer.Option(min=1, max=100_000, help="Rows of its input.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Of its weights and its input.")] = 0,
    opened: Annotated[
        list[str] | None,
        typer.Option("--open", metavar="MODULE", help="Show what is in it; may be repeated."),
    ] = None,
    max_nodes: Annotated[int, typer.Option(min=1, help="A graph of more nodes is folded.")] = 100,
    numbers: Annotated[bool, typer.Option(help="Write the values.")] = True,
    gradients: Annotated[bool, typer.Option(help="Write the gradients.")] = True,
    down: Annotated[bool, typer.Option("--down", help="Draw from top to bottom.")] = False,
) -> None:
    """Draw an expression or a network: operations, values, shapes, gradients."""
    target = _target(output)
    if (expression is None) == (mlp is None):
        raise typer.BadParameter("give an expression or --mlp 2,16,2, one of them")
    loss = (
        computed(expression, values) if expression else _network(mlp or "", activation, batch, seed)
    )
    if gradients and loss.requires_grad and loss.size == 1:
        loss.backward()
    try:
        drawn = picture(
            loss,
            collapse=None if mlp is None else "modules",
            values=numbers,
            gradients=gradients,
            max_nodes=max_nodes,
            opened=opened or (),
            direction="TB" if down else "LR",
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--open") from error
    if target is None:
        sys.stdout.buffer.write(drawn.render("svg"))
        sys.stdout.buffer.flush()
    else:
        typer.echo(f"Wrote {drawn.save(target)}: {drawn!r}")


def _target(output: str) -> Path | None:
    """The file to write, None for standard output."""
    if output == "-":
        return None
    path = Path(output)
    if path.suffix.lower() not in SUFFIXES:
        said = f"{output!r} ends in none of {', '.join(SUFFIXES)}" if output else "where to"
        raise typer.BadParameter(f"{said}: write -o graph.svg, or -o -", param_hint="--output")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint="--output")
    return path


def _network(sizes: str, activation: str, batch: int, seed: int) -> Tensor:
    """The loss of a freshly drawn network on noise: a classifier's, or with one output a fit's."""
    rng = np.random.default_rng(seed)
    try:
        make_activation(activation)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--activation") from error
    try:
        model = MLP([int(size) for size in sizes.split(",")], activation=activation, rng=rng)
    except ValueError as error:
        said = f"{sizes!r:.60}: {error}; write layer sizes as 2,16,16,2"
        raise typer.BadParameter(said, param_hint="--mlp") from error
    inputs, *_, outputs = model.sizes
    scores = model(Tensor(rng.normal(size=(batch, inputs)), name="x"))
    if outputs > 1:
        loss = cross_entropy(scores, target=rng.integers(0, outputs, batch))
    else:
        loss = mse_loss(scores, Tensor(rng.normal(size=(batch, 1)), name="y"))
    loss.name = "loss"
    assert isinstance(loss, Tensor)
    return loss
