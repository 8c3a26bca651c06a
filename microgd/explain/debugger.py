"""The debugger: the sweep that trains, paused where you want to look."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from microgd.explain.book import Book
from microgd.explain.show import drawing
from microgd.explain.step import Step
from microgd.explain.steps import Backprop, Forward, Recording, walk, walk_forward
from microgd.explain.text import Text, preformatted
from microgd.graph import Node, history
from microgd.names import choose
from microgd.tensor import Tensor

Condition = Callable[[Step], Any]

AROUND = 3  # steps that `where` shows before and after the current one


class Debugger:
    """A pass through a graph that you take step by step, in either direction.

    Nothing is computed before you go there: the sweep pauses between two steps. Going back shows
    what was recorded on the way, and going on from there takes the same steps again. No `.grad`
    changes. A value that is replaced meanwhile stops the sweep with the error that `backward()`
    raises.

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> stop = debug((w * w + w).sum())
    >>> stop.break_when(lambda step: step.accumulates)
    >>> stop.run()
    <step 3: v1 = w * w>
    >>> stop.back()
    <step 2: v2 = v1 + w>
    >>> stop.where()
    step 2 of 3
       v3 = sum(v2)
    -> v2 = v1 + w
       v1 = w * w
    """

    def __init__(
        self, kind: str, source: Iterator[Step], order: Sequence[Node], book: Book
    ) -> None:
        self._kind = kind
        self._source = source
        self._order = order  # the node of every step
        self._book = book
        self._steps: list[Step] = []
        self._place = 0  # the number of the current step
        self._conditions: list[Condition] = []
        self._error: Exception | None = None

    def __len__(self) -> int:
        """How many steps there are in all."""
        return len(self._order)

    @property
    def current(self) -> Step | None:
        """The step just taken; None before the first."""
        return self._steps[self._place - 1] if self._place else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """What has been recorded so far."""
        return tuple(self._steps)

    @property
    def title(self) -> str:
        """Which pass this is."""
        return f"{self._kind} {self._book.labels[self._book.loss]}"

    @property
    def finished(self) -> bool:
        """Whether the current step is the last."""
        return self._place == len(self)

    def step(self) -> Step | None:
        """Take one step, and return it; None at the end, where the last step stays current."""
        if self.finished:
            return None
        if self._place == len(self._steps):
            self._steps.append(self._next())
        self._place += 1
        return self.current

    def back(self) -> Step | None:
        """Return to the step before; None before the first."""
        self._place = max(self._place - 1, 0)
        return self.current

    def run(self) -> Step | None:
        """Go on to the next step where a condition of `break_when` holds; None at the end."""
        while step := self.step():
            if self._breaks(step):
                return step
        return None

    def run_to(self, target: Node | str) -> Step | None:
        """Go on to a step of `target`, or to the first condition that holds before.

        A result is met where its own operation has its turn, a leaf wherever it receives a
        contribution: `run_to(w)` once more goes on to the second. `target` is a tensor, or what
        `where` and the tables say: its name, a label (``v3``), an operation (``tanh``), a module
        (``layers.2``), both (``layers.2.linear``) or an id (``n3``). Raises ValueError for what is
        not in the graph or lies behind.
        """
        places = self._find(target)
        ahead = [place for place in places if place > self._place]
        if not ahead:
            raise ValueError(
                f"run_to: {self._say(target)} has its last step at {places[-1]}, and the current"
                f" step is {self._place}; go back() first"
            )
        while step := self.step():
            if step.number == ahead[0] or self._breaks(step):
                return step
        return None

    def break_when(self, condition: Condition) -> None:
        """Let `run`, `run_to` and `play` stop at every step for which ``condition(step)`` holds.

        >>> import numpy as np
        >>> stop = debug(Tensor(1.0, requires_grad=True) * 2)
        >>> stop.break_when(lambda step: np.linalg.norm(step.upstream) < 1e-6)  # vanished
        >>> stop.break_when(lambda step: np.isnan(step.upstream).any())  # not a number
        >>> stop.break_when(lambda step: step.accumulates)  # a second contribution arrives
        >>> stop.break_when(lambda step: step.scope == "layers.2")
        """
        if not callable(condition):
            raise TypeError(
                f"break_when: {condition!r:.60} cannot be called; give a function of a step, as"
                " lambda step: step.accumulates"
            )
        self._conditions.append(condition)

    def clear(self) -> None:
        """Forget all conditions of `break_when`."""
        self._conditions.clear()

    def where(self) -> Text:
        """Where in the graph the current step is, between the steps before and after it."""
        here = self._place
        module = f", in {self.current.scope}" if self.current and self.current.scope else ""
        lines = [f"step {here} of {len(self)}{module}" if here else f"before step 1 of {len(self)}"]
        low, high = max(here - AROUND, 1), min(here + AROUND, len(self))
        if low > 1:
            lines.append("   ...")
        for place in range(low, high + 1):
            mark = "->" if place == here else "  "
            lines.append(f"{mark} {self._book.line(self._order[place - 1])}")
        if high < len(self):
            lines.append("   ...")
        return Text("\n".join(lines))

    def play(self) -> None:
        """Step through in the terminal, with the arrow keys or n, p and q; plain in a pipe."""
        drawing("play", "play")(self)

    def _repr_html_(self) -> str:
        return preformatted(f"{self.title}\n\n{self.where()}\n\n{self.current or ''}")

    def __repr__(self) -> str:
        return f"<debugger: {self.where().splitlines()[0]}>"

    def _next(self) -> Step:
        """The next step from the sweep; an error that stopped it is raised every time."""
        if self._error is None:
            try:
                return next(self._source)
            except Exception as error:
                self._error = error
                raise
        raise self._error

    def _breaks(self, step: Step) -> bool:
        return any(condition(step) for condition in self._conditions)

    def _find(self, target: Node | str) -> list[int]:
        """The numbers of the steps that `target` means, in order."""
        met: dict[Any, list[int]] = defaultdict(list)
        for place, node in enumerate(self._order, 1):
            assert node.op is not None
            for name in self._names(node):
                met[name].append(place)
            for x in node.inputs:
                if x.needs_grad and x.op is None:
                    for name in {x, x.name, self._book.labels[x], self._book.ids[x]} - {None}:
                        met[name].append(place)
        if isinstance(target, str):
            return choose("run_to:", target, {k: v for k, v in met.items() if isinstance(k, str)})
        if target not in met:
            raise ValueError(
                f"run_to: {self._say(target)} has no step: no gradient goes through it here"
            )
        return met[target]

    def _names(self, node: Node) -> set[Any]:
        """By what a step can be asked for."""
        assert node.op is not None
        book, op, scope = self._book, node.op.name, node.scope
        parts = scope.split(".") if scope else []
        modules = {".".join(parts[: k + 1]) for k in range(len(parts))}
        own = {node, node.name, book.labels[node], book.ids[node], op}
        return (own | modules | ({f"{scope}.{op}"} if scope else set())) - {None}

    def _say(self, target: Any) -> str:
        if isinstance(target, Node):
            return self._book.labels.get(target) or target.describe()
        return f"{target!r:.60}"


def debug(loss: Tensor | Recording, forward: bool = False) -> Debugger:
    """A debugger on the backward pass from `loss`, or on the forward pass that led to it.

    On a recording it steps through what was recorded. Raises RuntimeError if nothing requires a
    gradient, ValueError if `loss` is not one number (going backward) or came from no operation
    (going forward).

    >>> w = Tensor(0.5, requires_grad=True, name="w")
    >>> stop = debug((w * 2).tanh())
    >>> stop.step()
    <step 1: v2 = tanh(v1)>
    >>> stop.run_to("w")
    <step 2: v1 = w * 2>
    """
    if isinstance(loss, Recording):
        return Debugger(loss.kind, iter(loss), [step.node for step in loss], loss.book)
    book = Book(loss)
    if forward:
        steps, order, kind = walk_forward(loss, book, "debug"), history(loss)[::-1], Forward.kind
    else:
        steps, order, kind = walk(loss, book, "debug"), history(loss), Backprop.kind
    return Debugger(kind, steps, order, book)
