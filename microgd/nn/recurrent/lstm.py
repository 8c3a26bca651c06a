"""The long short-term memory, whose cell state is carried on by addition."""

from typing import Any

from microgd.nn.recurrent.cell import Cell, pair
from microgd.nn.recurrent.sequence import Recurrent
from microgd.ops.elementwise import sigmoid, tanh


class LSTMCell(Cell):
    """One time step of a long short-term memory with a forget gate.

        i, f, g, o = W_ih x + b_ih + W_hh h + b_hh     cut into four
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        c' = f * c + i * tanh(g)
        h' = o * tanh(c')

    From step to step the gradient of c is multiplied by f alone: where the forget gate is open,
    it does not vanish. x (batch, input_size) or (input_size,); h, c, h', c' (batch, hidden_size)
    or (hidden_size,); without a state both are zeros. weight_ih is (4 * hidden_size, input_size),
    weight_hh (4 * hidden_size, hidden_size), with the rows in the order i, f, g, o, as in PyTorch.
    `bias`, `rng` and `dtype` are those of `Linear`.

    Source: Hochreiter and Schmidhuber 1997, Long short-term memory
    (https://doi.org/10.1162/neco.1997.9.8.1735); the forget gate is of Gers, Schmidhuber and
    Cummins 2000, Learning to forget (https://doi.org/10.1162/089976600300015015).
    Raises ValueError for sizes below 1 or a shape that does not fit, TypeError for a state that
    is no pair.

    >>> cell = LSTMCell(3, 4, rng=0)
    >>> h, c = cell([1.0, 2.0, 3.0])
    >>> h, c = cell([0.0, 0.0, 0.0], (h, c))
    >>> h.shape, c.shape
    ((4,), (4,))
    """

    gates = 4

    def forward(self, x: Any, state: Any = None) -> tuple[Any, Any]:
        """The next state (h', c')."""
        x = self.input(x)
        h, c = pair(self.place(), "h, c", state)
        h, c = self.state(x, h), self.state(x, c, "c")
        i, f, g, o = self.of_each_gate(self.from_input(x) + self.from_state(h))
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        c = f * c + i * tanh(g)
        h = o * tanh(c)
        return h, c


class LSTM(Recurrent):
    """A long short-term memory: `LSTMCell` along the time steps of sequences.

        h_t, c_t = LSTMCell(x_t, (h_{t-1}, c_{t-1}))      t = 1, ..., time

    Returns the outputs h_1, h_2, ... of the last layer and the last states (h_n, c_n); `state` is
    a pair (h_0, c_0). Shapes, layers and options are those of `RNN`, equations and source those
    of `LSTMCell`; names and layouts of parameters are PyTorch's, see `microgd.nn.interchange`.

    Raises ValueError for sizes or layers below 1, an empty sequence, or a shape that does not fit;
    TypeError for a state that is no pair.

    >>> lstm = LSTM(3, 4, rng=0)
    >>> output, (h_n, c_n) = lstm([[[1.0, 2.0, 3.0]], [[0.0, 0.0, 0.0]]])
    >>> output.shape, h_n.shape, c_n.shape
    ((2, 1, 4), (1, 1, 4), (1, 1, 4))
    """

    cell = LSTMCell
    states = ("h", "c")
