"""Residual: a way around a module, on which signal and gradient pass unchanged."""

from typing import Any

from microgd.nn.module import Module
from microgd.op import as_array


class Residual(Module):
    """x + module(x).

    The derivative is 1 + that of the module: however small that is, the gradient arrives (He et
    al. 2016, https://arxiv.org/abs/1512.03385). The module gives back the shape of x, any.

    Raises TypeError for what is no Module, ValueError for a module that changes the shape.

    >>> from microgd.nn import Linear
    >>> block = Residual(Linear(2, 2, rng=0))
    >>> block.module.weight.data, block.module.bias.data = [[0.0, 0.0], [0.0, 0.0]], [0.5, 0.5]
    >>> block([1.0, 2.0]).tolist()
    [1.5, 2.5]
    """

    def __init__(self, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"Residual: module is {module!r:.60}; give a Module, such as nn.Linear")
        self.module = module

    def forward(self, x: Any) -> Any:
        """The sum, of the shape of x."""
        x = as_array(x)
        out = self.module(x)
        if out.shape != x.shape:
            raise ValueError(
                f"{self.place()}: {type(self.module).__name__} makes {out.shape} of x {x.shape},"
                " and the two are added; give a module that keeps the shape"
            )
        return x + out
