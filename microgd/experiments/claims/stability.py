"""Gradient descent is stable up to the learning rate 2/L, where L is the largest curvature."""

from collections.abc import Iterator

import numpy as np

from microgd import hessian
from microgd.data import line
from microgd.experiments.claim import Absolute, Claim, Plot, Relative, Row, Source
from microgd.optim import SGD
from microgd.tensor import Tensor

STEPS = 200


def run(seed: int) -> Iterator[Row | Plot]:
    """Fit a straight line by rates a little below 2/L, at it, and a little above."""
    points = line(100, rng=seed)
    inputs = np.hstack([points.x, np.ones_like(points.x)])  # slope and intercept
    target = points.y[:, 0]

    def loss(w: Tensor) -> Tensor:
        error = inputs @ w - target
        mean: Tensor = (error * error).mean()
        return mean

    curvatures, directions = np.linalg.eigh(2 * inputs.T @ inputs / len(inputs))
    steepest, sharp = curvatures[-1], directions[:, -1]
    measured = np.linalg.eigvalsh(hessian(loss)(np.zeros(2)).data)[-1]
    yield Row("L, by the Hessian", steepest, measured, Relative(1e-9))

    best = np.linalg.lstsq(inputs, target)[0]
    paths = {}
    for share in (0.95, 1.0, 1.05):
        w = Tensor(np.zeros(2), requires_grad=True, name="w")
        rule = SGD([w], lr=share * 2 / steepest)
        path, losses = [sharp @ (w.data - best)], [loss(w).item()]
        for _ in range(STEPS):
            rule.zero_grad()
            loss(w).backward()
            rule.step()
            path.append(sharp @ (w.data - best))
            losses.append(loss(w).item())
        paths[f"{share:g} x 2/L"] = (range(STEPS + 1), losses)
        # over the early steps, where the distance is large beside what rounding leaves of it
        factor = path[20] / path[19]
        yield Row(f"factor a step at {share:g} x 2/L", 1 - 2 * share, factor, Absolute(1e-9))
    yield Plot("A line fitted below, at and above 2/L", "step", "loss", paths, log="y")


CLAIM = Claim(
    name="stability",
    title="Gradient descent is stable up to the rate 2/L, and not beyond",
    source=Source("LeCun, Bottou, Orr and Müller", 1998, "https://doi.org/10.1007/3-540-49430-8_2"),
    teaches=(
        "A step multiplies the distance to the minimum by 1 - lr L: over lr = 2/L that is below -1,"
        " and descent swings ever wider."
    ),
    kind="exact",
    run=run,
)
