"""Checkpoints of the command: they hold its options too, and a run goes on with the same ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from microgd.cli.training.options import Options
from microgd.train import Callback, Checkpoint
from microgd.train.archive import CheckpointError, unpack


class Settings(Callback):
    """Keeps the options in the checkpoint."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dict(settings)

    def state_dict(self) -> dict[str, Any]:
        """The options, as text."""
        return {"settings": json.dumps(self.settings)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """They were compared before."""


def checkpoint(options: Options, settings: Mapping[str, Any]) -> list[Callback]:
    """The callbacks that keep the run. Raises BadParameter for a time that is none."""
    when = options.checkpoint_every.strip().lower()
    if options.checkpoint is None:
        if options.resume:
            raise typer.BadParameter(
                "from which file? Give it with --checkpoint FILE", param_hint="--resume"
            )
        if when != "epoch":
            raise typer.BadParameter(
                "of which file? Give it with --checkpoint FILE", param_hint="--checkpoint-every"
            )
        return []
    try:
        keep = (
            Checkpoint(options.checkpoint)
            if when == "epoch"
            else Checkpoint(options.checkpoint, int(when), "step")
        )
    except ValueError:
        raise typer.BadParameter(
            f"{options.checkpoint_every!r} is neither epoch nor a number of steps",
            param_hint="--checkpoint-every",
        ) from None
    return [Settings(settings), keep]


def source(options: Options, settings: Mapping[str, Any]) -> Path | None:
    """The file to go on from, if there is one.

    Raises BadParameter where it is there and not to be used, is no whole checkpoint, or is of a run
    with other options.
    """
    path = options.checkpoint
    if path is None or not path.exists():
        return None
    if not options.resume:
        raise typer.BadParameter(
            f"{path} is there already; add --resume to go on from it, or give another file",
            param_hint="--checkpoint",
        )
    try:
        _, states = unpack(path)
    except CheckpointError as error:
        raise typer.BadParameter(
            str(error).removeprefix("load_checkpoint: "), param_hint="--resume"
        ) from error
    kept = states.get("Settings")
    if kept is None:
        raise typer.BadParameter(
            f"{path} was not written by microgd train; go on from it with fit(resume=...)",
            param_hint="--resume",
        )
    there = json.loads(kept["settings"])
    here = json.loads(json.dumps(dict(settings)))
    others = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    if others:
        said = "; ".join(_differ(name, there.get(name), here.get(name)) for name in others)
        raise typer.BadParameter(
            f"{path} is of a run with other options: {said}. Give the same ones, or another"
            " --checkpoint",
            param_hint="--resume",
        )
    return path


def _differ(name: str, there: Any, here: Any) -> str:
    """How an option differs, there in the checkpoint and here on the command line."""
    if name == "digest":
        return "the numbers in the file are not those that it learned from"
    option = name.upper() if name == "data" else f"--{name.replace('_', '-')}"
    return f"{option} {_shown(there)} there and {_shown(here)} here"


def _shown(value: Any) -> str:
    if value is None or value is False:
        return "is not given"
    return (
        "is given"
        if value is True
        else f"is {' '.join(value) if isinstance(value, list) else value}"
    )
