"""A case: a copy of a network with its data, on which one may try anything."""

import copy
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from microgd.explain.calls import pieces
from microgd.explain.flow import Flow, flow
from microgd.graph import Array, Node
from microgd.nn import Module, init
from microgd.nn import activations as nonlinear
from microgd.optim import SGD, Optimizer
from microgd.tensor import Tensor


class Case:
    """A network as it is at one moment, with a batch, its loss and, if there is one, its optimizer.

    What is measured is measured once: change a case only right after `copy`.
    """

    def __init__(
        self,
        model: Module,
        x: Array,
        y: Array,
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer | None,
    ) -> None:
        self.model, self.optimizer = copy.deepcopy((model, optimizer))
        self.x, self.y, self.loss = x, y, loss

    def copy(self) -> "Case":
        """The same network once more, as yet unmeasured."""
        return Case(self.model, self.x, self.y, self.loss, self.optimizer)

    # What is measured

    @cached_property
    def value(self) -> Tensor:
        """The loss on the batch, recorded."""
        with np.errstate(all="ignore"):  # what is not finite is found and said elsewhere
            result: Tensor = self.loss(self.model(self.x), self.y)
        return result

    @cached_property
    def gradients(self) -> dict[str, Array | None]:
        """The gradient of every parameter that wants one, None where nothing arrives."""
        there = self.copy()
        there.model.zero_grad()
        with np.errstate(all="ignore"):
            if there.value.requires_grad:
                there.value.backward()
        return {name: p.gradient for name, p in there.model.named_parameters() if p.requires_grad}

    @cached_property
    def flow(self) -> Flow:
        """What becomes of signal and gradient."""
        return flow(self.copy().model, (self.x, self.y), self.loss)

    @cached_property
    def update(self) -> float:
        """What the optimizer's next step changes: the largest change / weights of any layer."""
        there = self.copy()
        there.forget()
        rule = there.optimizer
        rows = flow(there.model, (self.x, self.y), self.loss, optimizer=rule, split=False)
        return max((row.update for row in rows if row.update is not None), default=0.0)

    @cached_property
    def loss_of_zeros(self) -> float:
        """The loss of outputs that are all zero: of one who has learned nothing."""
        there = self.copy()
        return float(self.loss(0.0 * there.model(self.x), self.y).item())

    @cached_property
    def dense(self) -> list[tuple[str, Tensor, bool]]:
        """The weights of dense layers: name, weight, and whether a row is a unit."""
        names = {p: name for name, p in self.model.named_parameters()}
        found: dict[Node, tuple[str, Tensor, bool]] = {}
        for piece in pieces(self.model, self.value, self.value.time):
            for node in piece.nodes:
                name = node.op.name if node.op is not None else ""
                if name not in {"linear", "matmul"}:
                    continue
                weight, rows = node.inputs[1], name == "linear"
                if weight.op is not None and weight.op.name == "transpose":
                    weight, rows = weight.inputs[0], not rows
                if isinstance(weight, Tensor) and weight in names and weight.ndim == 2:
                    found[weight] = names[weight], weight, rows
        return list(found.values())

    def losses(self, steps: int, rate: float | None = None, clear: bool = True) -> list[float]:
        """The loss before each of so many steps on the batch, and after the last.

        With the optimizer of the case, or gradient descent with a rate of 0.1; `rate` replaces its
        learning rates, and without `clear` no gradient is forgotten between steps.
        """
        there = self.copy()
        rule = there.optimizer or SGD(there.model.parameters(), lr=0.1)
        if rate is not None:
            for group in rule.param_groups:
                group["lr"] = rate
        found = []
        if clear:
            there.forget()
        with np.errstate(all="ignore"):
            for _ in range(steps):
                value = there.loss(there.model(there.x), there.y)
                found.append(float(value.item()))
                if not np.isfinite(found[-1]) or not value.requires_grad:
                    return [*found, *found[-1:] * (steps + 1 - len(found))]
                value.backward()
                rule.step()
                if clear:
                    there.forget()
            return [*found, float(there.loss(there.model(there.x), there.y).item())]

    # What a cure is made of

    def forget(self) -> None:
        """Clear all gradients."""
        self.model.zero_grad()
        if self.optimizer is not None:
            self.optimizer.zero_grad()

    def start_anew(self, seed: int = 0, rectify: bool = False) -> None:
        """New weights for all dense layers, as meant for the activation, and biases of zero.

        With `rectify`, squashing activations are replaced by ReLU first.
        """
        if rectify:
            self._rectify()
        rng = np.random.default_rng(seed)
        kinds = [part for _, part in self.model.named_modules() if type(part) in _ACTIVATIONS]
        draw = init.meant_for(kinds[0] if kinds else nonlinear.Tanh())
        for _, weight, rows in self.dense:
            shape = weight.shape if rows else weight.shape[::-1]
            new = draw(shape, rng=rng)
            weight.data = new if rows else new.T
        for name, p in self.model.named_parameters():
            if name.endswith("bias"):
                p.data = np.zeros(p.shape)

    def _rectify(self) -> None:
        for _, part in self.model.named_modules():
            for name, value in list(vars(part).items()):
                if isinstance(value, nonlinear.Sigmoid | nonlinear.Tanh):
                    setattr(part, name, nonlinear.ReLU())
                elif isinstance(value, list):
                    squashing = (nonlinear.Sigmoid, nonlinear.Tanh)
                    value[:] = [
                        nonlinear.ReLU() if isinstance(item, squashing) else item for item in value
                    ]


_ACTIVATIONS = tuple(nonlinear.ACTIVATIONS.values())
