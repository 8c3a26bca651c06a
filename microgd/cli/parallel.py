"""`microgd parallel`: many workers train one network, and one sees who did what when."""

import inspect
import json
import shlex
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from microgd.cli.parallel_live import Live
from microgd.cli.tour_pages import listed
from microgd.cli.tour_report import place
from microgd.cli.training import data
from microgd.cli.training.network import Learner, dtype, learner
from microgd.cli.training.options import Options
from microgd.cli.training.results import plain
from microgd.cli.training.spec import Spec, keys, only, shown
from microgd.draw.terminal import console, paragraph
from microgd.names import choose
from microgd.parallel.algorithms import NAMES
from microgd.parallel.delays import DELAYS
from microgd.parallel.train import BACKENDS

if TYPE_CHECKING:
    from microgd.parallel import Record

EXAMPLES = """\b
Examples:
  microgd parallel hogwild
  microgd parallel downpour --workers 4 --option n_push=5 --html run.html
  microgd parallel adadelay --backend simulated --delay pareto --workers 8
  microgd parallel easgd --option tau=4 --option rho=2
  microgd parallel synchronous --backend ray --address auto
  microgd parallel --list

\b
updates: that changed the parameters. staleness: how many others came between
the parameters that a gradient was computed from and its update. waits: share
of the time in which a worker waited for others. Time, where it is simulated,
is counted in gradients: one takes 1 on average.
"""


def parallel(
    algorithm: Annotated[
        str | None,
        typer.Argument(metavar="ALGORITHM", help=f"{', '.join(NAMES)}; downpour."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, metavar="COUNT", help="How many.")] = 2,
    source: Annotated[
        str, typer.Option("--data", metavar="DATA", help="As for microgd train: a name, or a file.")
    ] = "digits",
    hidden: Annotated[
        str, typer.Option(metavar="SIZES", help="Units of the hidden layers, or none.")
    ] = "32",
    backend: Annotated[
        str, typer.Option(metavar="NAME", help=f"Where they work: {', '.join(BACKENDS)}.")
    ] = "processes",
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Of a Ray cluster that runs, or auto.")
    ] = None,
    epochs: Annotated[
        int, typer.Option(min=1, metavar="COUNT", help="Times through the data.")
    ] = 5,
    batch_size: Annotated[
        int, typer.Option(min=1, metavar="ROWS", help="Rows of a gradient.")
    ] = 32,
    lr: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="RATE", help="Learning rate; what suits if not given."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Of the algorithm or the backend; see --list."),
    ] = None,
    delay: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"Of simulated workers: {', '.join(DELAYS)}."),
    ] = None,
    shards: Annotated[
        int, typer.Option(min=1, metavar="COUNT", help="Parts of the parameter server.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, metavar="SEED", help="Of the random numbers.")] = 0,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the network there.", callback=place),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write one page that works offline.", callback=place),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document only.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The tables only.")] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="Show algorithms, backends, and their options.")
    ] = False,
) -> None:
    """Train a network with many workers, and see what each of them did when."""
    if listing:
        _list()
        return
    where = _backend(backend)
    beside = {"delay": delay, "address": address, "checkpoint": checkpoint}
    chosen = _algorithm(algorithm or "downpour", option or [], lr, where)
    of_backend = {key: chosen.take(key) for key in list(chosen.options) if key in where}
    for key, value in beside.items():
        if value is not None and key not in where:
            takers = [name for name in BACKENDS if key in _backend(name)]
            raise typer.BadParameter(
                f"not for --backend {backend}, but for {' and '.join(takers)}",
                param_hint=f"--{key}",
            )
        if value is not None:
            of_backend[key] = value
    made = chosen.build()
    asked = Options(source, hidden=hidden, seed=seed)
    given = data.given(asked, dtype(asked))
    pupil = learner(asked, given)
    loud = not (quiet or as_json)
    if loud:
        lines = {
            "algorithm": repr(made),
            "workers": f"{workers}, {backend}",
            "data": data.described(given),
            "network": pupil.said[0],
        }
        screen = console()
        screen.print()
        paragraph(screen, listed(lines.items()))
    live = Live(workers, loud)
    try:
        with live:
            record = _train(pupil, made, live, workers, backend, epochs, batch_size, shards, seed,
                            of_backend)  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing was saved", err=True)
        raise typer.Exit(130) from None
    _show(record, pupil, as_json, quiet)
    if html:
        _page(record, html, quiet or as_json)
    if record.interrupted:
        kept = of_backend.get("checkpoint")
        said = f"saved in {kept}" if kept else "nothing was saved; --checkpoint FILE would keep it"
        typer.echo(f"interrupted; {said}", err=True)
        raise typer.Exit(130)


