"""The command line: one file a command. `main` is what the `microgd` script calls."""

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, NoReturn

import typer

from microgd.cli import descend as descending
from microgd.cli import flow as flowing
from microgd.cli import graph as graphing
from microgd.cli import learn as learning
from microgd.cli import parallel as parallels
from microgd.cli import reproduce as reproducing
from microgd.cli import step as stepping
from microgd.cli import train as training
from microgd.cli.grouped import Grouped
from microgd.cli.tour import EXAMPLES, tour
from microgd.draw.terminal import forgive_ascii

START = """\b
Start here:
  microgd tour     watch gradients, in one neuron and in deep networks
  microgd learn    the lessons, for a little Python and no calculus
"""
app = typer.Typer(
    name="microgd",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text, which a pipe, a log and a narrow window can show
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=EXAMPLES)(tour)
app.command(epilog=descending.EXAMPLES)(descending.descend)
app.command(epilog=flowing.EXAMPLES)(flowing.flow)
app.command(epilog=graphing.EXAMPLES)(graphing.graph)
app.command(epilog=learning.EXAMPLES)(learning.learn)
app.command(epilog=parallels.EXAMPLES)(parallels.parallel)
app.command(epilog=reproducing.EXAMPLES)(reproducing.reproduce)
app.command(epilog=stepping.EXAMPLES)(stepping.step)
app.command(epilog=training.EXAMPLES, cls=Grouped)(training.train)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        number = version("microgd")
    except PackageNotFoundError:  # run from a checkout
        number = "(not installed)"
    typer.echo(f"microgd {number}")
    raise typer.Exit


@app.callback(invoke_without_command=True, epilog=START)
def _start(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 (the callback has answered it)
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """See how networks learn: every number of training, and where it came from."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line, and exit.

    0 for done, 1 for an error (one line, or a traceback if MICROGD_DEBUG is set), 2 for a command
    that is not understood, 130 for Ctrl-C.
    """
    forgive_ascii()
    try:
        app(prog_name="microgd")
    except Exception as error:
        if os.environ.get("MICROGD_DEBUG", "0") not in {"", "0"}:
            raise
        said = " ".join(str(error).split()) or type(error).__name__
        typer.echo(f"microgd: error: {said}", err=True)
        sys.exit(1)
    sys.exit(0)
