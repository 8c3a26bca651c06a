"""Activations: PyTorch's values and gradients, on kinks and extremes too."""

from pathlib import Path

import numpy as np
import pytest

import microgd as mg
from microgd import nn

TORCH = np.load(Path(__file__).parents[1] / "fixtures" / "torch_activations.npz")

MODULES = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "leaky_relu_0.2": nn.LeakyReLU(0.2),
    "elu": nn.ELU(),
    "elu_1.5": nn.ELU(1.5),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU("tanh"),
    "silu": nn.SiLU(),
    "softplus": nn.Softplus(),
    "softmax": nn.Softmax(),
    "softmax_0": nn.Softmax(axis=0),
    "log_softmax": nn.LogSoftmax(),
    "log_softmax_0": nn.LogSoftmax(axis=0),
    "identity": nn.Identity(),
}
every = pytest.mark.parametrize("name", MODULES)


def run(name, dtype):
    """What the module makes of PyTorch's inputs: value and gradient."""
    x = mg.tensor(TORCH[f"{name}:x"], requires_grad=True, dtype=dtype)
    out = MODULES[name](x)
    (out * TORCH[f"{name}:g"].astype(dtype)).sum().backward()
    return out, x.grad


def test_every_activation_has_a_fixture_and_every_fixture_an_activation():
    assert {key.split(":")[0] for key in TORCH} == set(MODULES)
    assert {type(module) for module in MODULES.values()} == set(nn.ACTIVATIONS.values())


def test_the_grid_holds_kinks_and_extremes():
    assert {0.0, 1000.0, -1000.0} <= set(TORCH["relu:x"].ravel())


@every
def test_value_and_gradient_are_those_of_pytorch(name):
    out, grad = run(name, np.float64)
    np.testing.assert_allclose(out.numpy(), TORCH[f"{name}:out"], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(grad, TORCH[f"{name}:grad"], rtol=1e-13, atol=1e-15)


@every
def test_float32_stays_float32(name):
    out, grad = run(name, np.float32)
    assert out.dtype == grad.dtype == np.float32
    np.testing.assert_allclose(out.numpy(), TORCH[f"{name}:out"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(grad, TORCH[f"{name}:grad"], rtol=1e-5, atol=1e-6)


@every
def test_arrays_go_in_and_arrays_come_out(name):
    out = MODULES[name](TORCH[f"{name}:x"])
    assert type(out) is np.ndarray
    np.testing.assert_allclose(out, TORCH[f"{name}:out"], rtol=1e-13, atol=1e-15)


# Made by name, from a class, from a module


@pytest.mark.parametrize(("name", "kind"), nn.ACTIVATIONS.items())
def test_a_name_makes_a_new_module_every_time(name, kind):
    first, second = nn.make_activation(name), nn.make_activation(name)
    assert type(first) is type(second) is kind
    assert first is not second


def test_a_class_or_a_function_makes_it():
    assert type(nn.make_activation(nn.GELU)) is nn.GELU
    assert nn.make_activation(lambda: nn.ELU(2.0)).alpha == 2.0


def test_a_module_is_copied_with_its_options():
    given = nn.LeakyReLU(0.3)
    made = nn.make_activation(given)
    assert made is not given
    assert made.negative_slope == 0.3


def test_a_module_with_parameters_is_copied_with_them():
    class Scale(nn.Module):
        def __init__(self):
            self.factor = nn.Parameter(2.0)

        def forward(self, x):
            return self.factor * x

    given = Scale()
    made = nn.make_activation(given)
    made(mg.tensor(3.0)).backward()
    assert made.factor.grad == 3.0
    assert given.factor.grad is None


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.ReLU(), "ReLU()"),
        (nn.LeakyReLU(0.2), "LeakyReLU(0.2)"),
        (nn.ELU(1.5), "ELU(1.5)"),
        (nn.GELU(), "GELU()"),
        (nn.GELU("tanh"), "GELU(tanh)"),
        (nn.Softmax(axis=0), "Softmax(axis=0)"),
        (nn.LogSoftmax(), "LogSoftmax(axis=-1)"),
    ],
)
def test_repr_says_the_options(module, text):
    assert repr(module) == text
