"""Update rules, one short file each (names and conventions as in PyTorch)."""

from microgd.optim.adam import Adam as Adam
from microgd.optim.optimizer import Optimizer as Optimizer
from microgd.optim.sgd import SGD as SGD
