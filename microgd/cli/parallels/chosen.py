"""The algorithm and the backend that `microgd parallel` was asked for, and those there are."""

from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

import typer

from microgd.cli.parallels.options import Asked
from microgd.cli.training.listing import sentence
from microgd.cli.training.spec import Spec, keys, only, shown
from microgd.draw.terminal import console, paragraph
from microgd.names import choose
from microgd.parallel import Algorithm
from microgd.parallel.algorithms import NAMES
from microgd.parallel.delays import DELAYS
from microgd.parallel.train import BACKENDS


@dataclass(frozen=True)
class Chosen:
    """What is to be used.

    plain    whether nothing was said of the algorithm but, at most, its name
    options  of the backend
    """

    algorithm: Algorithm
    plain: bool
    backend: str
    options: dict[str, Any]


def chosen(asked: Asked, algorithm: str, backend: str) -> Chosen:
    """What was asked for, or else these two. Raises BadParameter for what cannot be."""
    place = asked.backend or backend
    where = _backend(place)
    spec = _algorithm(asked.algorithm or algorithm, asked.option or [], where)
    options = {key: spec.take(key) for key in list(spec.options) if key in where}
    plain = not spec.options and asked.lr is None
    if asked.lr is not None:
        spec.options["lr"] = asked.lr
    for key in ("delay", "address", "checkpoint"):
        value = getattr(asked, key)
        if value is not None and key not in where:
            takers = " and ".join(name for name in BACKENDS if key in _backend(name))
            raise typer.BadParameter(
                f"not for --backend {place}, but for {takers}", param_hint=f"--{key}"
            )
        if value is not None:
            options[key] = value
    return Chosen(spec.build(), plain, place, options)


def _backend(name: str) -> dict[str, Any]:
    """The options of a backend, with what they are if nothing is said."""
    try:
        module = import_module(choose("backend", name, BACKENDS))
    except ValueError as error:
        said = str(error).removeprefix("backend ")
        raise typer.BadParameter(said, param_hint="--backend") from error
    return {field.name: field.default for field in fields(module.Options)}


def _algorithm(text: str, options: list[str], where: dict[str, Any]) -> Spec:
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
    return only(hint, ",".join([rest, *options]), make, name, also=where)


def show_list() -> None:
    """Print algorithms and backends, each with its options and their defaults."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    for title, entries in (
        ("ALGORITHM", {name: (sentence(make), _defaults(make)) for name, make in NAMES.items()}),
        ("--backend", {name: ("", _backend(name)) for name in BACKENDS}),
        ("--delay", {name: (sentence(make), {}) for name, make in DELAYS.items()}),
    ):
        screen.print(title, style="bold")
        rows = Table.grid(padding=(0, 2, 0, 0))
        for name, (about, options) in entries.items():
            said = ", ".join(f"{key}={shown(value)}" for key, value in options.items())
            rows.add_row(Text(name), Text("\n".join(filter(None, [about, said]))))
        paragraph(screen, rows, 2)


def _defaults(make: Any) -> dict[str, Any]:
    return {key: parameter.default for key, parameter in keys(make).items()}
