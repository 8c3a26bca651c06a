"""LayerNorm: the features of each row with mean 0 and variance 1, then stretched and moved."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from microgd.arguments import real, whole
from microgd.nn import functional
from microgd.nn.module import Module, Parameter
from microgd.op import as_array


class LayerNorm(Module):
    """(x - mean) / sqrt(variance + eps) * weight + bias, for each row by itself.

    Mean and variance, sum / n, are those of the row's own features, so that it does the same in
    training and in evaluation, and for a batch of one (Ba, Kiros and Hinton 2016,
    https://arxiv.org/abs/1607.06450). All as in PyTorch.

    normalized_shape    the last axes of x, (..., *normalized_shape): their sizes, or the size of
                        the last; the output has the shape of x
    eps                 keeps a row that is constant from a division by 0
    elementwise_affine  whether there is a weight, of that shape, that starts at 1
    bias                whether beside it there is a bias, that starts at 0

    Raises ValueError for another shape, ValueError or TypeError for an option out of range.

    >>> LayerNorm(2)([[1.0, 3.0], [10.0, 30.0]]).numpy().round(2)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = float,
    ) -> None:
        sizes = (
            normalized_shape if isinstance(normalized_shape, list | tuple) else [normalized_shape]
        )
        way_out = "give the sizes of the last axes, as 64 or (8, 8)"
        self.normalized_shape = shape = tuple(
            whole("LayerNorm", "normalized_shape", size, 1, way_out) for size in sizes
        )
        if not shape:
            raise ValueError(f"LayerNorm: normalized_shape is {normalized_shape!r}; {way_out}")
        self.eps = real("LayerNorm", "eps", eps, "give a small number of at least 0", 0)
        self.weight = Parameter(np.ones(shape), dtype=dtype) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape), dtype=dtype) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        """x with its rows normalised, of the same shape."""
        x, shape = as_array(x), self.normalized_shape
        if x.shape[-len(shape) :] != shape:
            raise ValueError(
                f"{self.place()}: x {x.shape} does not end in {shape}; give (...,"
                f" {str(shape)[1:-1].rstrip(',')})"
            )
        size = math.prod(shape)
        weight = 1.0 if self.weight is None else self.weight
        bias = 0.0 if self.bias is None else self.bias
        if x.ndim == 2 and len(shape) == 1:  # a table as it is
            return functional.normalise(x, weight, bias, axis=1, eps=self.eps)
        flat = [p if isinstance(p, float) else p.reshape((size,)) for p in (weight, bias)]
        rows = x.reshape((-1, size))
        return functional.normalise(rows, *flat, axis=1, eps=self.eps).reshape(x.shape)

    def extra_repr(self) -> str:
        """The options, for `repr`."""
        return f"{self.normalized_shape}, eps={self.eps}"
