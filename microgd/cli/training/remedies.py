"""The remedies, from their options, as callbacks."""

from typing import Any

import numpy as np

from microgd import optim
from microgd.cli.training.data import Given
from microgd.cli.training.network import Learner
from microgd.cli.training.options import Options
from microgd.cli.training.spec import Spec, only, parse
from microgd.cli.training.toolbox import PACINGS, REMEDIES, also
from microgd.graph import Array
from microgd.names import choose
from microgd.train import (
    Callback,
    Curriculum,
    difficulty,
    fit,
)

_TEACHING = 20  # epochs that the teacher of a curriculum learns


def remedies(
    options: Options, found_data: Given, learner: Learner, monitor: str
) -> dict[str, Callback]:
    """The callbacks by what to call them, in the order in which they act.

    `monitor` is the column that tells of progress. Raises BadParameter for what cannot work.
    """
    found: dict[str, Callback] = {}
    given: dict[str, dict[str, Any]] = {
        "--grad-noise": {"rng": np.random.default_rng([options.seed, 1])},
        "--early-stopping": {"default": monitor},
    }
    for option, make in REMEDIES.items():
        text = getattr(options, option[2:].replace("-", "_"))
        if text is not None:
            spec = only(option, text, make)
            called = option[2:].replace("-", " ")
            found[f"{called} ({spec})"] = spec.build(**given.get(option, {}))
    if options.curriculum is not None:
        spec = parse("--curriculum", options.curriculum, PACINGS, also("--curriculum"))
        said = f"curriculum: {spec}"
        by = spec.take("by", "distance")
        scores = {
            "distance": lambda x, _: difficulty.distance(x, found_data.train.y),
            "teacher": _taught(options, learner),
        }
        score = spec.trying(lambda: choose("by", by, scores))
        classes = learner.train[1].ndim == 1
        each, balanced = spec.take("each", "epoch"), spec.take("balanced", classes)
        pace = spec.build()
        found[said] = Spec("--curriculum", Curriculum).build(
            difficulty=score, pacing=pace, each=each, balanced=balanced
        )
    return found


def _taught(options: Options, learner: Learner) -> difficulty.Difficulty:
    """The loss under a twin of the network that is trained first, without a curriculum."""

    def score(x: Array, y: Array) -> Any:
        teacher = learner.make()
        rule = optim.Adam(teacher.parameters(), lr=0.01)
        history = fit(
            teacher, (x, y), rule, learner.loss, _TEACHING, metrics=(), rng=options.seed,
            progress=False,
        )  # fmt: skip
        if history.interrupted:
            raise KeyboardInterrupt
        return difficulty.by_loss(teacher, learner.loss)(x, y)

    return score
