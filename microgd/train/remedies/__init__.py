"""Remedies: what helps a network to train, each a callback of `fit`."""

from microgd.train.remedies import difficulty as difficulty
from microgd.train.remedies import pacing as pacing
from microgd.train.remedies.clipping import ClipGradNorm as ClipGradNorm
from microgd.train.remedies.clipping import ClipGradValue as ClipGradValue
from microgd.train.remedies.curriculum import Curriculum as Curriculum
from microgd.train.remedies.early_stopping import EarlyStopping as EarlyStopping
from microgd.train.remedies.noise import GradientNoise as GradientNoise
