"""A recording in a notebook: the frame, and what is left of it where frames are dropped."""

from html.parser import HTMLParser

import numpy as np
import pytest

import microgd as mg
from microgd.draw import notebook

NASTY = "</pre></details></iframe><script>alert(1)</script>\"'\x00\n<b>"


def record(kind="backprop", name="w"):
    w = mg.tensor(0.5, requires_grad=True, name=name)
    return getattr(mg.explain, kind)(mg.tanh(w * w))


class Reader(HTMLParser):
    """The elements, the frame's attributes, and the text outside of the frame."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.frame, self.text, self.open = [], {}, "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "iframe":
            self.frame = dict(attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("kind", ["backprop", "forward"])
@pytest.mark.parametrize("name", ["w", NASTY, "\u202e", "x" * 100_000])
def test_a_sandboxed_frame_and_text(kind, name):
    shown = record(kind, name)
    found = shown._repr_mimebundle_(include=None, exclude=None)
    assert set(found) == {"text/plain", "text/html"}
    assert "pass" in found["text/plain"]
    html = Reader(found["text/html"])
    assert html.tags == ["iframe", "details", "summary", "pre"]
    assert html.open == []
    assert html.frame["sandbox"] == "allow-scripts"
    assert html.frame["srcdoc"] == notebook.page(shown, "LR")
    for step in shown:
        assert f"step {step.number}: {step.name} = " in " ".join(html.text.split())


def test_without_frames_the_numbers_remain():
    """What Jupyter leaves of an untrusted notebook: no frame, no script."""
    html = record()._repr_mimebundle_()["text/html"]
    rest = Reader(html[html.index("</iframe>") + len("</iframe>") :])
    assert rest.tags == ["details", "summary", "pre"]
    for number in ("0.2449", "0.94", "0.47"):
        assert number in rest.text


def test_marimo_asks_for_one_type():
    kind, html = record()._mime_()
    assert kind == "text/html"
    assert html == record()._repr_mimebundle_()["text/html"]


def test_very_many_steps_are_cut_and_say_so(monkeypatch):
    monkeypatch.setattr(notebook, "page", lambda *_: "")
    node = mg.tensor(np.ones(2), requires_grad=True)
    for _ in range(notebook.MOST + 5):
        node = node * 1.0
    html = mg.explain.backprop(node.sum())._repr_mimebundle_()["text/html"]
    assert f"step {notebook.MOST}:" in html
    assert "and 6 more steps" in html


def test_a_page_too_long_for_a_notebook_is_left_to_a_file(monkeypatch):
    monkeypatch.setattr(notebook, "MOST_STEPS", 1)
    html = Reader(record()._repr_mimebundle_()["text/html"])
    assert html.tags == ["details", "summary", "pre"]
    assert "step 2: " in html.text


def test_a_step_and_a_debugger_show_their_text():
    loss = record(name=NASTY).loss
    debug = mg.explain.debug(loss)
    assert "before step 1 of 2" in debug._repr_html_()
    step = debug.step()
    for shown in (step._repr_html_(), debug._repr_html_()):
        html = Reader(shown)
        assert html.tags == ["pre"]
        assert str(step) in html.text
    assert "-> v2 = tanh(v1)" in html.text


def test_saved_it_is_the_page(tmp_path):
    path = record().save(tmp_path / "steps.html")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
