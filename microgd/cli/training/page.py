"""`microgd train --html`: what came of a run, handed to the page that draws it."""

from dataclasses import replace
from pathlib import Path

from microgd.cli.training.plan import Plan
from microgd.cli.training.results import Result, sentence
from microgd.cli.typed import typed
from microgd.draw.plots import page
from microgd.draw.training import Training, training


def write(path: Path, plan: Plan, found: Result) -> None:
    """Write the page. Raises OSError where no file can be written."""
    learner = plan.learner
    points = plan.given.held_out or plan.given.train
    x, y = learner.held_out or learner.train
    labels = points.y if points.classes else y
    page.write(
        path,
        training(
            Training(
                command=typed(),
                lines={name: said for name, said in plan.lines.items() if said},
                ending=sentence(plan, found),
                measured=found.measured,
                history=found.history,
                model=learner.model,
                points=replace(points, x=x, y=labels),
                unseen=learner.held_out is not None,
            )
        ),
    )
