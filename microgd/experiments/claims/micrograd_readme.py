"""The expression in micrograd's README, with both of its gradients."""

from collections.abc import Iterator

from microgd import relu
from microgd.experiments.claim import Absolute, Claim, Row, Source
from microgd.tensor import Tensor

PRINTED = Absolute(5e-5)  # the README prints four decimals


def run(_: int) -> Iterator[Row]:
    """Build the expression, one operation after another, and go backward once."""
    a = Tensor(-4.0, requires_grad=True, name="a")
    b = Tensor(2.0, requires_grad=True, name="b")
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + relu(b + a)
    d = d + 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2
    g = g + 10 / f
    g.backward()
    assert a.grad is not None
    assert b.grad is not None
    yield Row("g", 24.7041, g.item(), PRINTED)
    yield Row("dg/da", 138.8338, float(a.grad), PRINTED)
    yield Row("dg/db", 645.5773, float(b.grad), PRINTED)


CLAIM = Claim(
    name="micrograd-readme",
    title="The expression in micrograd's README",
    source=Source("Karpathy", 2020, "https://github.com/karpathy/micrograd"),
    teaches="A name that is used many times gets the sum of what each use sends back.",
    kind="exact",
    run=run,
)
