"""Module: what has parameters, and calls that name the operations which they record."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from microgd.dispatch import plain
from microgd.graph import Array, dotted, state
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

    Its attributes say what belongs to it, also inside of lists, tuples and dicts: a `Parameter`,
    or any Tensor that requires a gradient, is trained; another Tensor is a buffer (saved, not
    trained); a `Module` is a part. Called, it runs `forward`, and what is recorded meanwhile bears
    its path, as ``layers.2``.

    >>> from microgd.nn import Linear
    >>> class Twice(Module):
    ...     def __init__(self):
    ...         self.dense = Linear(2, 2, rng=0)
    ...
    ...     def forward(self, x):
    ...         return self.dense(self.dense(x))
    >>> [name for name, _ in Twice().named_parameters()]
    ['dense.weight', 'dense.bias']
    """

    label = ""  # how the parent calls it; a module without a parent has no name
    training = True

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """The output for the inputs."""
        raise NotImplementedError(f"{type(self).__name__}: write a forward method")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Run `forward` under this module's name."""
        here, label = state.__dict__, self.label  # looked up once: this is on every training path
        outer = here["call"]
        if label:
            here["call"] = (outer, label)
        try:
            return self.forward(*inputs, **options)
        finally:
            here["call"] = outer

    def __setattr__(self, name: str, value: Any) -> None:
        for path, item in _members(name, value):
            if isinstance(item, Module):
                item.label = path
            elif item.name is None:
                item.name = path
        super().__setattr__(name, value)

    # What belongs to it

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """The parts with their names, in order of definition."""
        for name, value in vars(self).items():
            for path, item in _members(name, value):
                if isinstance(item, Module):
                    item.label = path  # a list may have grown since it was assigned
                    yield path, item

    def named_modules(self) -> Iterator[tuple[str, "Module"]]:
        """The module itself and all parts, parts of parts included, each once with its path."""
        seen = set()
        waiting: list[tuple[str, Module]] = [("", self)]
        while waiting:
            path, module = waiting.pop()
            if module not in seen:
                seen.add(module)
                yield path, module
                parts = [(_join(path, name), part) for name, part in module.named_children()]
                waiting += reversed(parts)

    def _named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Parameters and buffers with their paths, each once however many paths lead to it."""
        seen = set()
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                for place, item in _members(name, value):
                    # what came from an operation is a result that somebody kept to look at
                    if isinstance(item, Tensor) and item.is_leaf and item not in seen:
                        seen.add(item)
                        yield _join(path, place), item

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """What is trained, with the paths, as ``layers.2.weight``."""
        for path, item in self._named_tensors():
            if item.requires_grad or isinstance(item, Parameter):  # a frozen one is one still
                yield path, item

    def parameters(self) -> list[Tensor]:
        """What is trained, in order of definition."""
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
        return {path: item.numpy() for path, item in self._named_tensors()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take parameters and buffers from `state_dict`, in this module's dtypes.

        Raises KeyError for missing or extra names, ValueError for a shape that does not fit or
        a number that is not finite, TypeError for what is no number; the module is then as it was.
        """
        own = dict(self._named_tensors())
        missing = [name for name in own if name not in state_dict]
        extra = [name for name in state_dict if name not in own]
        if missing or extra:
            said = [f"misses {', '.join(missing)}"] if missing else []
            said += [f"does not know {', '.join(map(str, extra))}"] if extra else []
            raise KeyError(
                f"load_state_dict: {type(self).__name__} {' and '.join(said)} in what is loaded"
            )
        new = {name: _fitting(name, item, state_dict[name]) for name, item in own.items()}
        for name, item in own.items():
            item.data = new[name]

    # How it looks

    def place(self) -> str:
        """How errors call this module: its class, after its path if it is being called."""
        kind = type(self).__name__
        return f"{dotted(state.call)}.{kind}".lstrip(".")

    def extra_repr(self) -> str:
        """What `repr` says between the brackets: the shapes of its own tensors."""
        members = [m for name, value in vars(self).items() for m in _members(name, value)]
        return ", ".join(f"{path} {x.shape}" for path, x in members if isinstance(x, Tensor))

    def __repr__(self) -> str:
        count = sum(p.size for p in self.parameters())
        head = f"{type(self).__name__}({self.extra_repr()})"
        if count:
            head += f"  {count:,} parameter{'s' if count > 1 else ''}"
        lines = [f"({name}) {part!r}" for name, part in self.named_children()]
        return "\n  ".join([head, *(line.replace("\n", "\n  ") for line in lines)])


def _members(name: str, value: Any) -> Iterator[tuple[str, Module | Tensor]]:
    """The modules and tensors that an attribute is or holds, with their paths."""
    if isinstance(value, Module | Tensor):
        yield name, value
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _members(f"{name}.{number}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _members(f"{name}.{key}", item)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _fitting(name: str, own: Tensor, loaded: Any) -> Array:
    """What was loaded, in the shape and dtype of `own`."""
    array = np.asarray(plain(loaded))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"load_state_dict: {name} holds {array.dtype}, expected {own.dtype}")
    if array.shape != own.shape:
        raise ValueError(f"load_state_dict: {name} has shape {array.shape}, expected {own.shape}")
    with np.errstate(over="ignore"):  # too large for the dtype: infinite, and said below
        array = array.astype(own.dtype)
    if not np.isfinite(array).all():
        raise ValueError(f"load_state_dict: {name} holds numbers that are not finite {own.dtype}s")
    return array
