"""The book of one recording: what its nodes are called, and their values when it was made."""

from functools import cached_property

from microgd.explain import formulas
from microgd.explain.ids import number
from microgd.explain.labels import labels
from microgd.graph import Array, Node


class Book:
    """What the steps of one recording share: the ids and labels of its nodes, found when asked."""

    def __init__(self, loss: Node) -> None:
        self.loss = loss
        self.values: dict[Node, Array] = {}

    @cached_property
    def ids(self) -> dict[Node, str]:
        """``n0`` is the oldest node."""
        return number(self.loss)

    @cached_property
    def labels(self) -> dict[Node, str]:
        """What the nodes are called, no two alike."""
        return labels(self.ids)

    def line(self, node: Node) -> str:
        """A node and how it is computed: ``v1 = w * x``."""
        return f"{self.labels[node]} = {self.expression(node)}"

    def expression(self, node: Node) -> str:
        """How a node is computed, in the labels of its inputs: ``w * x``."""
        return formulas.expression(node, [self.labels[x] for x in node.inputs])

    def value(self, node: Node) -> Array:
        """The value of a node as it was when first asked for: later changes do not reach it."""
        found = self.values.get(node)
        if found is None:
            found = node.value
            if node.op is None or found.base is not None:  # training writes into leaves
                found = found.copy()
            self.values[node] = found
        return found
