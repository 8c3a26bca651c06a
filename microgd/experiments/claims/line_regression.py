"""A straight line, fitted by gradient descent: it ends where the closed form says."""

from collections.abc import Iterator

from microgd.data import line
from microgd.experiments.claim import Absolute, Claim, Plot, Row, Source
from microgd.nn import Linear, mse_loss
from microgd.optim import SGD
from microgd.train import fit


def run(seed: int) -> Iterator[Row | Plot]:
    """Fit 100 points by 200 steps over all of them."""
    points = line(100, rng=seed)
    model = Linear(1, 1, rng=seed)
    history = fit(
        model,
        points,
        SGD(model.parameters(), lr=0.5),
        mse_loss,
        epochs=200,
        batch_size=None,
        progress=False,
    )
    assert model.bias is not None
    x, y = points.x[:, 0], points.y[:, 0]
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    close = Absolute(1e-9)
    yield Row("slope", slope, model.weight.item(), close, "covariance of x and y / variance of x")
    yield Row("intercept", y.mean() - slope * x.mean(), model.bias.item(), close)
    losses = history["loss"].tolist()
    yield Plot("A straight line, fitted", "step", "loss", {"loss": (range(1, 201), losses)})


CLAIM = Claim(
    name="line-regression",
    title="A straight line by gradient descent ends at the least-squares solution",
    source=Source("Stigler", 1981, "https://doi.org/10.1214/aos/1176345451"),
    teaches=(
        "A linear model's loss is a bowl: descent needs no formula to find its one minimum, which"
        " Legendre and Gauss computed."
    ),
    kind="exact",
    run=run,
)
