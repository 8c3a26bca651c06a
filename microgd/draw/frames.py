"""Frames: a recorded pass as the still pictures that a page shows one after another.

All words and numbers are made here, so that the page's script only moves between them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from microgd.draw import quiz
from microgd.draw.cards import NOT_COMPUTED, written, written_gradient
from microgd.draw.corner import MOST, Shown, brief, listed, said, shown, symbol
from microgd.draw.terminal import TIMES
from microgd.explain import formulas
from microgd.explain.steps import Backprop, Recording, Step, StepEdge
from microgd.explain.text import array, number, shape
from microgd.graph import Node

Term = tuple[str, str, str, Shown]  # role (which is its colour), what it is, its symbol, its value


@dataclass(frozen=True, slots=True)
class Frame:
    """One still picture of a pass.

    label      a few words for the list of all steps
    name       the operation: ``a = tanh(z)``
    scope      the module that recorded it
    say        what happens, in a sentence or two
    node       id of the operation's node, which is marked
    targets    ids of the nodes that receive something
    edges      ids of the edges that it travels along
    equations  rows of terms and of the signs between them; a faint one is another step's
    formula    rows of a word, a formula, and what the formula would tell a learner who is to guess
    picture    lines that change: id of the node, which line, its text from here on
    ask        what the quiz may ask for: a question, the answer, and how it is written
    added      whether this is an addition to a total that is there already
    """

    label: str
    name: str
    scope: str
    say: str
    node: str
    targets: list[str]
    edges: list[str]
    equations: list[dict[str, Any]] = field(default_factory=list)
    formula: list[tuple[str, str, str]] = field(default_factory=list)
    picture: list["Line"] = field(default_factory=list)
    ask: quiz.Asked = None
    added: bool = False


Line = tuple[str, str, str]  # of a node in the picture: its id, "value" or "grad", the text

NOT_YET = "not yet"


def start(record: Recording, which: str) -> list[Line]:
    """What the nodes say before a pass: before the backward one, all values are known."""
    gradient = record.gradient if isinstance(record, Backprop) else lambda node: None
    lines = []
    for node in record.nodes:
        here = record.id(node)
        known = which == "backward"
        lines.append((here, "value", written(record.value(node)) if known else NOT_YET))
        lines.append((here, "grad", NOT_COMPUTED if gradient(node) is None else NOT_YET))
    return lines


def forward(record: Recording) -> Iterator[Frame]:
    """The forward pass: what is given, then one frame for each operation."""
    given = [node for node in record.nodes if node.op is None]
    ids = [record.id(node) for node in given]
    named = [(record.label(x), record.value(x)) for x in given]
    told = [(label, value) for label, value in named if label != array(value)]
    terms = [("input", label, "", brief(value)) for label, value in told[:MOST]]
    wide = 3 if len(terms) > 4 and all(value.size == 1 for _, value in told) else MOST
    yield Frame(
        label="what is given",
        name="What is given",
        scope="",
        say="The values that no operation computes: inputs, parameters and constants."
        + (f" The first {MOST} of {len(told)} are listed." if len(told) > MOST else ""),
        node="",
        targets=ids,
        edges=[],
        equations=[{"terms": terms[i : i + wide]} for i in range(0, len(terms), wide)],
        picture=[(i, "value", written(record.value(x))) for i, x in zip(ids, given, strict=True)],
    )
    for node in record.nodes:
        if node.op is not None:
            yield _computed(record, node)


def _computed(record: Recording, node: Node) -> Frame:
    assert node.op is not None
    here, name, value = record.id(node), record.label(node), record.value(node)
    labels = [record.label(x) for x in node.inputs]
    values = [record.value(x) for x in node.inputs]
    expression = formulas.expression(node, labels)
    numbers = formulas.in_numbers(node, values)
    few = [
        ("input", "a number" if label == array(x) else label, "", shown(x))
        for label, x in zip(labels[:3], values[:3], strict=True)
    ]
    infix = node.op.symbol if len(labels) == 2 else ""
    terms = [*_between(infix, few), "=" if infix else "→", ("contribution", name, "", shown(value))]
    rows = []
    if numbers is not None:
        rows.append(("with numbers", f"{numbers} = {array(value)}", "contribution"))
    return Frame(
        label=f"{name} = {expression}",
        name=f"{name} = {expression}",
        scope=node.scope,
        say=f"{name} is computed from {listed(labels)}: it is {said(value)}.",
        node=here,
        targets=[],
        edges=[f"{record.id(x)}-{here}-{i}" for i, x in enumerate(node.inputs)],
        equations=[{"terms": terms}],
        formula=rows,
        picture=[(here, "value", written(value))],
        ask=quiz.result(f"What is {name} = {expression}?", value),
    )


def backward(record: Backprop) -> Iterator[Frame]:
    """The backward pass: where it starts, then each contribution, then each addition to a total."""
    start, loss = record.id(record.loss), record.label(record.loss)
    one = record.gradient(record.loss)
    yield Frame(
        label=f"start at {loss}",
        name=f"Start at {loss}",
        scope="",
        say=f"The backward pass starts at its end: the derivative of {loss} with respect to itself"
        " is 1.",
        node=start,
        targets=[],
        edges=[],
        equations=[{"terms": [("after", "gradient", symbol(loss, loss), shown(one))]}],
        picture=[(start, "grad", written_gradient(one))],
    )
    for step in record:
        for edge in step.edges:
            yield _contribution(record, step, edge)
            if edge.before is not None:
                yield _addition(record, step, edge)


def _contribution(record: Backprop, step: Step, edge: StepEdge) -> Frame:
    """Upstream x local = contribution, and the total where this is the first."""
    to, before = edge.label, edge.before
    arrow = f"{record.id(edge.input)}-{step.id}-{edge.index}"
    say = f"The gradient at {step.name} is {said(edge.upstream)}. "
    if edge.local is None:
        say += f"{step.op} mixes elements: its rule {edge.written} turns that into"
    else:
        say += f"Times the local derivative, {said(edge.local)}, that makes"
    say += f" the contribution to {to}: {said(edge.contribution)}."
    if before is not None:
        say += f" {to} has {said(before)} already."
    total = [(record.id(edge.input), "grad", written_gradient(edge.after))]
    return Frame(
        label=f"{step.name} → {to}",
        name=f"{step.name} = {step.expression}",
        scope=step.scope,
        say=say,
        node=step.id,
        targets=[record.id(edge.input)],
        edges=[arrow],
        equations=_equations(record, step, edge, added=False),
        formula=_formula(step, edge),
        picture=[] if edge.accumulates else total,
        ask=quiz.contribution(record, step, edge),
    )


def _addition(record: Backprop, step: Step, edge: StepEdge) -> Frame:
    """Before + contribution = after: an event of its own, for a tensor that is used again."""
    to, part = edge.label, edge.contribution
    here = record.id(edge.input)
    return Frame(
        label=f"{to}: add to the total",
        name=f"{symbol(record.label(record.loss), to)} +="
        f" {array(part) if part.size == 1 else 'contribution'}",
        scope=step.scope,
        say=f"{to} is used more than once, so its contributions add up:"
        f" {said(edge.before)} and {said(part)} make {said(edge.after)}.",
        node=here,
        targets=[step.id],
        edges=[f"{here}-{step.id}-{edge.index}"],
        equations=_equations(record, step, edge, added=True),
        formula=_formula(step, edge),
        picture=[(here, "grad", written_gradient(edge.after))],
        added=True,
    )


def _equations(record: Backprop, step: Step, edge: StepEdge, added: bool) -> list[dict[str, Any]]:
    """The two rows of a contribution; the one that another step is about is faint.

    Arrays take room: of them, only the row that the step is about is shown.
    """
    to, loss, part = edge.label, record.label(record.loss), shown(edge.contribution)
    upstream = ("upstream", "upstream", symbol(loss, step.name), shown(edge.upstream))
    if edge.local is None:
        middle = _used(record, step, edge)
    else:
        local = ("local", "local", symbol(step.name, to), shown(edge.local))
        middle = [TIMES, local, "="]
    product = [upstream, *middle, ("contribution", "contribution", f"to {to}", part)]
    pending = edge.accumulates and not added
    so_far = "none" if edge.before is None else shown(edge.before)
    total = [
        ("before", "so far", symbol(loss, to), so_far),
        "+",
        ("contribution", "contribution", f"to {to}", "…" if pending else part),
        "=",
        ("after", "now", symbol(loss, to), "…" if pending else shown(edge.after)),
    ]
    rows = [{"faint": added, "terms": product}, {"faint": pending, "terms": total}]
    return rows if edge.upstream.size == edge.contribution.size == 1 else [rows[added]]


def _formula(step: Step, edge: StepEdge) -> list[tuple[str, str, str]]:
    """The derivative as a formula and with numbers, and what undoes broadcasting."""
    if edge.local is None:
        return [("rule, from the upstream g", edge.written, "formula")]
    what = symbol(step.name, edge.label)
    if sum(x is edge.input for x in step.node.inputs) > 1:  # the x * x of one x
        what += f", input {edge.index + 1}"
    rows = [(what, edge.written, "formula")]
    if edge.substituted is not None and edge.local.size == 1:
        value = number(edge.local.item())
        numbers = [value] if edge.substituted == value else [edge.substituted, value]
        rows.append(("with numbers", " = ".join(numbers), "local"))
    if edge.contribution.shape != edge.upstream.shape:
        rows.append(("then", f"summed to {shape(edge.contribution)}: undoes broadcasting", ""))
    return rows


def _used(record: Backprop, step: Step, edge: StepEdge) -> list[Any]:
    """The other values that the rule of an operation that mixes elements makes use of."""
    assert step.node.op is not None
    words = set(re.findall(r"[A-Za-z_]\w*", edge.formula))
    used = [
        ("local", record.label(x), "in the rule", shown(value))
        for name, x, value in zip(
            step.node.op.arguments, step.node.inputs, step.inputs, strict=False
        )
        if name in words
    ]
    return [*used[:2], "→"]


def _between(sign: str, terms: list[Term]) -> list[Any]:
    """Terms with a sign between them, if there is one."""
    return [part for term in terms for part in ([sign, term] if sign else [term])][bool(sign) :]
