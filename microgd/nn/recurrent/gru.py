"""The gated recurrent unit, whose state is a mean of the old one and a new candidate."""

from typing import Any

from microgd.nn.recurrent.cell import Cell
from microgd.nn.recurrent.sequence import Recurrent
from microgd.ops.elementwise import sigmoid, tanh


class GRUCell(Cell):
    """One time step of a gated recurrent unit.

        x_r, x_z, x_n = W_ih x + b_ih                  cut into three
        h_r, h_z, h_n = W_hh h + b_hh                  cut into three
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = tanh(x_n + r * h_n)
        h' = n + z * (h - n)                           which is (1 - z) * n + z * h

    The bias of h_n stands inside of the product with r, as in PyTorch and cuDNN; in the paper, r
    multiplies h before W_hn does. x (batch, input_size) or (input_size,), h and h' (batch,
    hidden_size) or (hidden_size,); without h it is zeros. weight_ih is (3 * hidden_size,
    input_size), weight_hh (3 * hidden_size, hidden_size), with the rows in the order r, z, n, as in
    PyTorch. `bias`, `rng` and `dtype` are those of `Linear`.

    Source: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder for
    statistical machine translation (https://arxiv.org/abs/1406.1078).
    Raises ValueError for sizes below 1 or a shape that does not fit.

    >>> cell = GRUCell(3, 4, rng=0)
    >>> h = cell([1.0, 2.0, 3.0])
    >>> cell([0.0, 0.0, 0.0], h).shape
    (4,)
    """

    gates = 3

    def forward(self, x: Any, h: Any = None) -> Any:
        """The next state h'."""
        x = self.input(x)
        h = self.state(x, h)
        x_r, x_z, x_n = self.of_each_gate(self.from_input(x))
        h_r, h_z, h_n = self.of_each_gate(self.from_state(h))
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = tanh(x_n + r * h_n)
        return n + z * (h - n)


class GRU(Recurrent):
    """A gated recurrent network: `GRUCell` along the time steps of sequences.

        h_t = GRUCell(x_t, h_{t-1})      t = 1, ..., time

    Shapes, layers, options and what is returned are those of `RNN`, equations and source those of
    `GRUCell`; names and layouts of parameters are PyTorch's, see `microgd.nn.interchange`.

    Raises ValueError for sizes or layers below 1, an empty sequence, or a shape that does not fit.

    >>> output, h_n = GRU(3, 4, rng=0)([[[1.0, 2.0, 3.0]], [[0.0, 0.0, 0.0]]])
    >>> output.shape, h_n.shape
    ((2, 1, 4), (1, 1, 4))
    """

    cell = GRUCell
