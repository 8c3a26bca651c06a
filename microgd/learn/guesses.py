"""Predict first: a question that is answered before the number is shown."""

from collections.abc import Sequence
from typing import Any

import marimo as mo

from microgd.learn.field import field, said
from microgd.learn.page import say


def guess(question: str, options: Sequence[str]) -> Any:
    """A question in Markdown with answers to choose from; its `value` is None until one is sent."""
    made = mo.ui.radio(list(options), label=question)
    return field(made, question, list(options), "That is my guess")


def reveal(guessed: Any, right: str, because: str) -> Any:
    """What is true, once there is a guess; until then this cell, and what needs it, waits.

    guessed  what `guess` gave
    right    the option that is true, word for word
    because  what was measured, in Markdown, with the number

    Raises ValueError if `right` is none of the options. A script and Jupyter do not wait.
    """
    options = guessed.element.options if mo.running_in_notebook() else guessed.options
    if right not in options:
        raise ValueError(f"reveal: right is {right!r}, which is none of {', '.join(options)}")
    say(f"{right}: {because}")
    if guessed.value is None:
        mo.stop(
            mo.running_in_notebook(), mo.md("*The answer appears when you have sent your guess.*")
        )
        return said(f"**{right}.** {because}", "neutral")
    if guessed.value == right:
        return said(f"**{right}: as you said.** {because}", "success")
    return said(f"**You said: {guessed.value}. It is: {right}.** {because}", "warn")
