"""`microgd step`: an expression, forward and backward, one operation at a time."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microgd.cli.expressions import SYNTAX, Expression, Values, computed
from microgd.draw import keys
from microgd.draw.play import play, shown
from microgd.draw.terminal import console, paragraph
from microgd.explain import text
from microgd.explain.steps import Backprop, Forward, backprop, forward

if TYPE_CHECKING:
    from rich.console import Console

EXAMPLES = """\b
Examples:
  microgd step "relu(w*x + b)" w=2 x=-1 b=0.5
  microgd step "w*w + w" w=3           a value that is used twice
  microgd step "(tanh(w*x) - y)**2" w=0.8 x=1.5 y=0.5 --html step.html
  microgd step "sum((x@w - y)**2)" x=[[1,2],[3,4]] w=[1,-1] y=[0,0]
  microgd step "softmax(x)" x=[1,2,3] --forward

""" + SYNTAX.format("step")


def step(
    expression: Expression,
    values: Values = None,
    only_forward: Annotated[
        bool, typer.Option("--forward", help="Step through the forward pass only.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Print all steps at once; so does a pipe.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the steps as one page that works offline."),
    ] = None,
) -> None:
    """Step through an expression: every value, every derivative, every gradient."""
    loss = computed(expression, values)
    if loss.size != 1 and not only_forward:
        raise typer.BadParameter(
            f"the result has shape {loss.shape}, and a backward pass starts from one number;"
            f" write 'sum({expression})' or 'mean({expression})', or add --forward",
            param_hint="EXPRESSION",
        )
    screen = console()
    ahead = forward(loss)
    _show_forward(screen, expression, ahead)
    record = ahead if only_forward else backprop(loss)
    if html:
        paragraph(screen, f"Wrote {record.save(html)}: open it in a browser.")
    elif keys.available() and not everything:
        play(record)
        screen.print()
    elif not only_forward:
        paragraph(screen, "Backward", 0)
        for one in record:
            paragraph(screen, shown(one, screen.width))
    if isinstance(record, Backprop):
        _show_gradients(screen, record)


def _show_forward(screen: "Console", expression: str, ahead: Forward) -> None:
    """The expression, its values, and what each operation makes of them."""
    given = [
        f"{ahead.label(node)} = {text.array(ahead.value(node))}"
        for node in ahead.nodes
        if node.op is None and node.needs_grad
    ]
    paragraph(screen, text.filled([("", expression), ("with", ", ".join(given))], screen.width))
    rows = [
        ("", text.chain(one.name, one.expression, one.substituted, text.array(one.value)))
        for one in ahead
    ]
    paragraph(screen, text.filled(rows, screen.width))


def _show_gradients(screen: "Console", record: Backprop) -> None:
    """What the backward pass found for every name."""
    result = record.label(record.loss)
    rows = [("", f"Gradients of {result} = {text.array(record.value(record.loss))}")]
    for node in record.nodes:
        gradient = record.gradient(node)
        if node.op is None and node.needs_grad:
            name = record.label(node)
            rows.append(
                (f"d {result} / d {name}", "none" if gradient is None else text.array(gradient))
            )
    paragraph(screen, text.filled(rows, screen.width))
