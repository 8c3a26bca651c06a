"""What the lessons in `tutorials/` are made with, beside microgd itself, and where they lie.

Each part is loaded when it is first asked for: marimo is needed to run a lesson, not to find one.
"""

from typing import TYPE_CHECKING

from microgd.lazy import offer

if TYPE_CHECKING:
    from microgd.learn.answers import check as check
    from microgd.learn.answers import check_each as check_each
    from microgd.learn.answers import choice as choice
    from microgd.learn.answers import code as code
    from microgd.learn.answers import line as line
    from microgd.learn.answers import number as number
    from microgd.learn.answers import numbers as numbers
    from microgd.learn.checks import Checked as Checked
    from microgd.learn.checks import reads_code as reads_code
    from microgd.learn.checks import right as right
    from microgd.learn.checks import wrong as wrong
    from microgd.learn.guesses import guess as guess
    from microgd.learn.guesses import reveal as reveal
    from microgd.learn.page import COLOURS as COLOURS
    from microgd.learn.page import axes as axes
    from microgd.learn.page import say as say
    from microgd.learn.shelf import Lesson as Lesson
    from microgd.learn.shelf import copy as copy
    from microgd.learn.shelf import find as find
    from microgd.learn.shelf import lessons as lessons

_HOME = {  # what is offered here, and the file that it comes from
    **dict.fromkeys(
        ("check", "check_each", "choice", "code", "line", "number", "numbers"), "answers"
    ),
    **dict.fromkeys(("Checked", "reads_code", "right", "wrong"), "checks"),
    **dict.fromkeys(("guess", "reveal"), "guesses"),
    **dict.fromkeys(("COLOURS", "axes", "say"), "page"),
    **dict.fromkeys(("Lesson", "copy", "find", "lessons"), "shelf"),
}

offer(__name__, _HOME)
