"""The same race with and without clipping: what it does at a cliff, and on a plateau."""

from typing import Any

from microgd.descent.race import Race, race
from microgd.descent.surface import Function, Point, Surface
from microgd.descent.surfaces import surface_of


def clipping(
    surface: str | Surface | Function = "cliff",
    optimizers: Any = "sgd",
    start: Point | None = None,
    steps: int | None = None,
    *,
    clip: float = 1.0,
    lr: float | None = None,
) -> Race:
    """A race of every rule against itself with its gradients clipped to a length of `clip`.

    At a cliff the gradient explodes, and one step throws the ball out of the view; clipped, it
    keeps the direction and only so much of the length (`nn.utils.clip_grad_norm_`; Pascanu et al.
    2013, https://arxiv.org/abs/1211.5063). On a plateau the gradient has vanished, and there is
    nothing to clip: that needs another rule.

    >>> found = clipping("cliff", steps=120)
    >>> {run.name: run.left(found.surface) for run in found.runs}
    {'sgd': 93, 'sgd, clipped at 1': None}
    """
    ground = surface_of(surface)
    free = race(ground, optimizers, start, steps, lr=lr)
    held = race(ground, optimizers, start, steps, lr=lr, clip=clip)
    return free.beside(held.renamed({name: f"{name}, clipped at {clip:g}" for name in held.names}))
