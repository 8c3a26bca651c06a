"""Write what PyTorch says of activations, losses and a small network to tests/fixtures/.

For developers only: `python scripts/make_torch_fixtures.py [section ...]`, in an environment that
has PyTorch 2.13. Each section is a function that returns arrays by name, and becomes the file
`torch_<section>.npz`; tests read the files alone, and never import torch.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

TARGET = Path(__file__).parents[1] / "tests" / "fixtures"
Arrays = dict[str, NDArray[np.float64]]

torch.set_default_dtype(torch.float64)


def activations() -> Arrays:
    """Value and gradient of each activation on a grid with kinks and extremes."""
    grid = np.concatenate([np.linspace(-8, 8, 33), [-0.0, 1e-9, -1e-9, 30, -30, 1000, -1000, 0.37]])
    x, g = grid.reshape(-1, 1), np.random.default_rng(0).normal(size=(grid.size, 1))
    elementwise: dict[str, Callable[[Tensor], Tensor]] = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "leaky_relu_0.2": lambda x: functional.leaky_relu(x, 0.2),
        "elu": functional.elu,
        "elu_1.5": lambda x: functional.elu(x, 1.5),
        "gelu": functional.gelu,
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "silu": functional.silu,
        # PyTorch calls it linear from 20 on, where it is off by 2e-9
        "softplus": lambda x: functional.softplus(x, threshold=40),
        "identity": lambda x: x.clone(),
    }
    rows = np.random.default_rng(1).normal(size=(5, 3)) * 3
    rows[3], rows[4] = [1000, 0, -1000], [1000, 1000, 1000]
    row_g = np.random.default_rng(2).normal(size=rows.shape)
    normalised: dict[str, Callable[[Tensor], Tensor]] = {
        "softmax": lambda x: torch.softmax(x, -1),
        "softmax_0": lambda x: torch.softmax(x, 0),
        "log_softmax": lambda x: torch.log_softmax(x, -1),
        "log_softmax_0": lambda x: torch.log_softmax(x, 0),
    }
    arrays: Arrays = {}
    for table, inputs, upstream in ((elementwise, x, g), (normalised, rows, row_g)):
        for name, function in table.items():
            leaf = torch.tensor(inputs, requires_grad=True)
            out = function(leaf)
            out.backward(torch.tensor(upstream))
            arrays |= _named(name, x=inputs, g=upstream, out=out, grad=leaf.grad)
    return arrays


def losses() -> Arrays:
    """Value and gradient of each loss, for each reduction and kind of target."""
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(7, 4)) * 2
    scores[5], scores[6] = [1000, -1000, 0, 1], [1000, -1000, 0, 1]
    labels = np.array([0, 1, 2, 3, 1, 0, 1])
    probabilities = rng.dirichlet(np.ones(4), size=7)
    flat = np.concatenate([rng.normal(size=8) * 2, [0.0, 1.0, -1.0, 1000, -1000, 1000, -1000]])
    bits = np.array([0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1.0])
    numbers = rng.normal(size=flat.size)
    numbers[8:11] = [0.5, 0.0, 0.0]  # errors of exactly -0.5, 1 and -1: the edges of huber_loss
    table: dict[str, tuple[NDArray[np.float64], NDArray[np.float64], Callable[..., Tensor]]] = {
        "mse_loss": (flat, numbers, functional.mse_loss),
        "mse_loss/matrix": (flat.reshape(5, 3), numbers.reshape(5, 3), functional.mse_loss),
        "huber_loss": (flat, numbers, functional.huber_loss),
        "huber_loss/delta": (
            flat, numbers, lambda x, t, reduction: functional.huber_loss(x, t, reduction, 0.5),
        ),
        "cross_entropy/labels": (scores, labels, functional.cross_entropy),
        "cross_entropy/probabilities": (scores, probabilities, functional.cross_entropy),
        "nll_loss": (scores, labels, functional.nll_loss),
        "binary_cross_entropy_with_logits/labels": (
            flat, bits, functional.binary_cross_entropy_with_logits,
        ),
        "binary_cross_entropy_with_logits/probabilities": (
            flat, rng.uniform(size=flat.size), functional.binary_cross_entropy_with_logits,
        ),
        "hinge_loss": (flat, 2 * bits - 1, _hinge),
        "cross_entropy/labels smoothed": (
            scores, labels, partial(functional.cross_entropy, label_smoothing=0.1),
        ),
        "cross_entropy/probabilities smoothed": (
            scores, probabilities, partial(functional.cross_entropy, label_smoothing=0.3),
        ),
    }  # fmt: skip
    arrays: Arrays = {}
    for name, (x, target, loss) in table.items():
        for reduction in ("mean", "sum", "none"):
            leaf = torch.tensor(x, requires_grad=True)
            value = loss(leaf, torch.tensor(target), reduction=reduction)
            g = rng.normal(size=tuple(value.shape))
            value.backward(torch.tensor(g))
            arrays |= _named(
                f"{name}/{reduction}", x=x, target=target, g=g, out=value, grad=leaf.grad
            )
    return arrays


def _hinge(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    """PyTorch has no loss of this name; `relu` and the reductions are its own."""
    losses = torch.relu(1 - target * x)
    return {"mean": losses.mean(), "sum": losses.sum(), "none": losses}[reduction]


class _MLP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2)]
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def mlp() -> Arrays:
    """A network's state_dict, its outputs, its loss and all gradients."""
    torch.manual_seed(0)
    net, rng = _MLP(), np.random.default_rng(4)
    x, target = torch.tensor(rng.normal(size=(6, 3)), requires_grad=True), [0, 1, 1, 0, 1, 0]
    out = net(x)
    loss = functional.cross_entropy(out, torch.tensor(target))
    loss.backward()
    arrays = _named("batch", x=x, target=target, out=out, loss=loss, grad=x.grad)
    arrays |= _named("state", **net.state_dict())
    return arrays | _named("gradient", **{k: p.grad for k, p in net.named_parameters()})


