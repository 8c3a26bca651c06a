"""Networks: modules, layers, activations, losses, initialisation (names as in PyTorch)."""

from microgd.nn import init as init
from microgd.nn.activations import *  # noqa: F403
from microgd.nn.layers import MLP as MLP
from microgd.nn.layers import Linear as Linear
from microgd.nn.layers import Sequential as Sequential
from microgd.nn.losses import *  # noqa: F403
from microgd.nn.module import Module as Module
from microgd.nn.module import Parameter as Parameter
