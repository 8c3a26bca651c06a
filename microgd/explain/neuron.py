"""A neuron that is small enough to check by hand: its forward pass, its backward pass, a check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from microgd.explain.edges import Edge, edges
from microgd.explain.steps import forward
from microgd.ops import elementwise
from microgd.tensor import Tensor

INPUTS = {"w": 0.8, "x": 1.5, "b": -0.3, "y": 0.5}
WEIGHTS = ("w", "b")


@dataclass(frozen=True, slots=True)
class Forward:
    """A step of the forward pass: ``name = expression``, and its value."""

    name: str
    expression: str
    value: float


@dataclass(frozen=True, slots=True)
class Check:
    """d loss / d weight, by the backward pass and by moving the weight a little."""

    weight: str
    backward: float
    finite_differences: float

    @property
    def difference(self) -> float:
        """How far the two are apart."""
        return abs(self.backward - self.finite_differences)


@dataclass(frozen=True, slots=True)
class Neuron:
    """What happens in one neuron with a squared error, ``loss = (tanh(w * x + b) - y)**2``."""

    formula: str
    inputs: Mapping[str, float]
    forward: list[Forward]
    edges: list[Edge]
    checks: list[Check]


def neuron(inputs: Mapping[str, float] = INPUTS) -> Neuron:
    """Forward, backward and finite differences of one neuron on one example.

    inputs  the numbers w, x, b and the target y

    >>> record = neuron()
    >>> [step.name for step in record.forward]
    ['p', 'z', 'a', 'e', 'loss']
    >>> record.edges[1].expression, record.edges[2].written
    ('a - y', '1 - a**2')
    """
    loss = neuron_steps(inputs)["loss"]
    backward = edges(loss)
    return Neuron(
        formula="loss = (tanh(w * x + b) - y)**2",
        inputs=dict(inputs),
        forward=[Forward(s.name, s.expression, float(s.value)) for s in forward(loss)],
        edges=backward,
        checks=[
            Check(
                name,
                sum(float(edge.contribution) for edge in backward if edge.input == name),
                _central(lambda **moved: float(_forward(**moved)["loss"]), inputs, name),
            )
            for name in WEIGHTS
        ],
    )


def neuron_steps(inputs: Mapping[str, float] = INPUTS) -> dict[str, Tensor]:
    """Every tensor of the neuron by its name, which it bears: from the inputs to the loss.

    >>> neuron_steps()["loss"]
    tensor(0.04678477, name='loss', op=square)
    """
    leaves = {
        name: Tensor(float(value), requires_grad=name in WEIGHTS, name=name)
        for name, value in inputs.items()
    }
    steps = _forward(**leaves)
    for name, value in steps.items():
        value.name = name
    return leaves | steps


def _forward(w: Any, x: Any, b: Any, y: Any) -> dict[str, Any]:
    """Every value on the way to the loss, on Tensors or on numbers."""
    p = w * x
    z = p + b
    a = elementwise.tanh(z)
    e = a - y
    return {"p": p, "z": z, "a": a, "e": e, "loss": elementwise.square(e)}


def _central(
    f: Callable[..., float], inputs: Mapping[str, float], name: str, h: float = 1e-5
) -> float:
    """(f(v + h) - f(v - h)) / 2h, whose error is of the order h**2."""
    more = {**inputs, name: inputs[name] + h}
    less = {**inputs, name: inputs[name] - h}
    return (f(**more) - f(**less)) / (2 * h)
