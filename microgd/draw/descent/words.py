"""What the numbers that optimizers remember are called, and how they are drawn at a ball."""

from typing import NamedTuple


class Slot(NamedTuple):
    """A name in words, and the drawing: "arrow", "ellipse" of rates, or none."""

    words: str
    drawn: str


SLOTS = {
    "momentum_buffer": Slot("velocity", "arrow"),
    "exp_avg": Slot("first moment", "arrow"),
    "exp_avg_sq": Slot("second moment", "ellipse"),
    "max_exp_avg_sq": Slot("largest second moment", ""),
    "sum": Slot("sum of squares", "ellipse"),
    "square_avg": Slot("mean square", "ellipse"),
    "acc_delta": Slot("mean square of steps", ""),
    "grad_avg": Slot("mean gradient", "arrow"),
}


def slot(name: str) -> Slot:
    """The words for a slot; one that is not known keeps its name and is only written.

    >>> slot("exp_avg").words, slot("mine").words
    ('first moment', 'mine')
    """
    return SLOTS.get(name, Slot(name, ""))
