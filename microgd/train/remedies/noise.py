"""Gradient noise: every gradient is shaken, less and less as training goes on."""

from collections.abc import Mapping
from typing import Any

from microgd.arguments import real
from microgd.data._check import Rng, generator
from microgd.nn.utils import add_grad_noise_
from microgd.train.callbacks import Callback, Run


class GradientNoise(Callback):
    """Add normal noise to every element of every gradient before the step.

        g = g + normal(0, variance),   variance = eta / (1 + t)**gamma,   t = 0, 1, 2, ... steps

    Neelakantan et al. (2015, Adding gradient noise improves learning for very deep networks,
    https://arxiv.org/abs/1511.06807), who take eta from 0.01, 0.3 and 1.0, and gamma = 0.55. The
    generator (`rng`, or one with that seed) is part of a checkpoint. Raises ValueError for an
    `eta` or a `gamma` below 0.

    >>> from microgd import data, nn, optim
    >>> from microgd.train import fit
    >>> def weights(*remedies):
    ...     model = nn.MLP([2, 2], rng=0)
    ...     fit(model, data.xor(), optim.SGD(model.parameters(), lr=0.1), epochs=1,
    ...         callbacks=remedies, progress=False)
    ...     return model.layers[0].weight.data
    >>> bool((weights(GradientNoise(0.3, rng=1)) == weights()).any())
    False
    """

    def __init__(self, eta: float, gamma: float = 0.55, rng: Rng = 0) -> None:
        way_out = "give a number of at least 0"
        self.eta = real("GradientNoise", "eta", eta, way_out, 0)
        self.gamma = real("GradientNoise", "gamma", gamma, way_out, 0)
        self.rng = generator("GradientNoise", rng)

    def on_train_begin(self, run: Run) -> None:
        """Look the parameters up once."""
        self._parameters = run.model.parameters()

    def on_backward_end(self, run: Run) -> None:
        """Shake."""
        add_grad_noise_(self._parameters, run.step - 1, self.eta, self.gamma, rng=self.rng)

    def state_dict(self) -> dict[str, Any]:
        """The generator's state."""
        return dict(self.rng.bit_generator.state)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Draw on from there. Raises ValueError for the state of another kind of generator."""
        self.rng.bit_generator.state = state
