"""Back through time: the gradient of a recurrent net is at most (gamma lambda)^(t - k)."""

from collections.abc import Iterator

import numpy as np

from microgd import jacobian
from microgd.experiments.claim import Claim, Plot, Relative, Row, Source
from microgd.graph import Array
from microgd.nn import RNN
from microgd.nn.init import orthogonal

UNITS, STEPS = 6, 25
GAMMA = 1.0  # the largest slope of tanh


def run(seed: int) -> Iterator[Row | Plot]:
    """The state's derivative in the first state, after each step: at rest, and with inputs."""
    rng = np.random.default_rng(seed)
    silence, music = np.zeros((STEPS, UNITS)), rng.standard_normal((STEPS, UNITS))
    steps = np.arange(1, STEPS + 1)
    curves = {}
    for size in (0.9, 1.1):
        bound = (GAMMA * size) ** steps
        rest = _norms(orthogonal((UNITS, UNITS), rng=rng, gain=size), silence)
        weights = rng.standard_normal((UNITS, UNITS))
        weights *= size / np.linalg.norm(weights, 2)
        driven = _norms(weights, music)
        last = f"lambda = {size:g}: norm after {STEPS} steps at rest"
        yield Row(last, size**STEPS, rest[-1], Relative(1e-9), "at rest tanh has its slope of 1")
        yield Row(f"lambda = {size:g}: largest norm / bound, driven", (0, 1), max(driven / bound))
        for name, norms in (("bound", bound), ("driven", driven)):
            curves[f"{name}, lambda = {size:g}"] = (steps.tolist(), norms.tolist())
    yield Plot("How much of a change in the state is left", "steps later", "norm", curves, log="y")


def _norms(weights: Array, inputs: Array) -> Array:
    """The 2-norm of d h_t / d h_0 for t = 1 to the end."""
    net = RNN(UNITS, UNITS, bias=False, rng=0)
    net.load_state_dict({"weight_ih_l0": np.eye(UNITS), "weight_hh_l0": weights})
    found = jacobian(lambda h: net(inputs, h)[0])(np.zeros((1, UNITS)))
    return np.linalg.norm(found.data[:, :, 0, :], 2, axis=(1, 2))


CLAIM = Claim(
    name="recurrent-bound",
    title="Back through time: the gradient is at most (gamma lambda)^(t - k)",
    source=Source("Pascanu, Mikolov and Bengio", 2013, "https://arxiv.org/abs/1211.5063"),
    teaches=(
        "Every step back multiplies by the same weights: below a largest singular value of 1 /"
        " gamma the past is forgotten, and only above it can a gradient explode."
    ),
    kind="within",
    run=run,
)
