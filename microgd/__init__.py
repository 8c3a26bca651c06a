"""microgd: a reverse-mode autograd engine in which every number can be looked at."""

from typing import TYPE_CHECKING

from microgd.lazy import offer
from microgd.op import Local as Local
from microgd.op import Op as Op
from microgd.op import Pullback as Pullback
from microgd.ops.elementwise import *  # noqa: F403
from microgd.ops.elementwise import absolute as abs
from microgd.ops.linalg import *  # noqa: F403
from microgd.ops.reduction import *  # noqa: F403
from microgd.ops.shape import *  # noqa: F403
from microgd.ops.softmax import *  # noqa: F403
from microgd.tensor import Tensor as Tensor
from microgd.tensor import no_grad as no_grad
from microgd.tensor import tensor as tensor
from microgd.transforms import directional_derivative as directional_derivative
from microgd.transforms import grad as grad
from microgd.transforms import hessian as hessian
from microgd.transforms import hvp as hvp
from microgd.transforms import jacobian as jacobian
from microgd.transforms import value_and_grad as value_and_grad

if TYPE_CHECKING:
    from microgd import data as data
    from microgd import descent as descent
    from microgd import draw as draw
    from microgd import explain as explain
    from microgd import nn as nn
    from microgd import optim as optim
    from microgd import parallel as parallel
    from microgd import train as train
    from microgd.explain.anomaly import detect_anomaly as detect_anomaly
    from microgd.explain.gradcheck import GradcheckError as GradcheckError
    from microgd.explain.gradcheck import gradcheck as gradcheck
    from microgd.nn.functional import elu as elu
    from microgd.nn.functional import erf as erf
    from microgd.nn.functional import gelu as gelu
    from microgd.nn.functional import leaky_relu as leaky_relu
    from microgd.nn.functional import silu as silu
    from microgd.nn.functional import softplus as softplus

# Loaded when first asked for: `import microgd` costs little more than `import numpy`
_HOME = {
    **dict.fromkeys(("data", "descent", "draw", "explain", "nn", "optim", "parallel", "train"), ""),
    "detect_anomaly": "explain.anomaly",
    **dict.fromkeys(("gradcheck", "GradcheckError"), "explain.gradcheck"),
    **dict.fromkeys(("elu", "erf", "gelu", "leaky_relu", "silu", "softplus"), "nn.functional"),
}

offer(__name__, _HOME)
