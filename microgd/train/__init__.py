"""Training: the loop, what it measures, and checkpoints to go on from."""

from microgd.train.callbacks import Callback as Callback
from microgd.train.callbacks import Run as Run
from microgd.train.checkpoint import Checkpoint as Checkpoint
from microgd.train.checkpoint import CheckpointError as CheckpointError
from microgd.train.checkpoint import load_checkpoint as load_checkpoint
from microgd.train.checkpoint import save_checkpoint as save_checkpoint
from microgd.train.evaluate import evaluate as evaluate
from microgd.train.fit import fit as fit
from microgd.train.history import History as History
from microgd.train.loop import NotFiniteError as NotFiniteError
from microgd.train.metrics import accuracy as accuracy
from microgd.train.remedies import ClipGradNorm as ClipGradNorm
from microgd.train.remedies import ClipGradValue as ClipGradValue
from microgd.train.remedies import Curriculum as Curriculum
from microgd.train.remedies import EarlyStopping as EarlyStopping
from microgd.train.remedies import GradientNoise as GradientNoise
from microgd.train.remedies import difficulty as difficulty
from microgd.train.remedies import pacing as pacing
from microgd.train.scheduled import Scheduled as Scheduled
