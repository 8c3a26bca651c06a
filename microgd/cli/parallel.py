"""`microgd parallel`: many workers train one network, and one sees who did what when."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import typer

from microgd.cli.parallels import studies
from microgd.cli.parallels.chosen import Chosen, chosen, show_list
from microgd.cli.parallels.live import Live
from microgd.cli.parallels.options import Asked
from microgd.cli.tour_pages import listed
from microgd.cli.training import data
from microgd.cli.training.network import Learner, dtype, learner
from microgd.cli.training.options import Options
from microgd.cli.training.results import plain
from microgd.cli.typed import typed
from microgd.draw.terminal import console, paragraph
from microgd.parallel import Record, train
from microgd.parallel.errors import WorkerError
from microgd.train import evaluate

EXAMPLES = """\b
Examples:
  microgd parallel hogwild
  microgd parallel downpour --workers 4 --option n_push=5 --html run.html
  microgd parallel adadelay --backend simulated --delay pareto --workers 8
  microgd parallel easgd --option tau=4 --option rho=2
  microgd parallel synchronous --backend ray --address auto
  microgd parallel easgd --surface himmelblau --workers 4 --html springs.html
  microgd parallel hogwild --densities 0.05,0.2,1 --html lost.html
  microgd parallel --list

\b
updates: that changed the parameters. staleness: how many others came between
the parameters that a gradient was computed from and its update. waits: share
of the time in which a worker waited for others. Time, where it is simulated,
is counted in gradients: one takes 1 on average.
"""


def parallel(**asked: Any) -> None:
    """Train a network with many workers, and see what each of them did when."""
    wanted = Asked(**asked)
    if wanted.listing:
        show_list()
    elif wanted.densities:
        studies.densities(wanted)
    elif wanted.surface:
        studies.surface(wanted, chosen(wanted, "easgd", "simulated"))
    else:
        _network(wanted, chosen(wanted, "downpour", "processes"))


parallel.__signature__ = inspect.signature(Asked)  # type: ignore[attr-defined]
parallel.__annotations__ = inspect.get_annotations(Asked)


def _network(asked: Asked, picked: Chosen) -> None:
    """Train a network, and print what became of it."""
    options = Options(asked.data, hidden=asked.hidden, seed=asked.seed)
    given = data.given(options, dtype(options))
    pupil = learner(options, given)
    loud = not (asked.quiet or asked.as_json)
    if loud:
        lines = {
            "algorithm": repr(picked.algorithm),
            "workers": f"{asked.workers}, {picked.backend}",
            "data": data.described(given),
            "network": pupil.said[0],
        }
        screen = console()
        screen.print()
        paragraph(screen, listed(lines.items()))
    live = Live(asked.workers, loud)
    try:
        with live, np.errstate(all="ignore"):  # pushes that are not finite are counted
            record = _train(asked, picked, pupil, live)
    except KeyboardInterrupt:  # the second
        typer.echo(f"interrupted; {_left(picked.options.get('checkpoint'))}", err=True)
        raise typer.Exit(130) from None
    _show(record, pupil, asked)
    if asked.html:
        _page(record, asked.html, loud)
    if record.interrupted:
        kept = picked.options.get("checkpoint")
        said = f"saved in {kept}" if kept else "nothing was saved; --checkpoint FILE would keep it"
        if not len(record.losses):
            said = "there was nothing to save yet"
        typer.echo(f"interrupted; {said}", err=True)
        raise typer.Exit(130)


def _left(checkpoint: str | Path | None) -> str:
    """What a run leaves that was not even allowed to end."""
    if checkpoint is not None and Path(checkpoint).exists():
        return f"{checkpoint} is as it was last saved"
    return "nothing was saved"


def _train(asked: Asked, picked: Chosen, pupil: Learner, live: Live) -> Record:
    """Do the work. Raises BadParameter for what is refused before it begins."""
    try:
        return train(
            pupil.model, pupil.train, picked.algorithm, asked.workers, picked.backend,
            epochs=asked.epochs, batch_size=asked.batch_size, loss=pupil.loss,
            shards=asked.shards, rng=asked.seed, progress=live, **picked.options,
        )  # fmt: skip
    except WorkerError as error:
        typer.echo(error.trace, err=True)
        raise RuntimeError(str(error).partition("\n")[0]) from error
    except (TypeError, ValueError) as error:
        if live.began:
            raise
        raise typer.BadParameter(str(error).removeprefix("train: ")) from error


def _show(record: Record, pupil: Learner, asked: Asked) -> None:
    """Print what became of it."""
    from microgd.draw.parallel.table import outcome, sentence

    parts = {"training": pupil.train, "validation": pupil.held_out}
    metrics = ["accuracy"] if pupil.train[1].ndim == 1 else []
    with np.errstate(all="ignore"):
        found = {
            name: evaluate(pupil.model, part, pupil.loss, metrics=metrics)
            for name, part in parts.items()
            if part is not None
        }
    if asked.as_json:
        told = {**record.to_dict(), "summary": record.summary(), "result": found}
        typer.echo(json.dumps(plain(told), indent=2, allow_nan=False))
        return
    screen = console()
    paragraph(screen, outcome(record, screen.width))
    said = [sentence(record)]
    for name, values in found.items():
        measured = ", ".join(
            f"{key} {100 * value:.1f} %" if key == "accuracy" else f"{key} {value:.4f}"
            for key, value in values.items()
        )
        said.append(f"{name.capitalize()} data: {measured}.")
    if not asked.quiet:
        paragraph(screen, " ".join(said))


def _page(record: Record, path: Path, loud: bool) -> None:
    """Write the page, if there is anything to see."""
    from microgd.draw.parallel.page import page

    if not len(record.losses):
        typer.echo(f"no update, so there is no page: {path} is not written", err=True)
        return
    path.write_text(page(record, typed()), encoding="utf-8")
    if loud:
        typer.echo(f"wrote {path}")
