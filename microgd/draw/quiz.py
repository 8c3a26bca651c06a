"""What the quiz of the stepper asks: a number of the next step, before it is shown."""

import numpy as np

from microgd.draw.corner import CORNER, listed
from microgd.explain.steps import Backprop, Step, StepEdge
from microgd.explain.text import array, number
from microgd.graph import Array

Question = dict[str, str]  # its text, the answer, and the answer as it is written


Asked = dict[str, Question] | None


def result(question: str, value: Array) -> Asked:
    """What a step of the forward pass computes; nothing about an empty array."""
    return {"contribution": _about(question, value)} if value.size else None


def contribution(record: Backprop, step: Step, edge: StepEdge) -> Asked:
    """The contribution to an input, or the local derivative; nothing about an empty array."""
    if not edge.contribution.size:
        return None
    to, done = edge.label, f"{step.name} = {step.expression}"
    asked = {"contribution": _about(f"What does {to} receive from {done}?", edge.contribution)}
    if edge.local is not None:
        question = f"What is the local derivative of {done} with respect to {to}?"
        labels = [*map(record.label, step.node.inputs), step.name]
        values = [*step.inputs, step.value]
        if all(value.size == 1 for value in values):
            known = {name: array(value) for name, value in zip(labels, values, strict=True)}
            said = [f"{name} is {value}" for name, value in known.items() if name != value]
            question += f" Here {listed(said)}."
        asked["local"] = _about(question, edge.local)
    return asked


def _about(question: str, value: Array) -> Question:
    """A question about a number, or about one entry of an array."""
    where = _entry(value)
    if value.size > 1:
        question += f" Give the entry {list(where)}."
    answer = value[where].item()
    return {"question": question, "answer": repr(float(answer)), "shown": number(answer)}


def _entry(value: Array) -> tuple[int, ...]:
    """The entry to ask for: the largest of those that are shown."""
    first = (0,) * (value.ndim - 2)
    corner = value[(*first, *(slice(CORNER - 1),) * min(value.ndim, 2))]
    size = np.abs(np.nan_to_num(corner))
    return (*first, *map(int, np.unravel_index(int(np.argmax(size)), corner.shape)))
