import pytest

from microgd import learn

FIELDS = {
    "number": (lambda: learn.number("The slope is"), 12.0, "marimo-number"),
    "numbers": (
        lambda: learn.numbers("The {slopes} are", {"up": "upwards", "down": "downwards"}),
        {"up": 12.0, "down": None},
        "upwards",
    ),
    "line": (lambda: learn.line("It is called", "a word"), "gradient", "marimo-text"),
    "choice": (lambda: learn.choice("It", ["grows", "shrinks"]), "grows", "marimo-radio"),
    "code": (
        lambda: learn.code("def f(x):\n    return ..."),
        "def f(x): pass",
        "marimo-code-editor",
    ),
}


def checker(answer):
    return learn.right("As it is.") if answer in {12.0, "gradient"} else learn.wrong(f"{answer}!")


@pytest.fixture(params=FIELDS)
def case(request):
    return FIELDS[request.param]


def test_on_a_page_an_answer_is_empty_until_it_is_sent(on_a_page, send, case):
    make, answer, element = case
    field = make()
    assert element in field.text
    assert "Check" in field.text
    assert field.value is None
    assert send(field, answer).value == answer


def test_elsewhere_an_answer_is_set_in_code(case):
    make, answer, _ = case
    field = make()
    assert field.value is None
    assert "Set `.value`" in field._repr_markdown_()
    field.value = answer
    assert field.value == answer


@pytest.mark.parametrize("unanswered", [None, ""])
def test_without_an_answer_nothing_is_checked(unanswered):
    field = learn.line("It is called")
    field.value = unanswered
    said = learn.check(field, lambda _: pytest.fail("checked"))
    assert "Write your answer above" in said.text


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [(12.0, "success", "Right. As it is."), (0.0, "warn", "Not yet. 0.0!")],
)
def test_a_check_is_green_when_right_and_says_what_is_wrong(on_a_page, send, answer, kind, says):
    shown = learn.check(send(learn.number("The slope is"), answer), checker).text
    assert says in shown
    assert kind in shown


def test_zero_is_an_answer(send):
    field = send(learn.number("The slope is"), 0)
    assert "Not yet. 0!" in learn.check(field, checker).text


def test_a_question_lists_its_options_where_there_is_no_page():
    said = learn.guess("What is it?", ["0.5", "1"])._repr_markdown_()
    assert said.startswith("What is it?\n\n- 0.5\n- 1\n")


def each(answer):
    return {
        name: learn.right("Up it is.") if number == 2 else learn.wrong(f"{number:g} is too much.")
        for name, number in answer.items()
        if number is not None
    }


@pytest.mark.parametrize("answer", [None, {}, {"up": None, "down": None}])
def test_of_several_numbers_none_is_checked_before_it_is_there(answer):
    field = learn.numbers("The {slopes} are", {"up": "upwards", "down": "downwards"})
    field.value = answer
    assert "Write a number above" in learn.check_each(field, each).text


def test_of_several_numbers_each_is_checked_by_itself(on_a_page, send):
    names = {"up": "upwards", "down": "downwards", "level": "here"}
    field = learn.numbers("The slopes are", names)
    shown = learn.check_each(send(field, {"up": 2.0, "down": 3.0, "level": None}), each).text
    assert "success" in shown and "Right. Up it is." in shown  # noqa: PT018
    assert "warn" in shown and "Not yet. 3 is too much." in shown  # noqa: PT018
    assert "level" not in shown


def test_where_there_is_no_page_the_words_for_several_numbers_are_told():
    said = learn.numbers("Slopes?", {"up": "upwards"})._repr_markdown_()
    assert said.startswith("Slopes? (A dict from these words to numbers.)\n\n- `up`: upwards\n")
