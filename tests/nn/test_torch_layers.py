"""Normalisations and the embedding: PyTorch's numbers for copied weights, batch after batch."""

import json
from pathlib import Path

import numpy as np
import pytest

import microgd as mg
from microgd import nn

TORCH = np.load(Path(__file__).parents[1] / "fixtures" / "torch_layers.npz")
CASES, MODES = json.loads(TORCH["cases"].item())
SMALL = {"rtol": 1e-4, "atol": 1e-5}
EXACT = {"rtol": 1e-11, "atol": 1e-13}

every_case = pytest.mark.parametrize(
    "number",
    range(len(CASES)),
    ids=[f"{name} {options} {shape}" for name, options, shape in CASES],
)


def saved(number, prefix):
    """What PyTorch has under this prefix, by the rest of the name: a batch a row."""
    start = f"{number}:{prefix}"
    return {key.removeprefix(start): TORCH[key] for key in TORCH if key.startswith(start)}


def layer_of(number, dtype=float):
    name, options, _ = CASES[number]
    layer = getattr(nn, name)(**options, dtype=dtype)
    state = {key: values[0] for key, values in saved(number, "start.").items()}
    assert list(layer.state_dict()) == list(state)
    layer.load_state_dict(state)
    return layer


def check(number, dtype, tolerance):
    layer = layer_of(number, dtype)
    for step, mode in enumerate(MODES):
        layer.train(mode == "train")
        layer.zero_grad()
        x = TORCH[f"{number}:x"][step]
        x = mg.tensor(x, dtype=dtype, requires_grad=True) if x.dtype.kind == "f" else x
        out = layer(x)
        assert out.dtype == dtype
        np.testing.assert_allclose(out.numpy(), TORCH[f"{number}:out"][step], **tolerance)
        out.backward(TORCH[f"{number}:g"][step])
        gradients = {f"{key}": p.grad for key, p in layer.named_parameters()}
        gradients |= {"x": x.grad} if isinstance(x, mg.Tensor) else {}
        assert set(gradients) == set(saved(number, "grad."))
        for key, values in saved(number, "grad.").items():
            assert gradients[key].dtype == dtype
            np.testing.assert_allclose(gradients[key], values[step], **tolerance)
        state = layer.state_dict()
        for key, values in saved(number, "state.").items():
            np.testing.assert_allclose(state[key], values[step], **tolerance)


@every_case
def test_outputs_gradients_and_running_statistics_are_those_of_pytorch(number):
    check(number, np.float64, EXACT)


@every_case
def test_float32_stays_float32(number):
    check(number, np.float32, SMALL)
