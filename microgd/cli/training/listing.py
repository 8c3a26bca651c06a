"""`microgd train --toolbox`: every member by name, what it is, and its options with defaults."""

import inspect
from collections.abc import Mapping
from functools import partial

import typer

from microgd import data
from microgd.cli.training.spec import Make, keys, shown
from microgd.cli.training.toolbox import (
    ACTIVATIONS,
    ALSO,
    INITS,
    LOSSES,
    MODELS,
    OPTIMIZERS,
    PACINGS,
    REMEDIES,
    SCHEDULES,
)
from microgd.draw.terminal import console, paragraph

TOOLBOX: dict[str, Mapping[str, Make]] = {
    "DATA": data.DATASETS,
    "--model": MODELS,
    "--activation": ACTIVATIONS,
    "--init": INITS,
    "--loss": {name: loss.make for name, loss in LOSSES.items()},
    "--optimizer": OPTIMIZERS,
    "--schedule": {name: schedule.make for name, schedule in SCHEDULES.items()},
    **{option: {"": make} for option, make in REMEDIES.items()},
    "--curriculum": PACINGS,
}


def show_toolbox(wanted: bool) -> None:
    """Print it, and exit."""
    if not wanted:
        return
    from rich.table import Table
    from rich.text import Text

    screen = console()
    for option, table in TOOLBOX.items():
        screen.print(option, style="bold")
        rows = Table.grid(padding=(0, 2, 0, 0))
        for name, make in table.items():
            said = [sentence(make), _options(option, name, make)]
            rows.add_row(Text(name), Text("\n".join(filter(None, said))))
        if option in ALSO:
            rows.add_row("all", f"{', '.join(ALSO[option])}")
        paragraph(screen, rows, 2)
    paragraph(
        screen,
        "Written as NAME:VALUE,key=value,flag. A value without a key is that of the first key; what"
        " stands in brackets is what the run fills in.",
    )
    raise typer.Exit


def sentence(make: Make) -> str:
    """The first sentence of its docstring."""
    made = make.func if isinstance(make, partial) else make
    return (inspect.getdoc(made) or "").partition("\n")[0].partition(". Raises")[0].rstrip(".")


def _options(option: str, name: str, make: Make) -> str:
    """Its keys with their defaults."""
    filled = SCHEDULES[name].filled if option == "--schedule" else {}
    said = []
    for key, parameter in keys(make).items():
        if filled.get(key, "for") != "for":
            said.append(f"{key}=({_FILLED[filled[key]]})")
        else:
            empty = parameter.default is parameter.empty
            said.append(key if empty else f"{key}={shown(parameter.default)}")
    return ", ".join(said)


_FILLED = {"length": "as long as it holds", "lr": "the learning rate"}
