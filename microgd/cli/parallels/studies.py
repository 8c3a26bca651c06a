"""`microgd parallel --surface` and `--densities`: not a network, but what shows one thing of it."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import typer

from microgd.cli.parallels.chosen import Chosen
from microgd.cli.parallels.options import Asked
from microgd.cli.training.results import plain
from microgd.draw.terminal import console, paragraph
from microgd.parallel import EASGD

FEW, MANY = 40, 400  # updates of each worker: on a surface, and in a study of densities


def surface(asked: Asked, picked: Chosen) -> None:
    """Workers on a surface, with the springs between them."""
    from microgd.draw.parallel.table import outcome, sentence
    from microgd.experiments.elastic import elastic

    if picked.backend != "simulated":
        raise typer.BadParameter("for --backend simulated", param_hint="--surface")
    name, html = str(asked.surface), asked.html
    # EASGD on springs that are seen, unless something else was said
    usual = picked.plain and type(picked.algorithm) is EASGD
    made = None if usual else picked.algorithm
    try:
        found = elastic(name, made, asked.workers, FEW, rng=asked.seed, **picked.options)
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--surface") from error
    if asked.as_json:
        told = found.record.to_dict()
        for event, kept in zip(found.record.of("push"), _pushes(told), strict=True):
            assert event.place is not None
            assert event.centre is not None
            kept |= {"place": event.place.tolist(), "centre": event.centre.tolist()}
        typer.echo(json.dumps(plain({"surface": name, **told}), indent=2, allow_nan=False))
    else:
        screen = console()
        paragraph(screen, outcome(found.record, screen.width))
        paragraph(screen, sentence(found.record))
    if html:
        found.save(html)
        if not asked.as_json:
            typer.echo(f"wrote {html}")


def _pushes(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in told["events"] if event["kind"] == "push"]


def densities(asked: Asked) -> None:
    """Hogwild! on logistic regressions whose examples have few features, or many."""
    from microgd.draw.tables import table
    from microgd.experiments.claims.hogwild import EXAMPLES, WRITE, fit, problem

    if asked.algorithm not in {None, "hogwild"} or asked.backend not in {None, "simulated"}:
        raise typer.BadParameter("for hogwild, simulated", param_hint="--densities")
    workers, seed, html = asked.workers, asked.seed, asked.html
    records = {}
    for density in _shares(str(asked.densities)):
        data = problem(density, np.random.default_rng(seed))
        epochs = max(1, workers * MANY // EXAMPLES)
        _, records[density] = fit(data, density, workers, WRITE / density, seed, epochs)
    if asked.as_json:
        told = {
            f"{density:g}": {"written": record.written, "lost": record.lost, **record.summary()}
            for density, record in records.items()
        }
        typer.echo(json.dumps(plain({"densities": told}), indent=2, allow_nan=False))
    else:
        rows = table("density", "written", "lost", "share", left=0)
        for density, record in records.items():
            share = f"{record.lost / record.written:.3%}"
            rows.add_row(f"{density:g}", f"{record.written:,}", f"{record.lost:,}", share)
        paragraph(console(), rows)
    if html:
        from microgd.draw.parallel.lost import lost_writes

        lost_writes(records).save(html)
        if not asked.as_json:
            typer.echo(f"wrote {html}")


def _shares(text: str) -> Sequence[float]:
    """Densities with commas between."""
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = [0.0]
    if not all(0.005 <= share <= 1 for share in shares):
        raise typer.BadParameter(
            f"{text!r:.60} are no densities; give shares from 0.005 to 1, as 0.05,0.2,1",
            param_hint="--densities",
        )
    return shares
