"""Write what PyTorch's recurrent networks do, and a file of PyTorch's, to tests/fixtures/.

For developers only: `python scripts/make_recurrent_fixtures.py`, in an environment that has
PyTorch 2.13 and safetensors. `torch_recurrent.npz` holds, for each case of CASES, the names of the
parameters, their numbers one after another, and what goes in, comes out and comes back.
`torch_model.safetensors` holds a small model of four kinds as PyTorch's users save it, and
`torch_model.npz` what it answers.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

TARGET = Path(__file__).parents[1] / "tests" / "fixtures"
TIME, BATCH, INPUT, HIDDEN = 5, 3, 2, 3
Arrays = dict[str, NDArray[Any]]

KINDS: dict[str, dict[str, Any]] = {
    "RNN": {},
    "RNN relu": {"nonlinearity": "relu"},
    "LSTM": {},
    "GRU": {},
}
SHAPES: dict[str, tuple[dict[str, Any], bool]] = {  # options, and whether x is a batch
    "one layer, one sequence": ({}, False),
    "one layer, a batch": ({}, True),
    "two layers, one sequence": ({"num_layers": 2}, False),
    "two layers, a batch": ({"num_layers": 2}, True),
    "two layers, both ways, batch first": (
        {"num_layers": 2, "bidirectional": True, "batch_first": True},
        True,
    ),
    "both ways, one sequence": ({"bidirectional": True, "batch_first": True}, False),
    "no bias": ({"bias": False}, True),
}

torch.set_default_dtype(torch.float64)


def case(kind: str, options: dict[str, Any], batched: bool, rng: np.random.Generator) -> Arrays:
    """All numbers of one network on one batch; states as an array (1 or 2 parts, layers, ...)."""
    net = getattr(nn, kind.partition(" ")[0])(INPUT, HIDDEN, **options)
    for parameter in net.parameters():
        parameter.data = torch.tensor(rng.normal(size=tuple(parameter.shape)))
    batch = [BATCH] if batched else []
    first = batched and options.get("batch_first")
    rows = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    x = leaf(rng, [BATCH, TIME, INPUT] if first else [TIME, *batch, INPUT])
    parts = 2 if kind == "LSTM" else 1
    start = leaf(rng, [parts, rows, *batch, HIDDEN])
    out, last = net(x, (start[0], start[1]) if parts == 2 else start[0])
    end = torch.stack(last) if parts == 2 else last[None]
    g_out, g_end = leaf(rng, out.shape), leaf(rng, end.shape)
    ((out * g_out).sum() + (end * g_end).sum()).backward()
    from_zeros, _ = net(x)
    named = dict(net.named_parameters())
    return {
        "names": np.array(json.dumps({name: list(p.shape) for name, p in named.items()})),
        "parameters": flat(list(named.values())),
        "gradients": flat([p.grad for p in named.values()]),
        "x": numbers(x), "x_grad": numbers(x.grad),
        "start": numbers(start), "start_grad": numbers(start.grad),
        "out": numbers(out), "g_out": numbers(g_out),
        "end": numbers(end), "g_end": numbers(g_end),
        "from_zeros": numbers(from_zeros),
    }  # fmt: skip


def leaf(rng: np.random.Generator, shape: Any) -> Tensor:
    return torch.tensor(rng.normal(size=tuple(shape)), requires_grad=True)


def numbers(x: Any) -> NDArray[np.float64]:
    return x.detach().numpy()


def flat(tensors: list[Any]) -> NDArray[np.float64]:
    return np.concatenate([numbers(x).ravel() for x in tensors])


class Model(nn.Module):
    """One of each kind that can be moved."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        self.rnn = nn.RNN(2, 3, nonlinearity="relu")
        self.lstm = nn.LSTM(2, 3, num_layers=2)
        self.gru = nn.GRU(2, 3, bidirectional=True)


def model() -> Arrays:
    """Save a model, and say what it answers."""
    torch.manual_seed(0)
    net, rng = Model(), np.random.default_rng(7)
    save_file(net.state_dict(), TARGET / "torch_model.safetensors", metadata={"format": "pt"})
    rows, x = rng.normal(size=(4, 3)), rng.normal(size=(5, 2, 2))
    answers = {
        name: numbers(getattr(net, name)(torch.tensor(x))[0]) for name in ("rnn", "lstm", "gru")
    }
    return {"rows": rows, "x": x, "mlp": numbers(net.mlp(torch.tensor(rows))), **answers}


def main() -> None:
    rng = np.random.default_rng(0)
    arrays: Arrays = {}
    for (kind, own), (shape, (options, batched)) in product(KINDS.items(), SHAPES.items()):
        found = case(kind, {**own, **options}, batched, rng)
        found["options"] = np.array(json.dumps({**own, **options}))
        arrays |= {f"{kind}: {shape}/{name}": array for name, array in found.items()}
    for name, found in (("torch_recurrent", arrays), ("torch_model", model())):
        path = TARGET / f"{name}.npz"
        np.savez_compressed(path, allow_pickle=False, **found)
        print(f"{path.name}: {len(found)} arrays, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
