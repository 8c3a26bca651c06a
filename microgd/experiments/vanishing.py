"""The vanishing gradient: two deep networks on the digits, alike but for their activation.

A sigmoid's derivative is at most 1/4, so layer by layer most of the gradient is lost on its way
back, and the first layers cannot learn (Hochreiter 1991; Bengio, Simard and Frasconi 1994,
https://doi.org/10.1109/72.279181). ReLU with He's initialisation keeps it (He et al. 2015,
https://arxiv.org/abs/1502.01852).
"""

from dataclasses import dataclass

from microgd import data, nn, optim
from microgd.explain.arrivals import Arrival, arrivals
from microgd.explain.flow import Flow, flow
from microgd.tensor import Tensor
from microgd.train import History, evaluate, fit

ACTIVATIONS = ("sigmoid", "relu")
WIDTH = 64
BATCH = 32
RATE = 0.01
MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class Measurement:
    """A network at one moment.

    loss      mean cross-entropy over the training digits, in nats
    accuracy  share of the test digits that it names rightly, 0 to 1
    layers    the gradient of `loss` at every layer, first layer first
    """

    loss: float
    accuracy: float
    layers: list[Arrival]


class Vanishing:
    """Two networks of `depth` dense layers with the same weights, one sigmoid and one ReLU.

    64 pixels, hidden layers of 64, 10 digits; weights by He et al. (2015), zero biases; trained by
    gradient descent with momentum on mini-batches that come in the same order for both. The same
    seed gives the same numbers. Raises ValueError for a depth below 2.

    >>> contest = Vanishing(depth=4, seed=0)
    >>> before = {name: contest.measure(name).layers[0].share for name in contest.networks}
    >>> before["sigmoid"] < 0.1 < before["relu"]
    True
    """

    def __init__(self, depth: int = 10, seed: int = 0) -> None:
        if depth < 2:
            raise ValueError(f"Vanishing: depth={depth}; give at least 2 layers")
        self.seed = seed
        self.train_set, self.test_set = data.train_test_split(
            data.digits(), rng=seed, stratify=True
        )
        sizes = [self.train_set.x.shape[1], *[WIDTH] * (depth - 1), self.train_set.n_classes]
        self.networks = {
            activation: nn.MLP(sizes, activation, init="kaiming_normal", rng=seed)
            for activation in ACTIVATIONS
        }

    def measure(self, name: str) -> Measurement:
        """Loss, accuracy and the gradient at every layer; changes nothing."""
        found = flow(self.networks[name], self.loss(name), split=False)
        accuracy = evaluate(self.networks[name], self.test_set)["accuracy"]
        return Measurement(found.loss, accuracy, arrivals(found))

    def loss(self, name: str) -> Tensor:
        """The mean cross-entropy of a network over the training digits, with its graph."""
        digits = Tensor(self.train_set.x, name="digits")
        loss: Tensor = nn.cross_entropy(self.networks[name](digits), self.train_set.y)
        loss.name = "loss"
        return loss

    def flow(self, name: str) -> Flow:
        """The flow of the gradient in every module of a network, the data included."""
        return flow(self.networks[name], self.train_set)

    def train(self, name: str, epochs: int, progress: bool = False) -> History:
        """Train one network; its history has a row an epoch."""
        model = self.networks[name]
        return fit(
            model,
            self.train_set,
            optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM),
            epochs=epochs,
            batch_size=BATCH,
            rng=self.seed,
            progress=progress,
        )