def clipping() -> Arrays:
    """Gradients before and after clipping, end to end, and the norm that was found."""
    usual = np.random.default_rng(5).normal(size=11)
    befores = {f"{scale:g}": scale * usual for scale in (1e-3, 1.0, 100.0)}
    befores |= {str(odd): np.array([*usual[:7], odd, *usual[8:]]) for odd in (np.inf, np.nan)}
    arrays: Arrays = {}
    for kind, before in befores.items():
        arrays |= _named(f"before/{kind}", gradient=before)
        for limit in (0.0, 0.5, 3.0, np.inf):
            for order in (1.0, 1.5, 2.0, 3.0, np.inf):
                leaves = _with(before)
                norm = nn.utils.clip_grad_norm_(leaves, limit, order)
                arrays |= _named(f"norm/{kind}/{limit:g}/{order:g}", norm=norm, after=_flat(leaves))
            leaves = _with(before)
            nn.utils.clip_grad_value_(leaves, limit)
            arrays |= _named(f"value/{kind}/{limit:g}", after=_flat(leaves))
    return arrays


def _with(gradient: NDArray[np.float64]) -> list[Tensor]:
    """Parameters of several shapes that share these 11 numbers."""
    leaves = [torch.zeros(shape, requires_grad=True) for shape in ((3, 2), (4,), ())]
    for leaf, part in zip(leaves, np.split(gradient, [6, 10]), strict=True):
        leaf.grad = torch.tensor(part).reshape(leaf.shape)
    return leaves


def _flat(leaves: list[Tensor]) -> Tensor:
    return torch.cat([leaf.grad.ravel() for leaf in leaves if leaf.grad is not None])


def _named(prefix: str, **arrays: object) -> Arrays:
    def plain() -> Iterator[tuple[str, NDArray[np.float64]]]:
        for name, array in arrays.items():
            numbers = array.detach().numpy() if isinstance(array, Tensor) else np.asarray(array)
            yield f"{prefix}:{name}", numbers

    return dict(plain())


SECTIONS: dict[str, Callable[[], Arrays]] = {
    "activations": activations,
    "losses": losses,
    "mlp": mlp,
    "clipping": clipping,
}


def main(wanted: list[str]) -> None:
    TARGET.mkdir(exist_ok=True)
    for section in wanted or SECTIONS:
        path = TARGET / f"torch_{section}.npz"
        arrays = SECTIONS[section]()
        np.savez_compressed(path, allow_pickle=False, **arrays)
        print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
