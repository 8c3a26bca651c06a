"""FinalState: what a recurrent network has made of a whole sequence."""

from typing import Any

from microgd.nn.module import Module
from microgd.nn.recurrent.sequence import Recurrent
from microgd.ops.shape import concatenate


class FinalState(Module):
    """The last state of the last layer: h_n of a sequence, to be read by a dense layer.

        h_1, ..., h_n = recurrent(x);   FinalState(recurrent)(x) = h_n

    Sequences of any length become vectors of one size, as an encoder makes them (Cho et al. 2014,
    https://arxiv.org/abs/1406.1078). x is what the recurrent network takes; the output is
    (batch, hidden_size), or (hidden_size,) for one sequence. If that is bidirectional, the last
    state of the way back, at the first time step, stands after it: 2 * hidden_size. Of an LSTM's
    two states it is h.

    Raises TypeError for what is no RNN, LSTM or GRU.

    >>> from microgd import nn
    >>> reader = FinalState(nn.GRU(3, 4, rng=0, batch_first=True))
    >>> reader([[[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]]]).shape
    (1, 4)
    """

    def __init__(self, recurrent: Recurrent) -> None:
        if not isinstance(recurrent, Recurrent):
            raise TypeError(
                f"FinalState: {recurrent!r:.60} goes through no sequence; give an RNN, LSTM or GRU"
            )
        self.recurrent = recurrent

    def forward(self, x: Any) -> Any:
        """The state after the last time step."""
        _, state = self.recurrent(x)
        h = state[0] if isinstance(state, tuple) else state
        if not self.recurrent.bidirectional:
            return h[-1]
        return concatenate((h[-2], h[-1]), -1)
