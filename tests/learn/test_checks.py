import keyword
import traceback

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd import learn


@learn.reads_code("square", "cube")
def check_powers(square, cube):
    """Whether both are right."""
    if square(3) != 9:
        return learn.wrong(f"square(3) gives {square(3)}.")
    return learn.right("Both.") if cube(2) == 8 else learn.wrong(f"cube(2) gives {cube(2)}.")


GOOD = "def square(x):\n    return x * x\n\ncube = lambda x: x**3\n"


def test_what_a_check_says_begins_with_whether_it_is_right():
    assert (str(learn.right("Yes.")), learn.right("Yes.").right) == ("Right. Yes.", True)
    assert (str(learn.wrong("No.")), learn.wrong("No.").right) == ("Not yet. No.", False)


def test_a_check_of_code_keeps_its_name_and_what_it_is_about():
    assert check_powers.__name__ == "check_powers"
    assert check_powers.__doc__ == "Whether both are right."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD, "Right. Both."),
        (GOOD.replace("x * x", "2 * x"), "Not yet. square(3) gives 6."),
        (GOOD.replace("x * x", "x * y"), "Line 2, `return x * y`: NameError: name 'y' is not"),
        (GOOD.replace("x**3", "x[3]"), "Line 4, `cube = lambda x: x[3]`: TypeError: 'int' object"),
        (GOOD.replace("x * x", "x *"), "Line 2, `return x *`: SyntaxError: invalid syntax."),
        ("  x = 1", "Line 1, `x = 1`: IndentationError: unexpected indent."),
        ("def square(x):\n    return x * x", "`cube` is still to be written."),
        ("square = ...\ncube = ...", "`square` is still to be written."),
        ("", "`square` is still to be written."),
        ("square = cube = 3", "TypeError: 'int' object is not callable."),
        ("1 / 0", "Line 1, `1 / 0`: ZeroDivisionError: division by zero."),
        ("def f():\n    1 / 0\nf()", "Line 2, `1 / 0`: ZeroDivisionError"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'."),
        ("x = 'a\n", "SyntaxError: unterminated string literal (detected at line 1)."),
        ("x = (1,\n", "SyntaxError: '(' was never closed."),
        ("raise ValueError", "Line 1, `raise ValueError`: ValueError"),
        ("def square(x):\n    return square(x)\ncube = square", "RecursionError"),
        ("x = '\0'", "null bytes"),
    ],
)
def test_code_is_answered_by_the_line_that_matters(text, says):
    said = str(check_powers(text))
    assert says in said
    assert said.startswith("Right." if says.startswith("Right") else "Not yet.")


def test_code_knows_microgd_and_numpy():
    known = learn.reads_code("it")(learn.right)
    assert known("it = mg.tanh(np.zeros(1)).shape").said == (1,)
    assert mg.tanh(np.zeros(1)).shape == (1,)


def test_a_traceback_of_the_answer_shows_its_line():
    def check(square):
        try:
            square(1)
        except NameError:
            return learn.wrong(traceback.format_exc())

    said = learn.reads_code("square")(check)("def square(x):\n    return nothing").said
    assert "return nothing" in said


@given(st.text(max_size=40))
def test_whatever_is_written_is_answered(text):
    said = learn.reads_code("no_such_name")(lambda _: learn.right("."))(text)
    assert not said.right
    assert said.said


@given(st.from_regex(r"[a-z]{3,8}", fullmatch=True).filter(lambda n: not keyword.iskeyword(n)))
def test_a_name_that_nobody_defined_is_named(name):
    said = learn.reads_code("it")(lambda it: learn.right("."))(f"it = {name}_")
    assert f"name '{name}_' is not defined" in said.said
