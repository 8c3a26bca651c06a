"""Networks: modules, layers, activations, losses, initialisation (names as in PyTorch)."""

from microgd.nn import init as init
from microgd.nn import interchange as interchange
from microgd.nn import utils as utils
from microgd.nn.activations import *  # noqa: F403
from microgd.nn.batch_norm import BatchNorm1d as BatchNorm1d
from microgd.nn.dropout import Dropout as Dropout
from microgd.nn.embedding import Embedding as Embedding
from microgd.nn.layer_norm import LayerNorm as LayerNorm
from microgd.nn.layers import Linear as Linear
from microgd.nn.layers import Sequential as Sequential
from microgd.nn.losses import *  # noqa: F403
from microgd.nn.mlp import MLP as MLP
from microgd.nn.module import Module as Module
from microgd.nn.module import Parameter as Parameter
from microgd.nn.recurrent import GRU as GRU
from microgd.nn.recurrent import LSTM as LSTM
from microgd.nn.recurrent import RNN as RNN
from microgd.nn.recurrent import FinalState as FinalState
from microgd.nn.recurrent import GRUCell as GRUCell
from microgd.nn.recurrent import LSTMCell as LSTMCell
from microgd.nn.recurrent import RNNCell as RNNCell
from microgd.nn.residual import Residual as Residual
from microgd.nn.word2vec import SkipGram as SkipGram
