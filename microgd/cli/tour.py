"""`microgd tour`: from one neuron to deep networks on real digits, every gradient on the screen."""

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from microgd.cli import tour_report
from microgd.cli.tour_pages import Pages
from microgd.draw.terminal import console
from microgd.experiments.vanishing import Vanishing
from microgd.explain.neuron import neuron

EXAMPLES = """\b
Examples:
  microgd tour
  microgd tour --depth 3        three layers: can sigmoid learn now?
  microgd tour --quiet          tables only
  microgd tour --html report.html   and all of its pictures, as one page
  microgd tour --json > tour.json

\b
The JSON document:
  options    seed, depth, epochs
  neuron     formula, inputs, forward (name, expression, value),
             edges (output, input, operation, expression, formula, written,
             upstream, local, contribution),
             checks (weight, backward, finite_differences)
  data       training, test: how many digits
  networks   sigmoid and relu, each with losses (one an epoch) and with
             before and after: loss, accuracy (0 to 1, on the test digits),
             layers (layer, at_output, factor, share, of_weights)
"""


def _from_to(low: int, high: int, way_out: str) -> Callable[[int], int]:
    """A check that a number lies in a range; its error names the way out."""

    def check(value: int) -> int:
        if not low <= value <= high:
            raise typer.BadParameter(f"{value} is not from {low} to {high}; {way_out}")
        return value

    return check


def tour(
    seed: Annotated[
        int,
        typer.Option(
            help="Where the random numbers start; the same seed gives the same numbers.",
            callback=_from_to(0, 2**63 - 1, "try --seed 1"),
        ),
    ] = 0,
    depth: Annotated[
        int,
        typer.Option(
            help="Layers of both networks, 2 to 50.",
            callback=_from_to(2, 50, "try --depth 3 or --depth 20"),
        ),
    ] = 10,
    epochs: Annotated[
        int,
        typer.Option(
            help="How often training goes through the digits, 1 to 1000.",
            callback=_from_to(1, 1000, "try --epochs 20"),
        ),
    ] = 20,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tables only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document only.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write one page with all pictures to this file.", callback=tour_report.place
        ),
    ] = None,
) -> None:
    """Watch gradients: in one neuron, then in two deep networks that learn handwritten digits."""
    pages = Pages(console(silent=as_json), explain=not quiet)
    record = neuron()
    pages.neuron(record)

    contest = Vanishing(depth, seed)
    before = {name: contest.measure(name) for name in contest.networks}
    pages.before(before, len(contest.train_set.x))
    flows = {name: contest.flow(name) for name in contest.networks} if html else {}

    histories = {}
    watched = sys.stderr.isatty() and not quiet and not as_json
    for name in contest.networks:
        pages.training(name)
        history = contest.train(name, epochs, progress=watched)
        if history.interrupted:
            raise KeyboardInterrupt
        histories[name] = history
    after = {name: contest.measure(name) for name in contest.networks}
    pages.after(before, after, len(contest.test_set.x))
    options = {"seed": seed, "depth": depth, "epochs": epochs}
    pages.summary(record, before, after, options)
    if html:
        pages.show(tour_report.write(html, contest, flows, (before, after), histories, options))

    if as_json:
        document = {
            "options": options,
            "neuron": dataclasses.asdict(record),
            "data": {"training": len(contest.train_set.x), "test": len(contest.test_set.x)},
            "networks": {
                name: {
                    "losses": histories[name]["loss"].tolist(),
                    "before": dataclasses.asdict(before[name]),
                    "after": dataclasses.asdict(after[name]),
                }
                for name in contest.networks
            },
        }
        typer.echo(json.dumps(document, indent=2, allow_nan=False, default=np.ndarray.tolist))
