"""`microgd train`: a network on data, with all of the toolbox as options."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import typer

from microgd.cli.training import results
from microgd.cli.training.options import Options
from microgd.cli.training.plan import Plan, plan
from microgd.cli.training.resume import checkpoint, source
from microgd.cli.typed import typed
from microgd.draw.terminal import console, paragraph
from microgd.train import Callback, History, NotFiniteError, fit

EXAMPLES = """\b
Examples:
  microgd train digits
  microgd train moons --hidden 16,16 --activation tanh --html moons.html
  microgd train iris.csv --target species --optimizer sgd:0.1,momentum=0.9
  microgd train digits --schedule warmup:for=5 --schedule cosine
  microgd train digits --norm batch --dropout 0.2 --early-stopping 5
  microgd train digits --checkpoint run.npz --resume --history run.csv
"""


def train(**asked: Any) -> None:
    """Train a network, and see how it goes."""
    options = Options(**asked)
    wanted = plan(options)
    keepers = checkpoint(options, wanted.settings)
    resumed = source(options, wanted.settings)
    if not (options.quiet or options.as_json):
        _begin(wanted, options, resumed is not None)
    try:
        history = _fit(wanted, options, keepers, resumed)
    except NotFiniteError as error:
        _keep(options, error.history)
        raise
    except KeyboardInterrupt:
        _how_to_go_on(options)
        raise typer.Exit(130) from None
    found = results.result(wanted, history)
    if options.as_json:
        typer.echo(results.document(wanted, options, found))
    else:
        results.show(wanted, found, options.quiet)
    _keep(options, history)
    if options.html:
        from microgd.cli.training.page import write

        write(options.html, wanted, found)
        _wrote(options, options.html)
    if history.interrupted:
        _how_to_go_on(options)
        raise typer.Exit(130)


train.__signature__ = inspect.signature(Options)  # type: ignore[attr-defined]
train.__annotations__ = inspect.get_annotations(Options)


def _fit(wanted: Plan, options: Options, keepers: list[Callback], resumed: Path | None) -> History:
    """Do the work."""
    learner = wanted.learner
    with np.errstate(all="ignore"):  # of a number that is not finite, fit speaks itself
        return fit(
            learner.model,
            wanted.batches,
            wanted.optimizer,
            learner.loss,
            options.epochs,
            validation=learner.held_out,
            metrics=wanted.metrics,
            callbacks=[*wanted.callbacks, *keepers],
            every=options.every,
            progress=not (options.quiet or options.as_json),
            resume=resumed,
        )


def _begin(wanted: Plan, options: Options, resumed: bool) -> None:
    """What is going to be done."""
    from microgd.cli.tour_pages import listed

    screen = console()
    screen.print()
    paragraph(screen, listed((name, said) for name, said in wanted.lines.items() if said))
    if resumed:
        paragraph(screen, f"Going on from {options.checkpoint}.")
    elif options.resume:
        paragraph(screen, f"{options.checkpoint} is not there yet: starting from the beginning.")


def _keep(options: Options, history: History) -> None:
    """Write the history."""
    if options.history:
        history.to_csv(options.history)
        _wrote(options, options.history)


def _wrote(options: Options, path: Path) -> None:
    if not (options.quiet or options.as_json):
        typer.echo(f"wrote {path}")


def _how_to_go_on(options: Options) -> None:
    if options.checkpoint and options.checkpoint.exists():
        typer.echo(f"saved in {options.checkpoint}; go on with\n  {typed('--resume')}", err=True)
    else:
        typer.echo("nothing was saved; --checkpoint FILE would keep such a run", err=True)
