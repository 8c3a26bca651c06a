"""Expressions on the command line: ``"relu(w*x + b)" w=2 x=-1 b=0.5``, for several commands."""

from collections.abc import Sequence
from typing import Annotated

import typer

from microgd.explain.expression import ExpressionError, read, read_value
from microgd.graph import Array
from microgd.tensor import Tensor

Expression = Annotated[
    str,
    typer.Argument(metavar="EXPRESSION", help="What to compute, as 'relu(w*x + b)'."),
]
Values = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME=VALUE...", help="Its numbers and arrays, as w=2 x=[1,2] y=[[1],[2]]."
    ),
]

SYNTAX = """\b
Expressions have + - * / ** @, comparisons, x[0], x[1:3], x.T, pi, numbers,
and functions of microgd, as tanh(x), sum(x, axis=0), where(x > 0, x, 0).
One that begins with a minus goes behind two more: microgd {} -- "-x" x=1
"""


def computed(expression: str, pairs: Sequence[str] | None) -> Tensor:
    """The result of an expression with its values. Raises typer.BadParameter, exit code 2."""
    values = {}
    for pair in pairs or ():
        name, value = _pair(pair)
        if name in values:
            raise typer.BadParameter(f"{name} is given twice", param_hint="NAME=VALUE")
        values[name] = value
    try:
        return read(expression, values)
    except ExpressionError as error:
        raise typer.BadParameter(str(error), param_hint="EXPRESSION") from error


def _pair(pair: str) -> tuple[str, Array]:
    """The name and the value of ``w=2``."""
    name, sign, value = (part.strip() for part in pair.partition("="))
    if not sign or not name.isidentifier():
        raise typer.BadParameter(
            f"{pair!r:.60} is no name with a value; write w=2", param_hint="NAME=VALUE"
        )
    try:
        return name, read_value(value)
    except ExpressionError as error:
        raise typer.BadParameter(f"{name}: {error}", param_hint="NAME=VALUE") from error
