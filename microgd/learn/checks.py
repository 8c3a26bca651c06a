"""Checks of an exercise: whether an answer is right, and if it is not, what is wrong with it."""

import linecache
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import microgd


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check says of an answer.

    >>> print(wrong("That is the value; the slope is asked for."))
    Not yet. That is the value; the slope is asked for.
    """

    right: bool
    said: str

    def __str__(self) -> str:
        return f"{'Right.' if self.right else 'Not yet.'} {self.said}"


def right(said: str) -> Checked:
    """The answer is right; `said` tells why, in Markdown."""
    return Checked(True, said)


def wrong(said: str) -> Checked:
    """The answer is wrong; `said` tells what is wrong with it, in Markdown, but not the answer."""
    return Checked(False, said)


def reads_code(*names: str) -> Callable[[Callable[..., Checked]], Callable[[str], Checked]]:
    r"""Make a check of what code defines into a check of the code's text.

    names  what the code has to define; the check is given these, in this order

    The code knows `mg` and `np`. Whatever it raises, as it is read or in the check, becomes an
    answer that names the line.

    >>> @reads_code("double")
    ... def check_double(double):
    ...     return right("As asked.") if double(2) == 4 else wrong(f"double(2) is {double(2)}.")
    >>> print(check_double("def double(x):\n    return x ** 3"))
    Not yet. double(2) is 8.
    >>> print(check_double("def double(x):\n    return y"))
    Not yet. Line 2, `return y`: NameError: name 'y' is not defined.
    """

    def decorate(check: Callable[..., Checked]) -> Callable[[str], Checked]:
        def checked(text: str) -> Checked:
            known: dict[str, Any] = {"mg": microgd, "np": np}
            # So that a traceback, and explanations of microgd, can show the learner's line
            linecache.cache[_ANSWER] = (len(text), None, text.splitlines(True), _ANSWER)
            try:
                exec(compile(text, _ANSWER, "exec"), known)  # noqa: S102 - the learner's own
                missing = [name for name in names if known.get(name, ...) is ...]
                if missing:
                    return wrong(f"`{missing[0]}` is still to be written.")
                return check(*(known[name] for name in names))
            except Exception as error:  # noqa: BLE001 - whatever the learner's code raises
                return wrong(_told(error, text))

        checked.__name__, checked.__doc__ = check.__name__, check.__doc__
        return checked

    return decorate


_ANSWER = "<your answer>"


def _told(error: Exception, text: str) -> str:
    """The error, and the line of the answer that it came from."""
    said = f"{type(error).__name__}: {error}".rstrip(".") + "."
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == _ANSWER]
    number = lines[-1] if lines else None
    if isinstance(error, SyntaxError):
        number, said = error.lineno, f"{type(error).__name__}: {error.msg}."
    if not number:
        return said
    return f"Line {number}, `{text.splitlines()[number - 1].strip()}`: {said}"
