"""Schedules: the learning rate as a function of the time, one short file each (PyTorch's names)."""

from microgd.optim.schedules.constant import ConstantLR as ConstantLR
from microgd.optim.schedules.cosine import CosineAnnealingLR as CosineAnnealingLR
from microgd.optim.schedules.cyclic import CyclicLR as CyclicLR
from microgd.optim.schedules.exponential import ExponentialLR as ExponentialLR
from microgd.optim.schedules.inverse_time import InverseTimeLR as InverseTimeLR
from microgd.optim.schedules.lambdas import LambdaLR as LambdaLR
from microgd.optim.schedules.linear import LinearLR as LinearLR
from microgd.optim.schedules.multi_step import MultiStepLR as MultiStepLR
from microgd.optim.schedules.one_cycle import OneCycleLR as OneCycleLR
from microgd.optim.schedules.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from microgd.optim.schedules.polynomial import PolynomialLR as PolynomialLR
from microgd.optim.schedules.schedule import Schedule as Schedule
from microgd.optim.schedules.sequential import SequentialLR as SequentialLR
from microgd.optim.schedules.step import StepLR as StepLR
from microgd.optim.schedules.warm_restarts import (
    CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts,
)
