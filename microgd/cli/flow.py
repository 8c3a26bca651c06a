"""`microgd flow`: the gradient in every layer of deep networks that differ in one thing."""

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from microgd import data as datasets
from microgd import nn
from microgd.cli.tour_report import place
from microgd.draw.flows import comparison_table, layers_table
from microgd.draw.terminal import TIMES, console, paragraph
from microgd.explain.compare import Comparison, compare
from microgd.explain.diagnose import Finding, diagnose
from microgd.explain.flow import flow as measure
from microgd.names import choose

if TYPE_CHECKING:
    from rich.console import Console

    from microgd.data import Dataset

EXAMPLES = """\b
Examples:
  microgd flow
  microgd flow --depth 20 --activation sigmoid,tanh,relu
  microgd flow --activation tanh --init orthogonal
  microgd flow --data moons --width 16 --html flow.html
  microgd flow --json > flow.json

\b
The JSON document:
  options   data, depth, width, activation, init, seed
  parting   the first module at which the networks differ, or null
  networks  each with loss, factor (end to end), rows (one a module: module,
            units, mean, std, saturated, dead, at_output, at_input, gain,
            share, skip, branch, weights, of_weights, update), layers (one a
            dense layer: gain, weight_part, activation_part, ..., predicted)
            and findings (disease, place, evidence, value, threshold, ...)
"""

LARGEST = 2048  # units in a layer
MEANT = "meant"  # the initialisation that is meant for the activation
SMOOTH = {name: name for name in nn.activations.ACTIVATIONS if "softmax" not in name}
CLASSES = {name: make for name, make in datasets.DATASETS.items() if name != "line"}


def flow(
    data: Annotated[
        str, typer.Option(help=f"The data: {', '.join(CLASSES)}.", metavar="NAME")
    ] = "digits",
    depth: Annotated[int, typer.Option(min=2, max=100, help="Dense layers.")] = 10,
    width: Annotated[int, typer.Option(min=1, max=LARGEST, help="Units of a hidden layer.")] = 64,
    activation: Annotated[
        str, typer.Option(help="One or more, with commas between.", metavar="NAMES")
    ] = "sigmoid,relu",
    init: Annotated[
        str,
        typer.Option(
            help=f"Initialisation; {MEANT}: what each activation asks for.", metavar="NAME"
        ),
    ] = "kaiming_normal",
    seed: Annotated[int, typer.Option(min=0, help="Where the random numbers start.")] = 0,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the plots as one offline page.", callback=place),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document only.")] = False,
) -> None:
    """Measure the gradient in every layer: what weights and activation leave of it, and theory."""
    names = list(dict.fromkeys(name.strip() for name in activation.split(",")))
    found, findings = _measured(_data(data), names, depth, width, init, seed)
    if as_json:
        options = {"data": data, "depth": depth, "width": width, "activation": names}
        document = _document({**options, "init": init, "seed": seed}, found, findings)
        typer.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        _print(console(), f"{data}, {depth} layers of {width}, {init}", found, findings)
    if html:
        from microgd.draw.plots import page
        from microgd.draw.plots.flow import flow as bars
        from microgd.draw.plots.gains import gains

        figures = [bars(found), gains(found)]
        page.write(html, page.page(figures, f"microgd flow: {', '.join(names)}"))
        if not as_json:
            paragraph(console(), f"Wrote {html}: open it in a browser.")


def _data(name: str) -> "Dataset":
    try:
        return choose("--data", name, CLASSES)()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error


def _measured(
    data: "Dataset", names: list[str], depth: int, width: int, init: str, seed: int
) -> tuple[Comparison, dict[str, list[Finding]]]:
    """The flow of every network, and what ails it."""
    sizes = [data.x.shape[1], *[width] * (depth - 1), data.n_classes]
    models = {}
    for name in names:
        try:
            choose("activation", name, SMOOTH)
            start = None if init == MEANT else choose("--init", init, _INITS)
            models[name] = nn.MLP(sizes, name, init=start, rng=seed)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    if len(models) > 1:
        found = compare(models, data)
    else:
        found = Comparison({name: measure(model, data) for name, model in models.items()}, None)
    return found, {name: diagnose(model, data) for name, model in models.items()}


_INITS = {name: name for name in [*nn.init.INITIALISATIONS, MEANT]}


def _print(
    screen: "Console", what: str, found: Comparison, findings: dict[str, list[Finding]]
) -> None:
    room = screen.width
    screen.print(f"\nThe gradient, from the loss back: {what}\n", style="bold")
    paragraph(
        screen,
        "left: the gradient at a module's output, as a share of the last one's. gain: what the"
        " module makes of it on the way to the one below."
        + (" <: the first module, from the data, where they differ." if found.parting else ""),
    )
    paragraph(screen, comparison_table(found, room))
    paragraph(
        screen,
        f"Each layer's gain, split: gain = weights {TIMES} slope of the activation. Theory: what"
        " mean-field theory predicts for a wide layer (Schoenholz et al. 2017).",
    )
    for name, flow_of_one in found.flows.items():
        screen.print(name, style="bold")
        paragraph(screen, layers_table(flow_of_one, room))
        for finding in findings[name]:
            paragraph(screen, f"{finding.disease}: {finding.evidence}.\nCure: {finding.cure}", 2)
        if not findings[name]:
            paragraph(screen, "healthy: the doctor finds nothing.", 2)


def _document(
    options: dict[str, Any], found: Comparison, findings: dict[str, list[Finding]]
) -> dict[str, Any]:
    first = next(iter(found.flows.values()))
    return {
        "options": options,
        "parting": None if found.parting is None else first[found.parting].module,
        "networks": {
            name: {
                "loss": one.loss,
                "factor": one.factor,
                "rows": [_plain(row) for row in one],
                "layers": [_plain(layer) for layer in one.layers],
                "findings": [
                    {
                        key.name: getattr(finding, key.name)
                        for key in dataclasses.fields(finding)
                        if not key.name.startswith("_")
                    }
                    for finding in findings[name]
                ],
            }
            for name, one in found.flows.items()
        },
    }


def _plain(record: Any) -> dict[str, Any]:
    """A record for JSON, which has no NaN and no infinity."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in dataclasses.asdict(record).items()
    }
