"""Module: what has parameters, and calls that name the operations which they record."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from microgd.graph import Array, state
from microgd.tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes: a leaf that requires a gradient.

    >>> Parameter([0.0, 0.0], name="bias")
    tensor([0., 0.], name='bias', requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, *, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(data, requires_grad=True, name=name, dtype=dtype)


class Module:
    """A part of a network: parameters, parts of its own, and `forward`.

    Attributes say what belongs to it: a `Parameter` is trained, any other `Tensor` is a buffer
    (saved, not trained), a `Module` or a list of Modules is a part. Called, it runs `forward`,
    and what is recorded meanwhile bears its path, as ``layers.2``.

    >>> from microgd.nn import Linear
    >>> class Twice(Module):
    ...     def __init__(self):
    ...         self.dense = Linear(2, 2, rng=0)
    ...     def forward(self, x):
    ...         return self.dense(self.dense(x))
    >>> [name for name, _ in Twice().named_parameters()]
    ['dense.weight', 'dense.bias']
    """

    label = ""  # how the parent calls it; a module without a parent has no name
    training = True

    def forward(self, *inputs: Any) -> Any:
        """The output for the inputs."""
        raise NotImplementedError(f"{type(self).__name__}: write a forward method")

    def __call__(self, *inputs: Any) -> Any:
        outer = state.scope
        state.scope = f"{outer}.{self.label}" if outer else self.label
        try:
            return self.forward(*inputs)
        finally:
            state.scope = outer

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Tensor) and value.name is None:
            value.name = name
        for path, part in _parts(name, value):
            part.label = path
        super().__setattr__(name, value)

    # What belongs to it

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """The parts with their names, in order of definition."""
        for name, value in vars(self).items():
            yield from _parts(name, value)

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, "Module"]]:
        """This module and all parts, parts of parts included, each with its path."""
        yield prefix, self
        for name, part in self.named_children():
            yield from part.named_modules(f"{prefix}.{name}" if prefix else name)

    def _named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Parameters and buffers with their paths, each once however many paths lead to it."""
        seen: set[int] = set()
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Tensor) and id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{path}.{name}" if path else name), value

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their paths, as ``layers.2.weight``."""
        for path, value in self._named_tensors():
            if isinstance(value, Parameter):
                yield path, value

    def parameters(self) -> list[Parameter]:
        """The parameters, in order of definition."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def train(self, mode: bool = True) -> Self:
        """Set this module and its parts to training (or to evaluation); returns itself."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set this module and its parts to evaluation; returns itself."""
        return self.train(False)

    # Saving and loading

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers by path, in PyTorch's names and layouts."""
        return {path: value.numpy() for path, value in self._named_tensors()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take parameters and buffers from `state_dict`.

        Raises KeyError for missing or extra names and ValueError for a shape that does not fit or
        a number that is not finite; the module is then as it was.
        """
        own = dict(self._named_tensors())
        missing = [name for name in own if name not in state_dict]
        extra = [name for name in state_dict if name not in own]
        if missing or extra:
            raise KeyError(
                f"load_state_dict: missing {missing or 'none'}, not expected {extra or 'none'};"
                f" {type(self).__name__} has {', '.join(own) or 'no parameters'}"
            )
        new = {name: np.asarray(state_dict[name]) for name in own}
        for name, value in own.items():
            if new[name].shape != value.shape:
                raise ValueError(
                    f"load_state_dict: {name} has shape {new[name].shape}, expected {value.shape}"
                )
        for name, value in own.items():
            value.data = new[name]

    # How it looks

    def extra_repr(self) -> str:
        """What `repr` says between the brackets, besides the parts."""
        return ""

    def __repr__(self) -> str:
        count = sum(p.size for p in self.parameters())
        head = f"{type(self).__name__}({self.extra_repr()})"
        if count:
            head += f"  {count:,} parameter{'s' if count > 1 else ''}"
        lines = [f"({name}) {part!r}" for name, part in self.named_children()]
        return "\n  ".join([head, *(line.replace("\n", "\n  ") for line in lines)])


def _parts(name: str, value: Any) -> Iterator[tuple[str, Module]]:
    """The modules that an attribute holds: itself, or the elements of a list."""
    if isinstance(value, Module):
        yield name, value
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            if isinstance(part, Module):
                yield f"{name}.{number}", part
