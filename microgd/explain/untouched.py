"""Look and leave no trace: whatever an inspection does to a model, it is then as it was."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from microgd.nn.init import generator as shared_generator
from microgd.nn.module import Module
from microgd.optim import Optimizer
from microgd.tensor import Tensor


@contextmanager
def untouched(model: Module, optimizer: Optimizer | None = None) -> Iterator[None]:
    """Inside, parameters, buffers, gradients, modes, random numbers and rules may change.

    Afterwards they are as before, also after an error, and a graph that was recorded before is
    still good for a backward pass.

    >>> from microgd import nn
    >>> model = nn.Linear(2, 1, rng=0)
    >>> before = model.weight.numpy()
    >>> with untouched(model):
    ...     model.weight.data = [[0.0, 0.0]]
    >>> bool((model.weight.data == before).all())
    True
    """
    with ExitStack() as stack:
        tensors, generators = model.parameters(), [shared_generator(None)]
        for _, part in model.named_modules():
            members = vars(part)
            stack.callback(_restore_members, members, dict(members))
            generators += [v for v in members.values() if isinstance(v, np.random.Generator)]
            tensors += [v for v in members.values() if isinstance(v, Tensor)]
        for generator in generators:
            bits = generator.bit_generator
            stack.callback(setattr, bits, "state", bits.state)
        if optimizer is not None:
            tensors += [p for group in optimizer.param_groups for p in group["params"]]
            # an optimizer moves the numbers to arrays of its own: last of all, they come back
            stack.callback(optimizer.load_state_dict, optimizer.state_dict())
        for tensor in dict.fromkeys(tensors):
            stack.callback(_restore, tensor, _content(tensor))
        yield


def _content(tensor: Tensor) -> tuple[Any, ...]:
    gradient = tensor.gradient
    copied = None if gradient is None else gradient.copy()
    return tensor.value, tensor.value.copy(), tensor.time, gradient, copied, tensor.needs_grad


def _restore(tensor: Tensor, content: tuple[Any, ...]) -> None:
    tensor.value, numbers, tensor.time, tensor.gradient, gradient, tensor.needs_grad = content
    if not np.array_equal(tensor.value, numbers, equal_nan=True):
        tensor.value[...] = numbers
    if tensor.gradient is not None:
        tensor.gradient[...] = gradient


def _restore_members(members: dict[str, Any], before: dict[str, Any]) -> None:
    members.clear()
    members.update(before)
