"""The options of `microgd train`: a field each, in groups, as `--help` shows them."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from microgd.cli.tour_report import place
from microgd.cli.training.listing import show_toolbox


def _option(panel: str, what: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=what, rich_help_panel=panel, show_default=False, **more)


_DATA, _NET, _RULE = "Data", "Network and loss", "Optimizer and schedule"
_CURE, _RUN, _KEEP = "Remedies", "Training", "Files and output"


@dataclasses.dataclass(frozen=True)
class Options:
    """What was asked for."""

    data: Annotated[
        str,
        typer.Argument(
            help="digits, moons, circles, spirals, xor or line, with options if wanted"
            " (moons:n=500,noise=0.2); or a .csv, .tsv or .npz file of your own.",
            show_default=False,
        ),
    ]

    target: Annotated[
        str | None,
        _option(_DATA, "Column to predict in a file, by name or number [the last].", metavar="COL"),
    ] = None
    drop: Annotated[
        str | None, _option(_DATA, "Columns of a file to leave out.", metavar="COL,COL")
    ] = None
    task: Annotated[
        str | None,
        _option(_DATA, "classification or regression [as the target reads].", metavar="TASK"),
    ] = None
    raw: Annotated[
        bool,
        _option(_DATA, "Leave a file's numbers as they are, not standardised.", "--raw"),
    ] = False
    validation: Annotated[
        float | None,
        _option(
            _DATA,
            "Share of the rows kept back to judge on [0.2; 0 if there are fewer than 20].",
            metavar="SHARE",
        ),
    ] = None

    model: Annotated[
        str, _option(_NET, "mlp, or for sequences rnn, lstm or gru [mlp].", metavar="NAME")
    ] = "mlp"
    hidden: Annotated[
        str,
        _option(
            _NET,
            "Units of the hidden layers, or none [32,32]; of a recurrent network, state first.",
            metavar="SIZES",
        ),
    ] = "32,32"
    steps: Annotated[
        int | None,
        _option(
            _NET,
            "Time steps that a row is cut into [an image's rows; else one number each].",
            metavar="COUNT",
        ),
    ] = None
    embedding: Annotated[
        int | None,
        _option(
            _NET,
            "The inputs are whole numbers: a trained row of this size for each.",
            metavar="SIZE",
        ),
    ] = None
    activation: Annotated[str, _option(_NET, "Between the layers [relu].", metavar="NAME")] = "relu"
    init: Annotated[
        str | None,
        _option(_NET, "Initialisation [the one meant for the activation].", metavar="NAME"),
    ] = None
    norm: Annotated[
        str | None, _option(_NET, "batch or layer normalisation [none].", metavar="NAME")
    ] = None
    dropout: Annotated[
        float, _option(_NET, "Share of units to leave out at each step [0].", metavar="SHARE")
    ] = 0.0
    residual: Annotated[
        bool, _option(_NET, "A way around each hidden layer that keeps its size.", "--residual")
    ] = False
    dtype: Annotated[str, _option(_NET, "float32 or float64 [float64].", metavar="NAME")] = (
        "float64"
    )
    loss: Annotated[
        str | None,
        _option(_NET, "[cross_entropy for classes, mse for quantities]", metavar="NAME"),
    ] = None
    label_smoothing: Annotated[
        float, _option(_NET, "Share of the target spread over all classes [0].", metavar="SHARE")
    ] = 0.0

    optimizer: Annotated[str, _option(_RULE, "The update rule [adam].", metavar="NAME")] = "adam"
    lr: Annotated[
        str | None,
        _option(
            _RULE,
            "Learning rate, or one for each layer, as 0.1,0.01 [the rule's own].",
            metavar="RATES",
        ),
    ] = None
    momentum: Annotated[
        float | None, _option(_RULE, "Of rules that have one.", metavar="SHARE")
    ] = None
    weight_decay: Annotated[
        float | None, _option(_RULE, "Of all weights [the rule's own].", metavar="DECAY")
    ] = None
    schedule: Annotated[
        list[str] | None,
        _option(
            _RULE,
            "How the rate changes; several, one after another, each but the last with for=COUNT.",
            metavar="NAME",
        ),
    ] = None

    clip_norm: Annotated[
        str | None, _option(_CURE, "Largest total norm of the gradient.", metavar="NORM")
    ] = None
    clip_value: Annotated[
        str | None, _option(_CURE, "Largest element of the gradient.", metavar="VALUE")
    ] = None
    grad_noise: Annotated[
        str | None,
        _option(_CURE, "Noise of variance ETA / (1 + t)**gamma, as 0.3.", metavar="ETA"),
    ] = None
    early_stopping: Annotated[
        str | None,
        _option(_CURE, "Stop after this many epochs without a new best.", metavar="PATIENCE"),
    ] = None
    curriculum: Annotated[
        str | None,
        _option(_CURE, "Easy examples first, as linear:0.2,end=10.", metavar="PACING"),
    ] = None

    epochs: Annotated[int, _option(_RUN, "Times through the data [20].", metavar="COUNT")] = 20
    batch_size: Annotated[str, _option(_RUN, "Rows in a batch, or all [32].", metavar="ROWS")] = (
        "32"
    )
    no_shuffle: Annotated[bool, _option(_RUN, "Keep the rows in their order.", "--no-shuffle")] = (
        False
    )
    seed: Annotated[int, _option(_RUN, "Where all random numbers start [0].", metavar="SEED")] = 0

    checkpoint: Annotated[
        Path | None,
        _option(_KEEP, "Save the whole run here, again and again.", metavar="FILE", callback=place),
    ] = None
    checkpoint_every: Annotated[
        str, _option(_KEEP, "epoch, or a number of steps [epoch].", metavar="WHEN")
    ] = "epoch"
    resume: Annotated[
        bool, _option(_KEEP, "Go on from the checkpoint, if it is there.", "--resume")
    ] = False
    history: Annotated[
        Path | None,
        _option(_KEEP, "Write what was measured as a table.", metavar="FILE.csv", callback=place),
    ] = None
    every: Annotated[
        str, _option(_KEEP, "A row of it for each epoch or step [epoch].", metavar="UNIT")
    ] = "epoch"
    html: Annotated[
        Path | None,
        _option(_KEEP, "Write one offline page of plots.", metavar="FILE.html", callback=place),
    ] = None
    as_json: Annotated[bool, _option(_KEEP, "One JSON document only.", "--json")] = False
    toolbox: Annotated[
        bool,
        _option(
            _KEEP,
            "Show every member of the toolbox with its options, and exit.",
            "--toolbox",
            is_eager=True,
            callback=show_toolbox,
        ),
    ] = False
    quiet: Annotated[bool, _option(_KEEP, "The result only.", "--quiet", "-q")] = False

    def settings(self) -> dict[str, Any]:
        """What makes the run what it is; where it is kept and shown does not."""
        mine = dataclasses.asdict(self)
        return {name: value for name, value in mine.items() if name not in _BESIDE}


_BESIDE = {
    "checkpoint",
    "checkpoint_every",
    "resume",
    "history",
    "html",
    "as_json",
    "quiet",
    "toolbox",
}
