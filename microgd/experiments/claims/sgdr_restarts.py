"""SGDR: each period twice as long as the one before, so that restarts come at 10, 30, 70, 150."""

from collections.abc import Iterator

import numpy as np

from microgd.experiments.claim import Absolute, Claim, Plot, Row, Source
from microgd.optim import SGD, CosineAnnealingWarmRestarts
from microgd.tensor import Tensor

EPOCHS = 200


def run(_: int) -> Iterator[Row | Plot]:
    """Step the schedule for 200 epochs, and see where the rate goes up."""
    rule = SGD([Tensor(0.0, requires_grad=True)], lr=0.05)
    schedule = CosineAnnealingWarmRestarts(rule, T_0=10, T_mult=2)
    rates = [rule.param_groups[0]["lr"]]
    for _ in range(EPOCHS):
        schedule.step()
        rates.append(rule.param_groups[0]["lr"])
    rises = np.flatnonzero(np.diff(rates) > 0) + 1
    yield Row("restarts", 4, len(rises), Absolute(0))
    for number, (expected, epoch) in enumerate(zip((10, 30, 70, 150), rises, strict=False), 1):
        yield Row(f"epoch of restart {number}", expected, int(epoch), Absolute(0))
    yield Plot("SGDR", "epoch", "learning rate", {"lr": (range(EPOCHS + 1), rates)})


CLAIM = Claim(
    name="sgdr-restarts",
    title="SGDR's warm restarts at 10, 30, 70 and 150 epochs (T_0 = 10, T_mult = 2)",
    source=Source("Loshchilov and Hutter", 2017, "https://arxiv.org/abs/1608.03983"),
    teaches="Each period is twice as long as the one before: quick looks first, patience later.",
    kind="exact",
    run=run,
)
