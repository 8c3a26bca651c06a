"""Interchange: parameters to PyTorch and back, by state_dict or in a safetensors file.

`state_dict` and `load_state_dict` speak PyTorch's names and layouts, so that what one saves the
other loads with no more than a new prefix:

=====================  ==================================================================
``Linear``             weight (outputs, inputs), bias (outputs,)
``RNN``                weight_ih_l0 (hidden, inputs), weight_hh_l0 (hidden, hidden),
                       bias_ih_l0, bias_hh_l0 (hidden,); ``l1`` for the next layer, whose
                       inputs are the outputs of the one before; ``l0_reverse`` for the way
                       back
``LSTM``               as RNN, with 4 * hidden rows: those of the gates i, f, g, o
``GRU``                as RNN, with 3 * hidden rows: those of the gates r, z, n
``RNNCell`` ...        weight_ih, weight_hh, bias_ih, bias_hh, laid out as above
``Embedding``          weight (rows, features)
``LayerNorm``          weight, bias
``BatchNorm1d``        weight, bias, running_mean, running_var, num_batches_tracked
``Sequential``         its parts by place: ``0.weight``, ``2.weight``
``MLP``                the same after ``layers.``: ``layers.0.weight``; `mlp_to_sequential` and
                       `sequential_to_mlp` take the prefix away and put it on
=====================  ==================================================================

A module in an attribute adds the attribute's name, as ``encoder.weight_ih_l0``.
"""

import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from microgd.graph import Array
from microgd.nn.module import Module
from microgd.tensor import Tensor

State = Mapping[str, Any]


def save_safetensors(path: str | PathLike[str], source: Module | State) -> None:
    """Write the state of a module, or arrays by name, to a file that PyTorch's tools read.

    There, `safetensors.torch.load_file` gives what `load_state_dict` takes. The format holds
    names, shapes, dtypes and numbers, and nothing that could run
    (https://github.com/huggingface/safetensors).

    Raises ModuleNotFoundError without the package safetensors, TypeError for what is no array of
    numbers, OSError where the file cannot be written.

    >>> import tempfile
    >>> from microgd import nn
    >>> model = nn.LSTM(2, 3, rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_safetensors(f"{folder}/lstm.safetensors", model)
    ...     loaded = load_safetensors(f"{folder}/lstm.safetensors")
    >>> nn.LSTM(2, 3, rng=1).load_state_dict(loaded)
    """
    package = _package("save_safetensors")
    state = source.state_dict() if isinstance(source, Module) else source
    arrays = {name: _numbers(name, value) for name, value in state.items()}
    Path(path).write_bytes(package.numpy.save(arrays))


def load_safetensors(path: str | PathLike[str]) -> dict[str, Array]:
    """The arrays by name that a safetensors file holds, for `Module.load_state_dict`.

    Raises ModuleNotFoundError without the package safetensors, OSError where there is no such
    file, ValueError where it is not whole or holds numbers that NumPy has no type for.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_safetensors(f"{folder}/state.safetensors", {"weight": [1.0, 2.0]})
    ...     load_safetensors(f"{folder}/state.safetensors")
    {'weight': array([1., 2.])}
    """
    package = _package("load_safetensors")
    content = Path(path).read_bytes()
    try:
        return dict(sorted(package.numpy.load(content).items()))
    except KeyError as error:
        raise ValueError(
            f"load_safetensors: {path} holds numbers of type {error.args[0]}, which NumPy does not"
            " have; save them as float32, in PyTorch by tensor.float()"
        ) from error
    except package.SafetensorError as error:
        raise ValueError(
            f"load_safetensors: {path} ({len(content):,} bytes) is no whole safetensors file:"
            f" {error}; fetch it again, or save it anew by save_safetensors or by PyTorch's"
            " safetensors.torch.save_file"
        ) from error


def mlp_to_sequential(state: State) -> dict[str, Any]:
    """The state of an `MLP` in the names of PyTorch's ``nn.Sequential(Linear, act, Linear, ...)``.

    Raises ValueError for a name that is none of an MLP's.

    >>> from microgd import nn
    >>> list(mlp_to_sequential(nn.MLP([2, 3, 1], rng=0).state_dict()))
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """
    return _renamed("mlp_to_sequential", state, r"layers\.(\d+\..+)", r"\1", "layers.0.weight")


def sequential_to_mlp(state: State) -> dict[str, Any]:
    """The state of PyTorch's ``nn.Sequential(Linear, act, Linear, ...)`` in the names of an `MLP`.

    Raises ValueError for a name that does not begin with a place.

    >>> list(sequential_to_mlp({"0.weight": [[1.0]], "0.bias": [0.0]}))
    ['layers.0.weight', 'layers.0.bias']
    """
    return _renamed("sequential_to_mlp", state, r"(\d+\..+)", r"layers.\1", "0.weight")


def _renamed(op: str, state: State, old: str, new: str, example: str) -> dict[str, Any]:
    """The same values under new names. Raises ValueError for a name of another form."""
    for name in state:
        if not re.fullmatch(old, name):
            raise ValueError(
                f"{op}: {name!r:.60} is not of the form {example}; give that part of"
                " the state alone"
            )
    return {re.sub(old, new, name): value for name, value in state.items()}


def _numbers(name: str, value: Any) -> Array:
    """A copy of an array of numbers. Raises TypeError for anything else."""
    try:
        return Tensor(value).data
    except TypeError as error:
        raise TypeError(f"save_safetensors: {name!r:.60}: {error}") from error


def _package(op: str) -> Any:
    """The package, which only these two functions need."""
    try:
        import safetensors.numpy
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{op}: the package safetensors is not installed; pip install 'microgd[safetensors]'"
        ) from error
    return safetensors
