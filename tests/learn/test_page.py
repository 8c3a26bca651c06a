import marimo as mo
import pytest
from matplotlib import rcParams
from matplotlib.colors import to_hex

from microgd import learn
from microgd.draw.plots.theme import COLOURS


def test_a_chart_has_its_title_and_its_labels():
    figure, ax = learn.axes("A parabola", "x", "y", height=2.0)
    assert (ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()) == ("A parabola", "x", "y")
    assert figure.get_size_inches().tolist() == [7.4, 2.0]


def test_charts_side_by_side_share_a_title():
    figure, both = learn.axes("Two", "x", "y", columns=2)
    assert figure.get_suptitle() == "Two"
    assert [ax.get_xlabel() for ax in both] == ["x", "x"]


def test_lines_take_the_colours_of_all_pictures():
    _, ax = learn.axes()
    drawn = [to_hex(ax.plot([0, 1])[0].get_color()) for _ in COLOURS]
    assert drawn == [to_hex(colour) for colour in COLOURS]
    assert learn.COLOURS == COLOURS, "so that a lesson can name one"


def test_the_style_of_others_charts_stays_as_it_was():
    before = dict(rcParams)
    learn.axes("A parabola")
    assert dict(rcParams) == before


def test_jupyter_is_shown_a_picture():
    figure, _ = learn.axes()
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(("mode", "printed"), [("script", "2\n"), ("run", ""), (None, "")])
def test_only_a_script_prints(capsys, monkeypatch, mode, printed):
    monkeypatch.setattr(mo, "app_meta", lambda: type("Meta", (), {"mode": mode}))
    learn.say("2")
    assert capsys.readouterr().out == printed
