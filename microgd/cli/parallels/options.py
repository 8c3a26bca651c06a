"""The options of `microgd parallel`: a field each."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from microgd.cli.tour_report import place
from microgd.parallel.algorithms import NAMES
from microgd.parallel.delays import DELAYS
from microgd.parallel.train import BACKENDS


def _option(*names: str, **more: Any) -> Any:
    return typer.Option(*names, show_default=False, **more)


@dataclasses.dataclass(frozen=True)
class Asked:
    """What was asked for."""

    algorithm: Annotated[
        str | None,
        typer.Argument(
            metavar="ALGORITHM", show_default=False, help=f"{', '.join(NAMES)} [downpour]."
        ),
    ] = None
    workers: Annotated[int, _option(min=1, metavar="COUNT", help="How many [2].")] = 2
    data: Annotated[
        str, _option(metavar="DATA", help="As for microgd train: a name, or a file [digits].")
    ] = "digits"
    hidden: Annotated[
        str, _option(metavar="SIZES", help="Units of the hidden layers, or none [32].")
    ] = "32"
    backend: Annotated[
        str | None,
        _option(metavar="NAME", help=f"Where they work: {', '.join(BACKENDS)} [processes]."),
    ] = None
    address: Annotated[
        str | None, _option(metavar="HOST:PORT", help="Of a Ray cluster that runs, or auto.")
    ] = None
    epochs: Annotated[int, _option(min=1, metavar="COUNT", help="Times through the data [5].")] = 5
    batch_size: Annotated[int, _option(min=1, metavar="ROWS", help="Rows of a gradient [32].")] = 32
    lr: Annotated[
        float | None,
        _option(min=0.0, metavar="RATE", help="Learning rate [of the algorithm]."),
    ] = None
    option: Annotated[
        list[str] | None,
        _option(metavar="KEY=VALUE", help="Of the algorithm or the backend; see --list."),
    ] = None
    delay: Annotated[
        str | None,
        _option(metavar="NAME", help=f"Of simulated workers: {', '.join(DELAYS)}."),
    ] = None
    shards: Annotated[
        int, _option(min=1, metavar="COUNT", help="Parts of the parameter server [1].")
    ] = 1
    seed: Annotated[int, _option(min=0, metavar="SEED", help="Of the random numbers [0].")] = 0
    surface: Annotated[
        str | None,
        _option(metavar="NAME", help="Simulated, on a surface of microgd descend --list."),
    ] = None
    densities: Annotated[
        str | None,
        _option(metavar="SHARES", help="Hogwild!, simulated: lost writes at these, as 0.1,1."),
    ] = None
    checkpoint: Annotated[
        Path | None,
        _option(metavar="FILE", help="Keep the network there.", callback=place),
    ] = None
    html: Annotated[
        Path | None,
        _option(metavar="FILE", help="Write one page that works offline.", callback=place),
    ] = None
    as_json: Annotated[bool, _option("--json", help="One JSON document only.")] = False
    quiet: Annotated[bool, _option("--quiet", "-q", help="The tables only.")] = False
    listing: Annotated[
        bool, _option("--list", help="Show algorithms, backends, and their options.")
    ] = False
