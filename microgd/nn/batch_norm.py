"""BatchNorm1d: each feature with mean 0 and variance 1 over the batch, then stretched and moved."""

from typing import Any

import numpy as np

from microgd.arguments import real, whole
from microgd.dispatch import plain
from microgd.nn import functional
from microgd.nn.module import Module, Parameter
from microgd.op import as_array
from microgd.tensor import Tensor


class BatchNorm1d(Module):
    """(x - mean) / sqrt(variance + eps) * weight + bias, for each feature by itself.

    In training, mean and variance are those of the batch, and the running statistics follow them:
    running = (1 - momentum) * running + momentum * of the batch, where the variance is then that
    of the population, sum / (n - 1). In evaluation the running statistics take their place, so
    that a row's output depends on no other row.

    num_features         c, for x of shape (n, c) or (n, c, length); the output has the shape of x
    eps                  keeps a feature that is constant from a division by 0
    momentum             0 to 1; None: the running statistics are the mean over all batches so far
    affine               whether there are a weight and a bias, (c,), that start at 1 and 0
    track_running_stats  whether to keep running_mean, running_var (c,) and num_batches_tracked,
                         which are saved and not trained; if not, evaluation, too, takes the batch

    All as in PyTorch, but that a batch with NaN or infinite numbers leaves the running statistics
    alone. A loss is the same for W and a * W in the layer before, and its gradient 1 / a times as
    large: so a weight that grew too large by a step too long is moved less by the next. A bias in
    that layer has no effect (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167).

    Raises ValueError for another shape, for a batch of one in training, whose variance is 0, and
    ValueError or TypeError for an option out of range.

    >>> norm = BatchNorm1d(2)
    >>> norm([[1.0, 10.0], [3.0, 30.0]]).numpy().round(2)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> norm.running_mean.data
    array([0.2, 2. ])
    >>> norm.eval()([[0.2, 2.0]]).tolist()
    [[0.0, 0.0]]
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: Any = float,
    ) -> None:
        way_out = "give the number of features, 1 or more"
        self.num_features = c = whole("BatchNorm1d", "num_features", num_features, 1, way_out)
        self.eps = real("BatchNorm1d", "eps", eps, "give a small number of at least 0", 0)
        way_out = "give a share from 0 to 1, or None for the mean over all batches"
        self.momentum = (
            None if momentum is None else real("BatchNorm1d", "momentum", momentum, way_out, 0, 1)
        )
        self.weight = Parameter(np.ones(c), dtype=dtype) if affine else None
        self.bias = Parameter(np.zeros(c), dtype=dtype) if affine else None
        tracked = track_running_stats
        self.running_mean = Tensor(np.zeros(c), dtype=dtype) if tracked else None
        self.running_var = Tensor(np.ones(c), dtype=dtype) if tracked else None
        self.num_batches_tracked = Tensor(0) if tracked else None

    def forward(self, x: Any) -> Any:
        """x with its features normalised, of the same shape."""
        x = as_array(x)
        if x.ndim not in {2, 3} or x.shape[1] != self.num_features:
            raise ValueError(self._misfit(x.shape))
        if x.ndim == 2:
            return self._of_rows(x)
        n, c, length = x.shape
        rows = x.transpose((0, 2, 1)).reshape((n * length, c))
        return self._of_rows(rows).reshape((n, length, c)).transpose((0, 2, 1))

    def _of_rows(self, rows: Any) -> Any:
        """Rows (n, c), normalised."""
        weight = 1.0 if self.weight is None else self.weight
        bias = 0.0 if self.bias is None else self.bias
        if self.running_var is not None and not self.training:
            scale = (self.running_var + self.eps) ** -0.5
            return (rows - self.running_mean) * (scale * weight) + bias
        if len(rows) < 2:
            raise ValueError(
                f"{self.place()}: a batch of {len(rows)} has no variance to normalise by; give two"
                " rows or more (drop_last=True leaves out a single last one), or call .eval()"
                " first to use the running statistics"
            )
        out = functional.normalise(rows, weight, bias, axis=0, eps=self.eps)
        self._track(rows, out)
        return out

    def _track(self, rows: Any, out: Any) -> None:
        """Let the running statistics follow the batch."""
        tracked, means, variances = self.num_batches_tracked, self.running_mean, self.running_var
        if tracked is None or means is None or variances is None:
            return
        recorded = isinstance(out, Tensor) and not out.is_leaf
        found = out.params["kept"] if recorded else None  # known, and else to be computed
        _, mean, variance = found or functional.standardise(plain(rows), 0, self.eps)
        if not np.isfinite(variance).all():
            return
        n, count = len(rows), tracked.value + 1
        share = 1 / count if self.momentum is None else self.momentum
        tracked.data = count
        means.data = (1 - share) * means.value + share * mean[0]
        variances.data = (1 - share) * variances.value + share * n / (n - 1) * variance[0]

    def _misfit(self, shape: tuple[int, ...]) -> str:
        c = self.num_features
        hint = "did you mean x.swapaxes(1, 2)?" if len(shape) == 3 and shape[2] == c else ""
        hint = hint or f"give (n, {c}) or (n, {c}, length)"
        return f"{self.place()}: x {shape} does not fit {c} features; {hint}"

    def extra_repr(self) -> str:
        """The options, for `repr`."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"
