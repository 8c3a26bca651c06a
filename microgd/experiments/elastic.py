"""Parallel SGD on a surface of two parameters, where one can see how far the workers stray."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microgd import parallel
from microgd.arguments import real, whole
from microgd.descent import Surface, surface_of
from microgd.explain.show import drawing
from microgd.nn import Module
from microgd.parallel import EASGD, Algorithm, Record
from microgd.tensor import Tensor

NOISE = 0.5  # standard deviation of the gradient's noise, in gradients at the start


@dataclass(frozen=True)
class Elastic:
    """A run on a surface, traced: its record holds where everybody was.

    A notebook shows it as a page with the surface, the workers and their springs; `save` writes it.
    """

    surface: Surface
    record: Record

    def save(self, path: str | Path) -> Path:
        """Write the run as one animated page that works offline; returns the path."""
        path = Path(path)
        path.write_text(drawing("parallel.spring", "page")(self.record, self.surface), "utf-8")
        return path

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return drawing("parallel.spring", "bundle")(self.record, self.surface)


def elastic(
    surface: str | Surface = "bowl",
    algorithm: Algorithm | None = None,
    workers: int = 4,
    steps: int = 60,
    *,
    noise: float | None = None,
    rng: int = 0,
    **options: Any,
) -> Elastic:
    """Let workers descend on a surface, each with noise of its own on its gradients.

    surface    a name of `microgd.descent.SURFACES`, or a Surface
    algorithm  EASGD on weak springs if None, so that they are seen
    steps      gradients of each worker
    noise      standard deviation of both partial derivatives; half of the gradient at the
               start if None
    options    of the simulated backend, as ``delay="straggler"``

    Raises ValueError for an unknown name or an option out of range.

    >>> elastic("bowl", workers=3, steps=10).record.workers
    3
    """
    ground = surface_of(surface)
    steps = whole("elastic", "steps", steps, 1, "give 1 or more")
    workers = whole("elastic", "workers", workers, 1, "give 1 or more")
    if noise is None:
        noise = NOISE * float(np.linalg.norm(ground.gradient(ground.start)))
    real("elastic", "noise", noise, "give 0 or more", 0)
    if algorithm is None:
        algorithm = EASGD(lr=ground.lr / 2, rho=0.08 / ground.lr)
    together = algorithm.shares == "batches"
    rows = np.random.default_rng(rng).normal(0, noise, (steps * workers, 2))
    record = parallel.train(
        Ball(ground), (rows, np.zeros(len(rows))), algorithm, workers, "simulated", epochs=1,
        batch_size=workers if together else 1, loss=itself, rng=rng, trace=True, **options,
    )  # fmt: skip
    return Elastic(ground, record)


class Ball(Module):
    """A place on a surface, which is what is trained; the rows of its input are noise.

        f(w) + mean(rows @ (w - w as it is now))

    has the value of f, and the gradient of f plus the mean row.
    """

    def __init__(self, surface: Surface) -> None:
        super().__init__()
        self.surface = surface
        self.w = Tensor(np.array(surface.start, float), requires_grad=True, name="w")

    def forward(self, x: Any) -> Tensor:
        """The value where it is."""
        found: Tensor = self.surface.at(self.w) + (x @ (self.w - self.w.data)).mean()
        return found


def itself(value: Tensor, _target: Any) -> Tensor:
    """The loss of a model that computes its loss."""
    return value
