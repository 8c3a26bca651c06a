"""Over time and layers: how every recurrent network goes through its sequences."""

from typing import Any, ClassVar

from microgd.arguments import whole
from microgd.dispatch import plain
from microgd.nn import init as initialise
from microgd.nn.dropout import Dropout
from microgd.nn.module import Module
from microgd.nn.recurrent.cell import Cell, fitting, numbers, pair
from microgd.ops.shape import concatenate
from microgd.tensor import Tensor

# How the names of a direction's parameters end, and how it goes through time
DIRECTIONS = (("", 1), ("_reverse", -1))


class Recurrent(Module):
    """A cell for each layer and direction, taken along the time steps of sequences.

    The parameters bear PyTorch's names: those of a cell with the number of its layer, as
    ``weight_ih_l0``, and those of the way back end in ``_reverse``. Each time step is a call of
    the cell ``l0`` (``l1``, ``l0_reverse``), and its states are named h_1, h_2, ... (c_1, ...).
    """

    cell: ClassVar[type[Cell]]
    states: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        rng: Any = None,
        dtype: Any = float,
        **options: Any,
    ) -> None:
        way_out = "give a whole number of at least 1"
        self.num_layers = whole(type(self).__name__, "num_layers", num_layers, 1, way_out)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.batch_first, self.bidirectional = batch_first, bidirectional
        self.directions = DIRECTIONS[: 1 + bool(bidirectional)]
        rng = initialise.generator(rng)
        size = input_size
        for layer in range(self.num_layers):
            for end, _ in self.directions:
                cell = self.cell(size, hidden_size, bias, rng=rng, dtype=dtype, **options)
                setattr(self, f"l{layer}{end}", cell)
                for name, parameter in cell.named_parameters():
                    parameter.name = f"{name}_l{layer}{end}"
                    setattr(self, parameter.name, parameter)
            size = hidden_size * len(self.directions)
        self.dropout = Dropout(dropout, rng=rng.spawn(1)[0]) if dropout else None
        if dropout and num_layers == 1:
            raise ValueError(
                f"{type(self).__name__}: dropout={dropout!r} acts between layers, and there is one;"
                " give num_layers=2 or more, or put nn.Dropout behind"
            )

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        kind, _, place = name.rpartition("_l")
        cell = vars(self).get(f"l{place}")
        if isinstance(cell, Cell) and kind in vars(cell):  # which knows it by its short name
            setattr(cell, kind, value)

    def forward(self, x: Any, state: Any = None) -> tuple[Any, Any]:
        """The outputs of the last layer at every time step, and the last state of every cell."""
        x = self._input(x)
        time = 1 if self.batch_first and x.ndim == 3 else 0
        steps = _rows(x.swapaxes(0, 1) if time else x)
        starts = iter(self._starts(state, steps[0].shape[:-1]))
        ends = []
        for layer in range(self.num_layers):
            if layer and self.dropout is not None:
                steps = [self.dropout(x_t) for x_t in steps]
            ways = []
            for suffix, order in self.directions:
                cell = getattr(self, f"l{layer}{suffix}")
                outputs, end = self._along(cell, steps, order, next(starts))
                ways.append(outputs)
                ends.append(end)
            steps = [_joined(both) for both in zip(*ways, strict=True)]
        output = _stack(steps)
        return output.swapaxes(0, 1) if time else output, self._ends(ends)

    def _along(self, cell: Cell, steps: list[Any], order: int, state: Any) -> tuple[list[Any], Any]:
        """The outputs of one cell at all time steps, taken in this order, and its last state."""
        outputs = []
        for t in range(len(steps))[::order]:
            state = cell(steps[t], state)
            parts = state if isinstance(state, tuple) else (state,)
            for name, part in zip(self.states, parts, strict=True):
                part.name = f"{name}_{t + 1}"
            outputs.append(parts[0])
        return outputs[::order], state

    def _input(self, x: Any) -> Any:
        """The sequences as numbers. Raises ValueError for a wrong shape."""
        x, kind = numbers(x), self.place()
        batched = "(batch, time, {})" if self.batch_first else "(time, batch, {})"
        shapes = f"{batched} or (time, {{}})".replace("{}", str(self.input_size))
        if x.ndim not in {2, 3} or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{kind}: x has shape {x.shape}; give {shapes}, the last being input_size"
            )
        if 0 in x.shape:
            raise ValueError(
                f"{kind}: x has shape {x.shape}, an empty sequence or batch; give {shapes}, each"
                " at least 1"
            )
        return x

    def _starts(self, state: Any, batch: tuple[int, ...]) -> list[Any]:
        """The first state of each cell, in the form in which the cell takes it."""
        cells = self.num_layers * len(self.directions)
        if state is None:
            return [None] * cells
        kind, names = self.place(), [f"{name}_0" for name in self.states]
        given = pair(kind, ", ".join(names), state) if len(names) > 1 else (state,)
        layers = "num_layers * 2" if self.bidirectional else "num_layers"
        axes = f"{layers}, {'batch, ' if batch else ''}hidden_size"
        shape = (cells, *batch, self.hidden_size)
        parts = [
            _rows(fitting(kind, name, part, shape, axes))
            for name, part in zip(names, given, strict=True)
        ]
        return list(zip(*parts, strict=True)) if len(parts) > 1 else parts[0]

    def _ends(self, states: list[Any]) -> Any:
        """The last state of every cell, one array for h, or a pair."""
        if len(self.states) == 1:
            return _stack(states)
        return tuple(_stack(list(part)) for part in zip(*states, strict=True))

    def extra_repr(self) -> str:
        """The sizes, for `repr`."""
        return (
            f"{self.input_size} -> {self.hidden_size}"
            + (f", {self.num_layers} layers" if self.num_layers > 1 else "")
            + (", bidirectional" if self.bidirectional else "")
        )


def _rows(x: Any) -> list[Any]:
    """x[0], x[1], ...; for a gradient cut in half again and again.

    The gradient of an index is an array as large as what it indexes: n of them would cost n**2,
    halves cost n * log(n).
    """
    if not (isinstance(x, Tensor) and x.requires_grad):
        return list(plain(x))
    if len(x) == 1:
        return [x[0]]
    return _rows(x[: len(x) // 2]) + _rows(x[len(x) // 2 :])


def _joined(outputs: tuple[Any, ...]) -> Any:
    """What one direction or both say at a time step, side by side."""
    return concatenate(outputs, -1) if len(outputs) > 1 else outputs[0]


def _stack(parts: list[Any]) -> Any:
    """Arrays of one shape along a new first axis, in two operations however many they are."""
    return concatenate(parts).reshape((len(parts), *parts[0].shape))
