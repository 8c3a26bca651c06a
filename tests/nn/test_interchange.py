"""Interchange: files that PyTorch wrote, files for PyTorch, and what is no such file."""

import json
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

import microgd as mg
from microgd import nn
from microgd.nn.interchange import (
    load_safetensors,
    mlp_to_sequential,
    save_safetensors,
    sequential_to_mlp,
)

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
FILE = FIXTURES / "torch_model.safetensors"  # written by PyTorch
ANSWERS = np.load(FIXTURES / "torch_model.npz")  # and what its model says
PARTS = ("mlp", "rnn", "lstm", "gru")


class Model(nn.Module):
    """The network of scripts/make_recurrent_fixtures.py."""

    def __init__(self, dtype=float):
        options = {"rng": 0, "dtype": dtype}
        self.mlp = nn.Sequential(nn.Linear(3, 4, **options), nn.Tanh(), nn.Linear(4, 2, **options))
        self.rnn = nn.RNN(2, 3, nonlinearity="relu", **options)
        self.lstm = nn.LSTM(2, 3, num_layers=2, **options)
        self.gru = nn.GRU(2, 3, bidirectional=True, **options)

    def forward(self, rows, x):
        return {"mlp": self.mlp(rows), **{name: getattr(self, name)(x)[0] for name in PARTS[1:]}}


def test_a_model_that_pytorch_saved_gives_pytorchs_outputs():
    model = Model()
    model.load_state_dict(load_safetensors(FILE))
    for name, out in model(ANSWERS["rows"], ANSWERS["x"]).items():
        np.testing.assert_allclose(out.numpy(), ANSWERS[name], rtol=1e-10, atol=1e-12)


def test_a_float64_file_goes_into_a_float32_model():
    model = Model(np.float32)
    model.load_state_dict(load_safetensors(FILE))
    outs = model(ANSWERS["rows"].astype(np.float32), ANSWERS["x"].astype(np.float32))
    for name, out in outs.items():
        assert out.dtype == np.float32
        np.testing.assert_allclose(out.numpy(), ANSWERS[name], rtol=1e-5, atol=1e-6)


def test_what_is_saved_has_pytorchs_names_shapes_and_bytes(tmp_path):
    model = Model()
    model.load_state_dict(load_safetensors(FILE))
    save_safetensors(tmp_path / "model.safetensors", model)
    assert entries(tmp_path / "model.safetensors") == entries(FILE)


def entries(path):
    """What a safetensors file says of each tensor, and its bytes; by the format, not the package.

    Eight bytes with the length of the header, the header in JSON, the numbers.
    """
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header, numbers = json.loads(content[8 : 8 + size]), content[8 + size :]
    header.pop("__metadata__", None)
    return {
        name: (entry["dtype"], entry["shape"], numbers[slice(*entry["data_offsets"])])
        for name, entry in header.items()
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_goes_round_through_a_file(tmp_path, dtype):
    model, other = Model(dtype), Model(dtype)
    for parameter in other.parameters():
        parameter.data = parameter.data + 1
    save_safetensors(tmp_path / "model.safetensors", model)
    other.load_state_dict(load_safetensors(tmp_path / "model.safetensors"))
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], value)
        assert other.state_dict()[name].dtype == dtype


def test_any_layout_and_dtype_goes_round(tmp_path):
    state = {
        "transposed": np.arange(6.0).reshape(2, 3).T,
        "part": np.arange(10)[::2],
        "number": np.float32(3.0),
        "bits": np.array([True, False]),
        "none": np.zeros((0, 3)),
        "tensor": mg.tensor([1.0, 2.0], requires_grad=True),
    }
    save_safetensors(tmp_path / "state.safetensors", state)
    loaded = load_safetensors(tmp_path / "state.safetensors")
    assert list(loaded) == sorted(state)
    for name, value in state.items():
        expected = value.numpy() if isinstance(value, mg.Tensor) else np.asarray(value)
        np.testing.assert_array_equal(loaded[name], expected)
        assert loaded[name].dtype == expected.dtype
        assert loaded[name].shape == expected.shape


# The names of an MLP


def test_an_mlp_takes_the_weights_of_pytorchs_sequential_and_gives_them_back():
    file = load_safetensors(FILE)
    state = {name[4:]: value for name, value in file.items() if name.startswith("mlp.")}
    net = nn.MLP([3, 4, 2], activation="tanh", rng=0)
    net.load_state_dict(sequential_to_mlp(state))
    out = net(ANSWERS["rows"]).numpy()
    np.testing.assert_allclose(out, ANSWERS["mlp"], rtol=1e-12, atol=1e-14)
    back = mlp_to_sequential(net.state_dict())
    assert sorted(back) == sorted(state)
    for name, value in back.items():
        np.testing.assert_array_equal(value, state[name])


