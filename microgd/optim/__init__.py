"""Update rules, one short file each (names and conventions as in PyTorch)."""

from microgd.optim.adadelta import Adadelta as Adadelta
from microgd.optim.adagrad import Adagrad as Adagrad
from microgd.optim.adam import Adam as Adam
from microgd.optim.adamw import AdamW as AdamW
from microgd.optim.optimizer import Optimizer as Optimizer
from microgd.optim.rmsprop import RMSprop as RMSprop
from microgd.optim.sgd import SGD as SGD
