"""Where a learner writes: a field of the page in marimo; elsewhere, a value to be set in code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import marimo as mo


@dataclass(slots=True, eq=False)
class Plain:
    """A question outside of marimo, as in Jupyter: ``the_question.value = ...`` answers it."""

    question: str
    options: Sequence[str] = ()
    value: Any = None

    def _repr_markdown_(self) -> str:
        options = "".join(f"\n- {option}" for option in self.options)
        way = "*Set `.value` of this question to your answer, and run the next cell.*"
        return f"{self.question}\n{options}\n\n{way}"


def field(made: Any, question: str, options: Sequence[str], button: str) -> Any:
    """What marimo's element `made` asks, with a button; its `value` is None until it is pressed."""
    if mo.running_in_notebook():
        return made.form(submit_button_label=button)
    return Plain(question, options)


def said(text: str, kind: Any) -> Any:
    """Markdown in a box of marimo's kinds (success, warn, neutral); elsewhere without the box."""
    shown = mo.md(text)
    return mo.callout(shown, kind=kind) if mo.running_in_notebook() else shown
