"""Recurrent networks: RNN, LSTM and GRU over sequences, and the cells that take one time step."""

from microgd.nn.recurrent.final import FinalState as FinalState
from microgd.nn.recurrent.gru import GRU as GRU
from microgd.nn.recurrent.gru import GRUCell as GRUCell
from microgd.nn.recurrent.lstm import LSTM as LSTM
from microgd.nn.recurrent.lstm import LSTMCell as LSTMCell
from microgd.nn.recurrent.rnn import RNN as RNN
from microgd.nn.recurrent.rnn import RNNCell as RNNCell