def _train(
    pupil: Learner, made: Any, live: Live, workers: int, backend: str, epochs: int,
    batch_size: int, shards: int, seed: int, options: dict[str, Any],
) -> "Record":  # fmt: skip
    """Do the work. Raises BadParameter for what is refused before it begins."""
    from microgd import parallel as microgd_parallel
    from microgd.parallel.errors import WorkerError

    try:
        return microgd_parallel.train(
            pupil.model, pupil.train, made, workers, backend, epochs=epochs, loss=pupil.loss,
            batch_size=batch_size, shards=shards, rng=seed, progress=live, **options,
        )  # fmt: skip
    except WorkerError as error:
        typer.echo(error.trace, err=True)
        raise RuntimeError(str(error).partition("\n")[0]) from error
    except (TypeError, ValueError) as error:
        if live.began:
            raise
        raise typer.BadParameter(str(error).removeprefix("train: ")) from error


def _backend(name: str) -> dict[str, Any]:
    """The options of a backend, with what they are if nothing is said."""
    try:
        module = import_module(choose("backend", name, BACKENDS))
    except ValueError as error:
        said = str(error).removeprefix("backend ")
        raise typer.BadParameter(said, param_hint="--backend") from error
    return {field.name: field.default for field in fields(module.Options)}


def _algorithm(text: str, options: list[str], lr: float | None, where: dict[str, Any]) -> Spec:
    """The algorithm ``NAME`` or ``NAME:VALUE,key=value``, with these options and its backend's."""
    name, _, rest = text.partition(":")
    try:
        make = choose("ALGORITHM", name.strip().lower().replace("_", "-"), NAMES)
    except ValueError as error:
        said = str(error).removeprefix("ALGORITHM ")
        raise typer.BadParameter(said, param_hint="ALGORITHM") from error
    for one in options:
        if not one.partition("=")[2]:
            raise typer.BadParameter(f"{one!r:.60} is no KEY=VALUE", param_hint="--option")
    hint = "--option" if options else "ALGORITHM"
    chosen = only(hint, ",".join([rest, *options]), make, name, also=where)
    if lr is not None:
        chosen.options["lr"] = lr
    return chosen


def _show(record: "Record", pupil: Learner, as_json: bool, quiet: bool) -> None:
    """Print what became of it."""
    from microgd.draw.parallel.table import outcome, sentence
    from microgd.train import evaluate

    parts = {"training": pupil.train, "validation": pupil.held_out}
    metrics = ["accuracy"] if pupil.train[1].ndim == 1 else []
    found = {
        name: evaluate(pupil.model, part, pupil.loss, metrics=metrics)
        for name, part in parts.items()
        if part is not None
    }
    if as_json:
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
    if not quiet:
        paragraph(screen, " ".join(said))


def _page(record: "Record", path: Path, silent: bool) -> None:
    """Write the page, if there is anything to see."""
    from microgd.draw.parallel.page import page

    if not len(record.losses):
        typer.echo(f"no update, so there is no page: {path} is not written", err=True)
        return
    path.write_text(page(record, shlex.join(["microgd", *sys.argv[1:]])), encoding="utf-8")
    if not silent:
        typer.echo(f"wrote {path}")


def _list() -> None:
    """Print algorithms and backends, each with its options and their defaults."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    for title, entries in (
        ("ALGORITHM", {name: (_sentence(make), _defaults(make)) for name, make in NAMES.items()}),
        ("--backend", {name: ("", _backend(name)) for name in BACKENDS}),
        ("--delay", {name: (_sentence(make), {}) for name, make in DELAYS.items()}),
    ):
        screen.print(title, style="bold")
        rows = Table.grid(padding=(0, 2, 0, 0))
        for name, (about, options) in entries.items():
            said = ", ".join(f"{key}={shown(value)}" for key, value in options.items())
            rows.add_row(Text(name), Text("\n".join(filter(None, [about, said]))))
        paragraph(screen, rows, 2)


def _sentence(make: Any) -> str:
    said = inspect.getdoc(getattr(make, "func", make)) or ""
    return said.partition("\n")[0].rstrip(".")


def _defaults(make: Any) -> dict[str, Any]:
    return {key: parameter.default for key, parameter in keys(make).items()}
