"""Update rules and schedules, one short file each (names and conventions as in PyTorch)."""

from microgd.optim.adadelta import Adadelta as Adadelta
from microgd.optim.adagrad import Adagrad as Adagrad
from microgd.optim.adam import Adam as Adam
from microgd.optim.adamw import AdamW as AdamW
from microgd.optim.optimizer import Optimizer as Optimizer
from microgd.optim.rmsprop import RMSprop as RMSprop
from microgd.optim.schedules import ConstantLR as ConstantLR
from microgd.optim.schedules import CosineAnnealingLR as CosineAnnealingLR
from microgd.optim.schedules import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from microgd.optim.schedules import CyclicLR as CyclicLR
from microgd.optim.schedules import ExponentialLR as ExponentialLR
from microgd.optim.schedules import InverseTimeLR as InverseTimeLR
from microgd.optim.schedules import LambdaLR as LambdaLR
from microgd.optim.schedules import LinearLR as LinearLR
from microgd.optim.schedules import MultiStepLR as MultiStepLR
from microgd.optim.schedules import OneCycleLR as OneCycleLR
from microgd.optim.schedules import PolynomialLR as PolynomialLR
from microgd.optim.schedules import ReduceLROnPlateau as ReduceLROnPlateau
from microgd.optim.schedules import Schedule as Schedule
from microgd.optim.schedules import SequentialLR as SequentialLR
from microgd.optim.schedules import StepLR as StepLR
from microgd.optim.sgd import SGD as SGD
