"""Batch normalisation: a layer's scale has no effect, and its gradient is 1/a times as large."""

from collections.abc import Iterator

import numpy as np

from microgd import tanh, value_and_grad
from microgd.experiments.claim import Claim, Relative, Row, Source
from microgd.nn import BatchNorm1d
from microgd.tensor import Tensor


def run(seed: int) -> Iterator[Row]:
    """One layer, normalised: the loss and its gradients at W and at a W."""
    rng = np.random.default_rng(seed)
    u, w, target = (rng.normal(size=shape) for shape in ((64, 6), (6, 5), (64, 5)))
    norm = BatchNorm1d(5, eps=0.0)  # the paper's equation has no eps

    def loss(u: Tensor, w: Tensor) -> Tensor:
        error = tanh(norm(u @ w)) - target
        mean: Tensor = (error * error).mean()
        return mean

    measure = value_and_grad(loss, (0, 1))
    value, (of_u, of_w) = measure(u, w)
    for a in (0.5, 4.0, 100.0):
        new_value, (new_of_u, new_of_w) = measure(u, a * w)
        what = f"gradient of W at {a:g} W, by that at W"
        yield Row(what, 1 / a, _ratio(new_of_w, of_w), Relative(1e-9))
    yield Row("loss at 100 W, by that at W", 1.0, (new_value / value).item(), Relative(1e-9))
    yield Row("gradient of u at 100 W, by that at W", 1.0, _ratio(new_of_u, of_u), Relative(1e-9))


def _ratio(new: Tensor, old: Tensor) -> float:
    """How long `new` is along `old`; NaN if it points elsewhere."""
    ratio: float = np.vdot(new.data, old.data) / np.vdot(old.data, old.data)
    return ratio if np.allclose(new.data, ratio * old.data, rtol=1e-9) else np.nan


CLAIM = Claim(
    name="batch-norm-scale",
    title="Batch normalisation: W -> a W leaves the loss alone, and its gradient becomes 1/a",
    source=Source("Ioffe and Szegedy", 2015, "https://arxiv.org/abs/1502.03167"),
    teaches="Weights that have grown get smaller gradients, which steadies their growth.",
    kind="exact",
    run=run,
)