def test_the_parts_of_a_deep_mlp_keep_their_places():
    net = nn.MLP([3, 4, 4, 2], norm="batch", dropout=0.1, rng=0)
    names = list(mlp_to_sequential(net.state_dict()))
    assert names == [name.removeprefix("layers.") for name in net.state_dict()]
    assert list(sequential_to_mlp(dict.fromkeys(names))) == list(net.state_dict())


# What is no such file

WHOLE = FILE.read_bytes()


def file_of(entry, numbers):
    header = json.dumps({"w": {**entry, "data_offsets": [0, len(numbers)]}}).encode()
    return struct.pack("<Q", len(header)) + header + numbers


MALFORMED = {
    "nothing": b"",
    "cut in the header": WHOLE[:100],
    "cut in the numbers": WHOLE[:-8],
    "something behind": WHOLE + b"more",
    "a zip": b"PK\x03\x04" + bytes(100),
    "no JSON": struct.pack("<Q", 4) + b"{abc",
    "a header of a terabyte": struct.pack("<Q", 2**40) + b"{}",
    "a shape that does not fit": file_of({"dtype": "F32", "shape": [3]}, bytes(8)),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_says_so_and_the_model_is_as_it_was(tmp_path, case):
    path = tmp_path / "model.safetensors"
    path.write_bytes(MALFORMED[case])
    model = Model()
    before = model.state_dict()
    with pytest.raises(ValueError, match="is no whole safetensors file") as raised:
        model.load_state_dict(load_safetensors(path))
    assert str(path) in str(raised.value)
    assert f"({len(MALFORMED[case]):,} bytes)" in str(raised.value)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_file_of_another_model_says_what_does_not_fit():
    model = nn.LSTM(2, 3, rng=0)
    before = model.state_dict()
    state = {k[5:]: v for k, v in load_safetensors(FILE).items() if k.startswith("lstm.")}
    with pytest.raises(KeyError, match="does not know bias_hh_l1, bias_ih_l1"):
        model.load_state_dict(state)
    with pytest.raises(ValueError, match=r"weight_ih_l0 has shape \(12, 2\), expected \(9, 2\)"):
        nn.GRU(2, 3, num_layers=2, rng=0).load_state_dict(state)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_numbers_that_numpy_does_not_have_are_refused(tmp_path):
    path = tmp_path / "half.safetensors"
    path.write_bytes(file_of({"dtype": "BF16", "shape": [2]}, bytes(4)))
    with pytest.raises(ValueError, match=r"numbers of type BF16, .* save them as float32"):
        load_safetensors(path)


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_safetensors(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("value", ["text", None, [1j], [[1.0], [1.0, 2.0]]])
def test_what_is_no_array_of_numbers_is_not_saved(tmp_path, value):
    with pytest.raises(TypeError, match="save_safetensors: 'w': tensor: "):
        save_safetensors(tmp_path / "w.safetensors", {"w": value})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("rename", "name"),
    [
        (mlp_to_sequential, "0.weight"),
        (mlp_to_sequential, "layers.weight"),
        (sequential_to_mlp, "layers.0.weight"),
        (sequential_to_mlp, "0"),
    ],
)
def test_another_name_is_no_mlps(rename, name):
    with pytest.raises(ValueError, match=f"{rename.__name__}: '{name}' is not of the form"):
        rename({name: 1.0})


@pytest.mark.parametrize("call", [load_safetensors, lambda path: save_safetensors(path, {})])
def test_without_the_package_the_error_says_what_to_install(monkeypatch, call, tmp_path):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.delitem(sys.modules, "safetensors.numpy", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'microgd\[safetensors\]'"):
        call(tmp_path / "file.safetensors")


def test_the_examples_of_the_page_run(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "interchange.md").read_text(encoding="utf-8")
    ours = [
        block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "microgd" in block
    ]
    assert len(ours) == 2
    monkeypatch.chdir(tmp_path)
    state = {k[4:]: v for k, v in load_safetensors(FILE).items() if k.startswith("mlp.")}
    save_safetensors("net.safetensors", state)
    names = {}
    for block in ours:
        exec(block, names)
    np.testing.assert_allclose(
        names["model"](ANSWERS["rows"]).numpy(), ANSWERS["mlp"], rtol=1e-12, atol=1e-14
    )
    assert entries(tmp_path / "model.safetensors") == entries(tmp_path / "net.safetensors")
