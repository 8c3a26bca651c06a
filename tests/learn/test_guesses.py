import marimo as mo
import pytest
from marimo._runtime.control_flow import MarimoStopError

from microgd import learn

OPTIONS = ["it grows", "it shrinks"]


def test_nothing_is_told_before_there_is_a_guess(on_a_page):
    guessed = learn.guess("What does the gradient do?", OPTIONS)
    assert guessed.value is None
    with pytest.raises(MarimoStopError) as stopped:
        learn.reveal(guessed, "it grows", "Measured: 3.")
    assert "when you have sent your guess" in stopped.value.output.text
    assert "Measured" not in stopped.value.output.text


@pytest.mark.parametrize(
    ("guessed", "kind", "says"),
    [
        ("it grows", "success", "it grows: as you said."),
        ("it shrinks", "warn", "You said: it shrinks. It is: it grows."),
    ],
)
def test_a_guess_is_answered_by_what_was_measured(on_a_page, send, guessed, kind, says):
    field = send(learn.guess("What does the gradient do?", OPTIONS), guessed)
    said = learn.reveal(field, "it grows", "Measured: 3.").text
    assert says in said
    assert "Measured: 3." in said
    assert kind in said


def test_outside_of_a_page_nobody_waits_and_the_answer_is_told(send):
    field = learn.guess("What does the gradient do?", OPTIONS)
    said = learn.reveal(field, "it grows", "Measured: 3.").text
    assert "it grows." in said
    assert "Measured: 3." in said
    said = learn.reveal(send(field, "it shrinks"), "it grows", "Measured: 3.").text
    assert "You said: it shrinks" in said


@pytest.mark.parametrize("page", [False, True])
def test_what_is_true_must_be_among_the_options(monkeypatch, page):
    monkeypatch.setattr(mo, "running_in_notebook", lambda: page)
    field = learn.guess("What does the gradient do?", OPTIONS)
    with pytest.raises(ValueError, match="none of") as raised:
        learn.reveal(field, "it waits", "")
    assert str(raised.value) == (
        "reveal: right is 'it waits', which is none of it grows, it shrinks"
    )


def test_a_script_prints_what_is_true(capsys, monkeypatch):
    monkeypatch.setattr(mo, "app_meta", lambda: type("Meta", (), {"mode": "script"}))
    learn.reveal(learn.guess("What does the gradient do?", OPTIONS), "it grows", "Measured: 3.")
    assert capsys.readouterr().out == "it grows: Measured: 3.\n"
