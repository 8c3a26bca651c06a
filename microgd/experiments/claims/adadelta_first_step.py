"""Adadelta's first step: with nothing behind it, only eps lets it start."""

from collections.abc import Iterator

from microgd.experiments.claim import Absolute, Claim, Row, Source
from microgd.optim import Adadelta
from microgd.tensor import Tensor


def run(_: int) -> Iterator[Row]:
    """One step for a gradient of 1: sqrt(0 + eps) / sqrt((1 - rho) + eps)."""
    w = Tensor(0.0, requires_grad=True, name="w")
    w.backward()
    Adadelta([w], lr=1.0, rho=0.95, eps=1e-6).step()
    yield Row("first step for a gradient of 1", -0.0044721, w.item(), Absolute(5e-8))


CLAIM = Claim(
    name="adadelta-first-step",
    title="Adadelta's first step is tiny: eps alone lets it start",
    source=Source("Zeiler", 2012, "https://arxiv.org/abs/1212.5701"),
    teaches=(
        "Adadelta takes the size of a step from its steps so far; at first there are none, and eps,"
        " though said to be for stability, sets the pace."
    ),
    kind="exact",
    run=run,
)
