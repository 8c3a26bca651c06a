"""Through time: what is left of the gradient, going back from time step to time step.

On its way back through h_t = f(x_t, h_{t-1}), the gradient at h_t is multiplied by the Jacobian
d h_t / d h_{t-1} and what the loss says of h_{t-1} directly is added:

    d loss / d h_{t-1}  =  d loss / d h_t * d h_t / d h_{t-1}  +  direct
       at_output                        carried

The factor of a step is |carried| / |d loss / d h_t|. Over many steps the factors multiply: where
they stay below 1 the gradient vanishes, above 1 it explodes (Bengio, Simard and Frasconi 1994,
https://doi.org/10.1109/72.279181; Pascanu, Mikolov and Bengio 2013,
https://arxiv.org/abs/1211.5063).
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.backprop import sweep
from microgd.explain.calls import calls_of
from microgd.explain.show import drawing
from microgd.explain.steps import start
from microgd.graph import Array, Node, dotted, history
from microgd.norms import norm
from microgd.tensor import Tensor


@dataclass(frozen=True, slots=True)
class TimeStep:
    """The gradient at what one call of a cell gives. Norms are Euclidean, over the whole batch.

    step       1 for the first call; on a way back in time, that is the last element
    at_output  norm of d loss / d output; of an LSTM, h and c together
    carried    norm of the part of it that comes from the next step; None for the last step
    factor     carried / at_output of the next step: what one step back in time leaves of the
               gradient; None for the last step, and where nothing arrives
    parts      at_output of each part of the output that has a name, as of "h" and of "c"
    """

    step: int
    at_output: float
    carried: float | None
    factor: float | None
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True, repr=False)
class ThroughTime(Mapping[str, tuple[TimeStep, ...]]):
    """The time steps of every recurrent cell by its path, as ``rnn.l0``; first step first."""

    cells: Mapping[str, tuple[TimeStep, ...]]

    def __getitem__(self, cell: str) -> tuple[TimeStep, ...]:
        return self.cells[cell]

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        return str(drawing("through_time", "text")(self))


def through_time(loss: Tensor) -> ThroughTime:
    """What becomes of the gradient of `loss` in each module that is called on its own output.

    These are the cells of `nn.RNN`, `nn.LSTM` and `nn.GRU`, and any module that a `forward` calls
    step by step. Changes nothing.

    Raises RuntimeError if the loss requires no gradient; ValueError if it is not one number, or no
    module on the way to it is called on its own output.

    >>> from microgd import nn
    >>> model = nn.RNN(2, 4, rng=0)
    >>> output, _ = model(np.ones((3, 1, 2)))
    >>> found = through_time(output[-1].sum())
    >>> list(found), [row.step for row in found["l0"]]
    (['l0'], [1, 2, 3])
    >>> last, before = found["l0"][2], found["l0"][1]
    >>> before.factor == before.at_output / last.at_output
    True
    """
    seed = start(loss, "through_time")
    calls, number = _numbered(loss)
    outputs: dict[int, dict[Node, Array]] = defaultdict(dict)  # by id of the call
    carried: dict[int, dict[Node, Array]] = defaultdict(dict)
    for call in calls_of(loss):
        outputs[id(call)][loss] = seed
    for node, i, _, part in sweep(loss, seed, {}):
        user = {dotted(call): call for call in calls_of(node)}
        x = node.operands[i]
        for call in calls_of(x):
            later = user.get(dotted(call))
            if later is call:
                continue
            _add(outputs[id(call)], x, part)
            if later is not None and number[id(later)] == number[id(call)] + 1:
                _add(carried[id(call)], x, part)
    recurrent = {p: its for p, its in calls.items() if any(id(c) in carried for c in its)}
    if not recurrent:
        raise ValueError(
            "through_time: no module on the way to the loss is called on its own output; give the"
            " loss of a network with nn.RNN, nn.LSTM or nn.GRU, or with a cell in an attribute of a"
            " Module that calls it step by step"
        )
    return ThroughTime(
        {
            path: tuple(_rows([(outputs[id(c)], carried.get(id(c))) for c in its]))
            for path, its in recurrent.items()
        }
    )


def _numbered(loss: Node) -> tuple[dict[str, list[Any]], dict[int, int]]:
    """The calls of each module in order, by its path, and the number of each call by its id."""
    calls: dict[str, list[Any]] = defaultdict(list)
    number: dict[int, int] = {}
    for node in reversed(history(loss)):
        for call in calls_of(node):
            if id(call) not in number:
                calls[dotted(call)].append(call)
                number[id(call)] = len(calls[dotted(call)])
    return calls, number


def _rows(
    steps: list[tuple[dict[Node, Array], dict[Node, Array] | None]],
) -> Iterator[TimeStep]:
    """A row for each step, from the gradients at its outputs and the carried part of them."""
    sizes = [_norm(outputs) for outputs, _ in steps]
    for step, (outputs, carried) in enumerate(steps, 1):
        after = sizes[step] if step < len(steps) else None
        came = None if after is None else _norm(carried or {})
        parts: dict[str, dict[Node, Array]] = defaultdict(dict)
        for x, gradient in outputs.items():
            if x.name:
                parts[x.name.rpartition("_")[0] or x.name][x] = gradient
        yield TimeStep(
            step=step,
            at_output=sizes[step - 1],
            carried=came,
            factor=came / after if came is not None and after else None,
            parts={name: _norm(gradients) for name, gradients in parts.items()},
        )


def _add(totals: dict[Node, Array], x: Node, part: Array) -> None:
    """Sum; a copy, since the sweep goes on to add to what it showed."""
    totals[x] = totals[x] + part if x in totals else np.array(part)


def _norm(gradients: Mapping[Node, Array]) -> float:
    return math.hypot(*map(norm, gradients.values()))
