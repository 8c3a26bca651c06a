"""Gradient descent on log cosh: the last step before it stops tells how far it is from the end."""

from collections.abc import Iterator

from microgd import cosh, log
from microgd.experiments.claim import Absolute, Claim, Plot, Row, Source
from microgd.optim import SGD
from microgd.tensor import Tensor

RATE, STOP = 0.1, 1e-6


def run(_: int) -> Iterator[Row | Plot]:
    """Descend from x = 10 until a step is at most 1e-6."""
    x = Tensor(10.0, requires_grad=True, name="x")
    rule = SGD([x], lr=RATE)
    path, moved = [x.item()], 1.0
    while moved > STOP:
        rule.zero_grad()
        log(cosh(x)).backward()
        rule.step()
        path.append(x.item())
        moved = abs(path[-2] - path[-1])
    yield Row("where it stops", 8.407e-06, path[-1], Absolute(5e-10))
    # close to 0 the slope is x itself: a step leaves 0.9 x, and the last one was at most STOP
    last = (1 - RATE) * STOP / RATE
    yield Row("the same, by the slope near 0", ((1 - RATE) * last, last), path[-1])
    yield Plot("Descent on log cosh", "step", "x", {"x": (range(len(path)), path)}, log="y")


CLAIM = Claim(
    name="log-cosh",
    title="Gradient descent on log cosh",
    source=Source(
        "Cauchy",
        1847,
        "https://www.math.uni-bielefeld.de/documenta/vol-ismp/40_lemarechal-claude.pdf",
    ),
    teaches=(
        "Far away the slope is 1 and each step equal; near the end a step is a tenth of what is"
        " left, so that descent slows down and stops short of the minimum."
    ),
    kind="exact",
    run=run,
)
