"""Adam's first step: both running means are corrected, so the gradient's size cancels."""

from collections.abc import Iterator

from microgd.experiments.claim import Claim, Relative, Row, Source
from microgd.optim import Adam
from microgd.tensor import Tensor

RATE = 0.001


def run(_: int) -> Iterator[Row]:
    """Take the first step for gradients of very different sizes."""
    for slope in (-1000.0, -0.1, 0.5, 2e6):
        w = Tensor(0.0, requires_grad=True, name="w")
        (slope * w).backward()
        Adam([w], lr=RATE).step()
        expected = -RATE if slope > 0 else RATE
        # eps keeps it from being exact: it takes eps / |g| of the step, 1e-7 at most here
        yield Row(f"step for a gradient of {slope:g}", expected, w.item(), Relative(1.1e-7))


CLAIM = Claim(
    name="adam-first-step",
    title="Adam's first step is the learning rate, against the gradient's sign",
    source=Source("Kingma and Ba", 2015, "https://arxiv.org/abs/1412.6980"),
    teaches="Adam divides the size of the gradient out, so `lr` is about the size of a step.",
    kind="exact",
    run=run,
)
