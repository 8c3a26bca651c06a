"""Adagrad on a constant gradient: it never forgets, so its steps shrink as 1/sqrt(t)."""

import math
from collections.abc import Iterator

from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.optim import Adagrad
from microgd.tensor import Tensor

RATE, SLOPE = 0.1, 3.0


def run(_: int) -> Iterator[Row | Plot]:
    """Walk down a slope of 3, for a hundred steps."""
    w = Tensor(0.0, requires_grad=True, name="w")
    rule = Adagrad([w], lr=RATE)
    sizes, before = [], 0.0
    for _ in range(100):
        rule.zero_grad()
        (SLOPE * w).backward()
        rule.step()
        sizes.append(before - w.item())
        before = w.item()
    for t in (1, 4, 25, 100):
        yield Row(f"size of step {t}", RATE / math.sqrt(t), sizes[t - 1], Relative(1e-9))
    yield Plot("Adagrad on a constant gradient", "step", "size", {"size": (range(1, 101), sizes)})


CLAIM = Claim(
    name="adagrad-steps",
    title="Adagrad on a constant gradient: step t is lr / sqrt(t)",
    source=Source("Duchi, Hazan and Singer", 2011, "https://jmlr.org/papers/v12/duchi11a.html"),
    teaches="Adagrad adds squares up and never forgets one, so that its rate only ever falls.",
    kind="exact",
    run=run,
)
