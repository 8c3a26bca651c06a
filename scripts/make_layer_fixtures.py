"""Write what PyTorch's normalisations and its embedding do to tests/fixtures/torch_layers.npz.

For developers only: `python scripts/make_layer_fixtures.py`, in an environment that has PyTorch
2.13. A case is a layer, whose name and options are the same in `torch.nn` and `microgd.nn`, and
the shape of its input: three batches in training, one in evaluation. The tests read cases and
options out of the file, and never import torch.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

TARGET = Path(__file__).parents[1] / "tests" / "fixtures" / "torch_layers.npz"
MODES = ["train", "train", "train", "eval"]

BATCH = [
    {"affine": affine, "track_running_stats": tracked, "momentum": momentum}
    for affine, tracked, momentum in product([True, False], [True, False], [0.1, 0.7, None])
    if tracked or momentum == 0.1
]
Case = tuple[str, dict[str, Any], list[int]]
CASES: list[Case] = [
    *(("BatchNorm1d", {"num_features": 4, **options}, [6, 4]) for options in BATCH),
    *(("BatchNorm1d", {"num_features": 3, **options}, [5, 3, 4]) for options in BATCH),
    ("BatchNorm1d", {"num_features": 3, "eps": 0.1}, [2, 3]),
    ("BatchNorm1d", {"num_features": 3, "eps": 0.1}, [1, 3, 2]),
    *(
        ("LayerNorm", {"normalized_shape": sizes, **options}, shape)
        for sizes, shape in [
            (4, [6, 4]), (4, [4]), ([4], [1, 4]), (4, [2, 3, 4]), ([3, 4], [2, 3, 4]),
        ]
        for options in [{}, {"eps": 0.1}, {"bias": False}, {"elementwise_affine": False}]
    ),
    *(
        ("Embedding", {"num_embeddings": 5, "embedding_dim": 3, **options}, shape)
        for options in [{}, {"padding_idx": 1}, {"padding_idx": -1}]
        for shape in [[9], [2, 6], []]
    ),
]  # fmt: skip


def run(case: Case, rng: np.random.Generator) -> dict[str, list[torch.Tensor]]:
    """What goes in and what comes out, batch by batch."""
    name, options, shape = case
    layer = getattr(torch.nn, name)(**options, dtype=torch.float64)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.tensor(rng.normal(size=tuple(parameter.shape))))
    found: dict[str, list[torch.Tensor]] = {
        f"start.{key}": [value.clone()] for key, value in layer.state_dict().items()
    }
    for mode in MODES:
        layer.train(mode == "train")
        layer.zero_grad()
        if name == "Embedding":
            x = torch.tensor(rng.integers(0, options["num_embeddings"], shape))
        else:
            x = torch.tensor(rng.normal(3, 2, shape), requires_grad=True)
        out = layer(x)
        g = torch.tensor(rng.normal(size=tuple(out.shape)))
        if out.requires_grad:
            out.backward(g)
        values = {"x": x.detach().clone(), "g": g, "out": out.detach()}
        values |= {"grad.x": x.grad} if x.grad is not None else {}
        values |= {f"grad.{key}": p.grad.clone() for key, p in layer.named_parameters()}
        values |= {f"state.{key}": b.clone() for key, b in layer.named_buffers()}
        for key, value in values.items():
            found.setdefault(key, []).append(value)
    return found


def main() -> None:
    rng = np.random.default_rng(0)
    arrays = {"cases": np.array(json.dumps([CASES, MODES]))}
    for number, case in enumerate(CASES):
        for key, values in run(case, rng).items():
            arrays[f"{number}:{key}"] = np.stack([value.numpy() for value in values])
    np.savez_compressed(TARGET, allow_pickle=False, **arrays)
    print(f"{TARGET.name}: {len(CASES)} cases, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
