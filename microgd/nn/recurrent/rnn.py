"""The simple recurrent network, whose state is one layer of tanh or ReLU units."""

from typing import Any

from microgd.names import choose
from microgd.nn.recurrent.cell import Cell
from microgd.nn.recurrent.sequence import Recurrent
from microgd.ops.elementwise import relu, tanh

NONLINEARITIES = {"tanh": tanh, "relu": relu}


class RNNCell(Cell):
    """One time step of a simple recurrent network (Elman 1990).

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    x (batch, input_size) or (input_size,), h and h' (batch, hidden_size) or (hidden_size,);
    without h it is zeros. weight_ih is (hidden_size, input_size), weight_hh (hidden_size,
    hidden_size), as in PyTorch. `nonlinearity` is "tanh" or "relu"; `bias`, `rng` and `dtype` are
    those of `Linear`.

    Source: Elman 1990, Finding structure in time (https://doi.org/10.1207/s15516709cog1402_1).
    Raises ValueError for sizes below 1, another nonlinearity, or a shape that does not fit.

    >>> cell = RNNCell(3, 4, rng=0)
    >>> h = cell([1.0, 2.0, 3.0])
    >>> cell([0.0, 0.0, 0.0], h).shape
    (4,)
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        rng: Any = None,
        dtype: Any = float,
    ) -> None:
        choose("RNNCell: nonlinearity", nonlinearity, NONLINEARITIES)
        super().__init__(input_size, hidden_size, bias, rng=rng, dtype=dtype)
        self.nonlinearity = nonlinearity

    def forward(self, x: Any, h: Any = None) -> Any:
        """The next state h'."""
        x = self.input(x)
        h = self.state(x, h)
        phi = NONLINEARITIES[self.nonlinearity]
        return phi(self.from_input(x) + self.from_state(h))


class RNN(Recurrent):
    """A simple recurrent network: `RNNCell` along the time steps of sequences (Elman 1990).

        h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)      t = 1, ..., time

    x is (time, batch, input_size), with `batch_first` (batch, time, input_size), or one sequence
    (time, input_size). Returns the outputs h_1, h_2, ... of the last layer, shaped as x with
    hidden_size features (twice as many if `bidirectional`), and the last states h_n (num_layers,
    batch, hidden_size) or (num_layers, hidden_size). `state`, h_0, is shaped as h_n; zeros if it is
    not given.

    num_layers     each further layer takes the outputs of the one before
    dropout        the share of these that is left out in training, see `Dropout`
    bidirectional  each layer has a second cell, which goes back from the last time step; its
                   outputs stand after those of the first, its state in the next row of h_n

    All other options and the source are those of `RNNCell`; names and layouts of parameters are
    PyTorch's, see `microgd.nn.interchange`.

    Raises ValueError for sizes or layers below 1, another nonlinearity, an empty sequence, or a
    shape that does not fit.

    >>> rnn = RNN(3, 4, num_layers=2, rng=0)
    >>> output, h_n = rnn([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    >>> output.shape, h_n.shape
    ((2, 4), (2, 4))
    >>> list(rnn.state_dict())[:4]
    ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']
    """

    cell = RNNCell

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        rng: Any = None,
        dtype: Any = float,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            rng=rng,
            dtype=dtype,
            nonlinearity=nonlinearity,
        )
