"""What all cells share: their parameters in PyTorch's layout, and what they take for an input."""

from typing import Any, ClassVar

import numpy as np

from microgd.arguments import whole
from microgd.nn import init as initialise
from microgd.nn.functional import linear
from microgd.nn.module import Module, Parameter
from microgd.tensor import Tensor


class Cell(Module):
    """One time step of a recurrent network: from an input and a state to the next state.

    weight_ih (gates * hidden_size, input_size) and weight_hh (gates * hidden_size, hidden_size)
    hold the rows of one gate after another, as do bias_ih and bias_hh (gates * hidden_size,);
    without `bias` both are 0.0. All start uniform in +-1 / sqrt(hidden_size), PyTorch's default.
    """

    gates: ClassVar[int]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        rng: Any = None,
        dtype: Any = float,
    ) -> None:
        cell, way_out = type(self).__name__, "give a whole number of at least 1"
        self.input_size = whole(cell, "input_size", input_size, 1, way_out)
        self.hidden_size = whole(cell, "hidden_size", hidden_size, 1, way_out)
        rng = initialise.generator(rng)

        def drawn(*shape: int) -> Parameter:
            start = initialise.uniform(shape, rng=rng, bound=self.hidden_size**-0.5)
            return Parameter(start, dtype=dtype)

        rows = self.gates * self.hidden_size
        self.weight_ih = drawn(rows, self.input_size)
        self.weight_hh = drawn(rows, self.hidden_size)
        self.bias_ih = drawn(rows) if bias else 0.0
        self.bias_hh = drawn(rows) if bias else 0.0

    def input(self, x: Any) -> Any:
        """The input as numbers. Raises ValueError for a wrong shape."""
        x = numbers(x)
        if x.shape[-1:] != (self.input_size,) or x.ndim > 2:
            raise ValueError(
                f"{self.place()}: x has shape {x.shape}; give (batch, {self.input_size}) or"
                f" ({self.input_size},), the last being input_size"
            )
        return x

    def from_input(self, x: Any) -> Any:
        """What the input says to all gates, x @ weight_ih.T + bias_ih."""
        return linear(x, self.weight_ih, self.bias_ih)

    def from_state(self, h: Any) -> Any:
        """What the state says to all gates, h @ weight_hh.T + bias_hh."""
        return linear(h, self.weight_hh, self.bias_hh)

    def of_each_gate(self, rows: Any) -> list[Any]:
        """What was said to all gates, cut into the part of each."""
        size = self.hidden_size
        return [rows[..., gate * size : (gate + 1) * size] for gate in range(self.gates)]

    def state(self, x: Any, given: Any, name: str = "h") -> Any:
        """The state that was given for the input, or zeros. Raises ValueError for a wrong shape."""
        expected = (*x.shape[:-1], self.hidden_size)
        if given is None:
            return np.zeros(expected, self.weight_hh.dtype)
        axes = "batch, hidden_size" if len(expected) > 1 else "hidden_size"
        return fitting(self.place(), name, given, expected, axes)

    def extra_repr(self) -> str:
        """The sizes, for `repr`."""
        return f"{self.input_size} -> {self.hidden_size}" + (
            "" if isinstance(self.bias_ih, Tensor) else ", no bias"
        )


def numbers(given: Any) -> Any:
    """A Tensor or an array as it is, a list as an array. TypeError for what holds no numbers."""
    return given if isinstance(given, Tensor | np.ndarray) else Tensor(given).data


def fitting(op: str, name: str, given: Any, expected: tuple[int, ...], axes: str) -> Any:
    """`given` as numbers of the expected shape. Raises ValueError for another one."""
    given = numbers(given)
    if given.shape != expected:
        raise ValueError(
            f"{op}: {name} has shape {given.shape}, expected {expected}, which is ({axes})"
        )
    return given


def pair(op: str, names: str, given: Any) -> tuple[Any, Any]:
    """A state of two parts; two times None for None. Raises TypeError for anything else."""
    if given is None:
        return None, None
    if not (isinstance(given, tuple | list) and len(given) == 2):
        kind = type(given).__name__ + (
            f" of {len(given)}" if isinstance(given, tuple | list) else ""
        )
        raise TypeError(f"{op}: the state is a {kind}; give a pair ({names}), or none for zeros")
    return given[0], given[1]
