"""Clipping by norm: what was longer than the threshold is as long as it, in the same direction."""

from collections.abc import Iterator

import numpy as np

from microgd.data import moons
from microgd.experiments.claim import Absolute, Claim, Relative, Row, Source
from microgd.graph import Array
from microgd.nn import MLP, cross_entropy
from microgd.nn.utils import clip_grad_norm_


def run(seed: int) -> Iterator[Row]:
    """A network whose loss is made steep, clipped at thresholds below and above the norm."""
    points = moons(100, rng=seed)
    model = MLP([2, 16, 16, 2], "tanh", rng=seed)

    def gradient() -> Array:
        return np.concatenate([p.grad.ravel() for p in model.parameters() if p.grad is not None])

    for share in (0.001, 0.5, 2.0):
        model.zero_grad()
        (100 * cross_entropy(model(points.x), points.y)).backward()
        before = gradient()
        norm = float(np.linalg.norm(before))
        clip_grad_norm_(model.parameters(), share * norm)
        after = gradient()
        length = float(np.linalg.norm(after))
        cosine = float(before @ after / (norm * length))
        # as in PyTorch, 1e-6 is added to the norm that it divides by
        close = Relative(2e-6 / norm + 1e-12)
        what = f"threshold {share:g} x norm: "
        yield Row(f"{what}norm / threshold", min(1.0, 1 / share), length / (share * norm), close)
        yield Row(f"{what}cosine of the turn", 1.0, cosine, Absolute(1e-12))


CLAIM = Claim(
    name="clipped-norm",
    title="A gradient clipped by norm is as long as the threshold, and points as before",
    source=Source("Pascanu, Mikolov and Bengio", 2013, "https://arxiv.org/abs/1211.5063"),
    teaches="Clipping by norm shortens a step and never turns it; a short gradient is left alone.",
    kind="exact",
    run=run,
)
