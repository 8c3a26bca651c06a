"""Answers to an exercise: the fields that take them, and what the check says of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import marimo as mo

from microgd.learn.checks import Checked
from microgd.learn.field import field, said


def number(label: str) -> Any:
    """A field for a number, with a button; its `value` is None until one is sent."""
    return field(mo.ui.number(label=label, value=None), label, (), "Check")


def numbers(label: str, names: Mapping[str, str]) -> Any:
    """Fields for several numbers, with one button; `value` is None until it is sent.

    names  by a word of Python's, what stands before its field

    Then it is a dict from each of these words to its number, None where a field was left empty.
    """
    fields = {word: mo.ui.number(label=name, value=None) for word, name in names.items()}
    rows = "\n\n".join(f"{{{word}}}" for word in names)
    text = label.replace("{", "{{").replace("}", "}}")
    options = [f"`{word}`: {name}" for word, name in names.items()]
    asked = f"{label} (A dict from these words to numbers.)"
    return field(mo.md(f"{text}\n\n{rows}").batch(**fields), asked, options, "Check")


def line(label: str, placeholder: str = "") -> Any:
    """A field for a line of text, with a button; its `value` is None until one is sent."""
    return field(mo.ui.text(label=label, placeholder=placeholder), label, (), "Check")


def choice(label: str, options: Sequence[str]) -> Any:
    """Options to choose from, with a button; its `value` is None until one is sent."""
    return field(mo.ui.radio(list(options), label=label), label, list(options), "Check")


def code(begun: str) -> Any:
    """An editor with code to be completed, and a button; its `value` is None until it is sent."""
    made = mo.ui.code_editor(begun, language="python")
    return field(made, f"```python\n{begun}\n```", (), "Check")


def check(answer: Any, checker: Callable[[Any], Checked]) -> Any:
    """What `checker` says of an answer: green if it is right, and what is wrong if it is not."""
    if answer.value is None or answer.value == "":
        return mo.md("*Write your answer above, and press Check.*")
    checked = checker(answer.value)
    return said(str(checked), "success" if checked.right else "warn")


def check_each(answer: Any, checker: Callable[[Any], Mapping[str, Checked]]) -> Any:
    """What `checker` says of each part of an answer, as of `numbers`; parts may be left out."""
    checked = checker(answer.value) if answer.value else {}
    if not checked:
        return mo.md("*Write a number above, and press Check.*")
    kinds = {True: "success", False: "warn"}
    every = [said(f"**{name}.** {part}", kinds[part.right]) for name, part in checked.items()]
    return mo.vstack(every, gap=0.2)
