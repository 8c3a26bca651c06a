"""A convex problem on which Adam walks to the wrong end, and AMSGrad to the right one."""

import math
from collections.abc import Iterator

import numpy as np

from microgd.experiments.claim import Absolute, Claim, Plot, Row, Source
from microgd.optim import Adam, LambdaLR
from microgd.tensor import Tensor

STEPS, RATE = 10_000, 0.5
LARGE = 3.0  # C of the paper, above 2
BETAS = (0.0, 1 / (1 + LARGE**2))


def run(_: int) -> Iterator[Row | Plot]:
    """Slope C at every third step, -1 at the others: on the whole it goes down to the left."""
    adam, amsgrad = _path(amsgrad=False), _path(amsgrad=True)
    # a step is at most about lr / sqrt(t): that near it can come to an end
    near = Absolute(0.02)
    yield Row("where Adam ends: the worst of all points", 1.0, adam[-1], near)
    yield Row("where AMSGrad ends: the best", -1.0, amsgrad[-1], near)
    shown = np.unique(np.geomspace(1, STEPS, 400).astype(int)) - 1
    curves = {
        name: ((shown + 1).tolist(), [path[i] for i in shown])
        for name, path in (("Adam", adam), ("AMSGrad", amsgrad))
    }
    yield Plot("Reddi's example: the best point is -1", "step", "x", curves, log="x")


def _path(*, amsgrad: bool) -> list[float]:
    x = Tensor(0.0, requires_grad=True, name="x")
    rule = Adam([x], lr=RATE, betas=BETAS, amsgrad=amsgrad)
    schedule = LambdaLR(rule, lambda t: 1 / math.sqrt(t + 1))
    path = []
    for t in range(STEPS):
        rule.zero_grad()
        ((-1.0 if t % 3 else LARGE) * x).backward()
        rule.step()
        schedule.step()
        x.data = np.clip(x.data, -1.0, 1.0)
        path.append(x.item())
    return path


CLAIM = Claim(
    name="amsgrad",
    title="Adam converges to the wrong end, AMSGrad does not",
    source=Source("Reddi, Kale and Kumar", 2018, "https://arxiv.org/abs/1904.09237"),
    teaches=(
        "Adam divides the rare large gradient by its own size and soon forgets it; AMSGrad"
        " remembers the largest that it has seen."
    ),
    kind="exact",
    run=run,
)
