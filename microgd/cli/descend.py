"""`microgd descend`: optimizers race down a surface; and four studies of what a gradient does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from microgd.cli.descend_studies import STUDIES, Asked, Study
from microgd.cli.tour_report import place
from microgd.cli.training.spec import parse
from microgd.cli.training.toolbox import SCHEDULES
from microgd.descent import RULES, SURFACES, Surface, surface_of
from microgd.draw.tables import table
from microgd.draw.terminal import console, paragraph
from microgd.explain.expression import ExpressionError, function, read_value
from microgd.names import choose

if TYPE_CHECKING:
    from microgd.descent.run import Schedule

EXAMPLES = """\b
Examples:
  microgd descend ravine --optimizers sgd,momentum,adam --html ravine.html
  microgd descend ravine --lr 0.041              just over the limit 2/L
  microgd descend saddle --noise 0.1 --steps 200
  microgd descend rosenbrock --schedule cosine --optimizers momentum,adam:0.1
  microgd descend "x**2 + 3*sin(y)**2" --start 2,1 --box -3,3,-3,3
  microgd descend --list

\b
Studies, instead of a race:
  microgd descend line --study rates     too small, right, oscillating, divergent
  microgd descend beale --study angle    the slope in every direction
  microgd descend cliff --study clip     with and without clipping; try plateau
  microgd descend line --study batches   batch, mini-batch, stochastic

\b
reached: the steps after which no more than a thousandth of the way down is
left. stable to: the largest stable rate, from the curvature at the start.
"""


def descend(
    surface: Annotated[
        str | None,
        typer.Argument(
            metavar="[SURFACE]", help="A name of --list, or an expression in x and y; ravine."
        ),
    ] = None,
    study: Annotated[str, typer.Option(metavar="NAME", help=f"{', '.join(STUDIES)}.")] = "race",
    optimizers: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help=f"sgd,momentum,adam, or others, a rate behind a colon: {', '.join(RULES)}.",
        ),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="RATE", help="Of all; else what suits rule and surface."),
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="X,Y", help="Where they start.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, max=5000, help="How many steps.")] = None,
    schedule: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"Of the rate: {', '.join(SCHEDULES)}; as step:20."),
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(min=0.0, help="Standard deviation of noise on the gradient."),
    ] = None,
    clip: Annotated[
        float | None, typer.Option(min=0.0, help="The longest a gradient may be.")
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="X0,X1,Y0,Y1", help="The view; of an expression.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the random numbers.")] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write one page that works offline.", callback=place),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document only.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Show the surfaces.")] = False,
) -> None:
    """Race optimizers down a surface, every step of each recorded; or study one thing of it."""
    if listed:
        _list()
        return
    chosen = _chosen("--study", study, STUDIES)
    given = {
        "--optimizers": optimizers, "--lr": lr, "--start": start, "--steps": steps,
        "--schedule": schedule, "--noise": noise, "--clip": clip, "--seed": seed,
    }  # fmt: skip
    for option, value in given.items():
        if value is not None and option not in chosen.options:
            raise typer.BadParameter(
                f"not for --study {study}, which takes {', '.join(chosen.options)}",
                param_hint=option,
            )
    ground = _surface(surface or chosen.surface, box)
    asked = Asked(
        surface=ground,
        optimizers=optimizers or "sgd,momentum,adam" if study == "race" else optimizers,
        lr=lr,
        start=None if start is None else _numbers("--start", start, 2),
        steps=steps,
        schedule=_schedule(schedule, steps or ground.steps),
        noise=noise,
        clip=clip,
        seed=seed or 0,
    )
    _show(chosen, asked, html, as_json)


def _show(study: Study, asked: Asked, html: Path | None, as_json: bool) -> None:
    """Run a study, print it, and write its page."""
    try:
        found = study.run(asked)
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error)) from error
    if as_json:
        typer.echo(json.dumps(study.document(found), indent=2, allow_nan=False))
    else:
        study.show(console(), found)
    if html:
        found.save(html)
        if not as_json:
            paragraph(console(), f"Wrote {html}: open it in a browser.")


def _surface(text: str, box: str | None) -> Surface:
    """A surface by its name, or from an expression."""
    if text in SURFACES or (text.isidentifier() and text not in {"x", "y"}):
        if box is not None:
            raise typer.BadParameter("a surface with a name has its view", param_hint="--box")
        try:
            return surface_of(text)
        except ValueError as error:
            raise typer.BadParameter(
                f"{error}; or write an expression, as 'x**2 + y**2'", param_hint="SURFACE"
            ) from error
    try:
        f = function(text, ("x", "y"))
    except ExpressionError as error:
        raise typer.BadParameter(str(error), param_hint="SURFACE") from error
    view: Any = {} if box is None else {"box": _numbers("--box", box, 4)}
    if view:
        x0, x1, y0, y1 = view["box"]
        view["start"] = (x0 + 0.15 * (x1 - x0), y0 + 0.8 * (y1 - y0))
    try:
        return Surface(name=text, f=f, formula=text, **view)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--box") from error


def _numbers(option: str, text: str, count: int) -> Any:
    """Numbers with commas between. Raises BadParameter for anything else."""
    try:
        numbers = tuple(float(read_value(part)) for part in text.split(","))
    except (ExpressionError, TypeError) as error:
        raise typer.BadParameter(f"{text!r:.60}: {error}", param_hint=option) from error
    if len(numbers) != count:
        raise typer.BadParameter(
            f"{text!r:.60} has {len(numbers)} numbers; give {count}, with commas between",
            param_hint=option,
        )
    return numbers


def _schedule(text: str | None, steps: int) -> "Schedule | None":
    """What makes the schedule of an optimizer, for a run of so many steps."""
    if text is None:
        return None
    spec = parse("--schedule", text, {name: one.make for name, one in SCHEDULES.items()})
    filled = dict(SCHEDULES[spec.name].filled)

    def make(optimizer: Any) -> Any:
        known = {"length": steps, "lr": optimizer.param_groups[0]["lr"]}
        given = {
            key: known[what]
            for key, what in filled.items()
            if key not in spec.options and what in known
        }
        return spec.build(optimizer, **given)

    return make


def _chosen(option: str, name: str, known: Mapping[str, Study]) -> Study:
    try:
        return choose(option, name, known)
    except ValueError as error:
        raise typer.BadParameter(
            str(error).removeprefix(f"{option} "), param_hint=option
        ) from error


def _list() -> None:
    screen = console()
    rows = table("surface", "what it shows", left=2)
    rows.columns[1].no_wrap = False
    for surface in SURFACES.values():
        rows.add_row(surface.name, surface.about)
    paragraph(screen, rows)
