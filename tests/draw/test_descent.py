"""Races as pages, tables and plots: what they hold is what was recorded."""

import json
import math
import re

import numpy as np
import pytest

from microgd import optim
from microgd.descent import SURFACES, clipping, directions, race, rates, sampled
from microgd.draw.descent.notebook import MOST_ROWS as MOST_IN_A_NOTEBOOK
from microgd.draw.descent.page import GRID, MOST_ROWS, page
from microgd.draw.descent.play import field, shown
from microgd.draw.descent.table import outcome, plain
from microgd.draw.descent.words import SLOTS, notes
from microgd.draw.plots import descent as plots
from microgd.draw.terminal import console


def data_of(html):
    return json.loads(re.search(r'id="record">(.*?)</script>', html)[1])


@pytest.mark.parametrize("name", SURFACES)
def test_the_page_holds_the_race(name):
    found = race(name, ["momentum", "adam"], steps=12, noise=0.01)
    told = data_of(page(found))
    for run, said in zip(found.runs, told["runs"], strict=True):
        assert said["name"] == run.name
        for key, values in (("points", run.points), ("losses", run.losses), ("seen", run.seen)):
            assert np.array(said[key]) == pytest.approx(values, rel=1e-6, abs=1e-300)
        for state in said["state"]:
            assert np.array(state["values"]) == pytest.approx(run.state[state["name"]], rel=1e-6)
            assert (state["words"], state["drawn"]) == SLOTS[state["name"]]


@pytest.mark.parametrize("name", SURFACES)
def test_the_ground_of_the_page_can_be_turned_back_into_values(name):
    told = data_of(page(race(name, "sgd", steps=1)))["surface"]
    heights = np.array(told["heights"]).reshape(GRID, GRID)
    assert heights.min() >= 0
    assert heights.max() == 1
    values = told["low"] + told["span"] * heights ** (1 / told["power"])
    _, _, expected = SURFACES[name].grid(GRID)
    assert values == pytest.approx(expected, rel=2e-3, abs=2e-4 * told["span"])
    assert np.median(heights) <= 0.5 + 1e-5 or told["power"] == 1


def test_a_page_is_made_of_itself_alone():
    html = page(race("ravine", steps=5))
    markup = re.sub(r'<script type="application/json".*?</script>', "", html, flags=re.DOTALL)
    assert "://" not in re.sub(r"http://www\.w3\.org/\S+", "", markup)
    assert "default-src 'none'" in html


def test_a_name_is_text_wherever_it_comes():
    def wild(x, y):
        return x**2 + y**2

    wild.__name__ = "<script>alert(1)</script>"
    found = race(wild, {"</script><b>": lambda p: optim.SGD(p, lr=0.1)}, steps=2)
    html = page(found)
    assert "<script>alert" not in html
    assert "</script><b>" not in html
    assert data_of(html)["runs"][0]["name"] == "</script><b>"
    bundle = found._repr_mimebundle_()
    assert "<script>alert" not in bundle["text/html"]


def test_what_is_not_finite_is_no_json_number():
    found = race(lambda x, y: x**4 + y**2, "adam", start=(1e60, 1.0), steps=2)
    assert np.isinf(found.runs[0].state["exp_avg_sq"]).any()
    assert data_of(page(found))["runs"][0]["state"][1]["values"][1][0] is None


@pytest.mark.parametrize("f", [lambda x, y: 0 * x * y + 3, lambda x, y: (x - 9).log() + y])
def test_a_flat_ground_and_one_with_holes_are_drawn(f):
    told = data_of(page(race(f, "sgd", start=(11.0, 0.0), steps=2)))
    assert np.isfinite(told["surface"]["heights"]).all()


def test_too_many_steps_are_refused_with_a_way_out():
    found = race("bowl", ["sgd", "momentum"], steps=MOST_ROWS // 2 + 1)
    with pytest.raises(ValueError, match=r"20,002 steps in all, of which a page holds 20,000"):
        page(found)


def test_a_notebook_shows_the_page_in_a_frame_and_text_below():
    bundle = race("bowl", ["sgd"], steps=5)._repr_mimebundle_()
    assert bundle["text/plain"] == "<race on bowl: sgd; 5 steps>"
    assert 'sandbox="allow-scripts' in bundle["text/html"]
    assert "allow-same-origin" not in bundle["text/html"]
    assert "final loss" in bundle["text/html"]
    long = race("bowl", ["sgd"], steps=MOST_IN_A_NOTEBOOK + 1)._repr_mimebundle_()
    assert "<iframe" not in long["text/html"]
    assert "final loss" in long["text/html"]


def test_every_run_makes_the_frame_a_row_higher():
    def height(rules):
        bundle = race("bowl", rules, steps=2)._repr_mimebundle_()
        return int(re.search(r"height: (\d+)px", bundle["text/html"])[1])

    one, two, four = (height(["sgd", "momentum", "adam", "adagrad"][:n]) for n in (1, 2, 4))
    assert four - two == 2 * (two - one) > 0


def test_marimo_shows_the_same_frame():
    found = race("bowl", ["sgd"], steps=5)
    assert found._mime_() == ("text/html", found._repr_mimebundle_()["text/html"])


def test_save_writes_the_page_and_returns_its_path(tmp_path):
    for found in (race("bowl", steps=2), directions("bowl"), rates(steps=3), sampled(steps=2)):
        path = found.save(tmp_path / f"{type(found).__name__}.html")
        assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


# --- words ---------------------------------------------------------------------------------------


def test_the_limit_is_told_before_the_run():
    assert notes(race("ravine", steps=1)) == [
        "Largest curvature L = 50 everywhere: descent is stable up to 2/L = 0.04."
    ]
    told = notes(race("himmelblau", "sgd", steps=1, noise=0.5, clip=2.0))
    assert told[0].startswith("Largest curvature at the start L = -18.7: curved downwards")
    assert told[1].startswith("At the nearest minimum L = 105.4: descent is stable up to 2/L")
    assert told[2] == "Noise of standard deviation 0.5, gradients clipped at 2."
    bent = notes(race("rosenbrock", "sgd", steps=1))
    assert bent[0].startswith("Largest curvature at the start L = 1506: there, descent is")


def test_a_schedule_and_fading_noise_are_told():
    told = notes(
        race("bowl", "sgd:0.5", steps=4, noise=(1, 0.55),
             schedule=lambda rule: optim.StepLR(rule, 2)))  # fmt: skip
    assert told[-1] == (
        "Noise of variance 1 / (1 + step)**0.55, rate scheduled, of sgd:0.5 between 0.005 and 0.5."
    )


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_the_table_fits_and_keeps_the_outcome(width):
    found = race("ravine", ["sgd", "sgd:0.06", "adam"], steps=100)
    said = plain(found, width)
    assert max(map(len, said.splitlines())) <= width
    assert "…" not in said
    assert re.search(r"^sgd .*0.02648", said, re.MULTILINE)
    assert ("distance" in said) == (width >= 80)
    assert ("reached" in said) == (width >= 40)


def test_the_table_says_who_left_and_who_diverged():
    said = plain(race("rosenbrock", ["sgd:1", "sgd"], steps=50))
    assert re.search(r"sgd:1 .*diverged at \d", said)
    assert "left at 93" in plain(clipping("cliff", steps=120))


def test_the_table_has_no_empty_column():
    assert "end" not in [c.header for c in outcome(race("bowl", "sgd", steps=3), 80).columns]


@pytest.mark.parametrize("width", [40, 80])
def test_a_step_in_a_terminal_shows_balls_and_numbers(width):
    found = race("ravine", ["sgd", "momentum", "adam"], steps=20)
    drawn = field(found, 7, width).plain.splitlines()
    assert {len(line) for line in drawn} == {min(width, 64)}
    for mark, run in zip("123", found.runs, strict=True):
        (row,) = [k for k, line in enumerate(drawn) if mark in line]
        x = -10 + 20 * drawn[row].index(mark) / (len(drawn[row]) - 1)
        y = 8 - 16 * row / (len(drawn) - 1)
        assert math.dist((x, y), run.points[7]) < 0.75
    screen = console()
    with screen.capture() as captured:
        screen.print(shown(found, 7, width))
    assert "velocity" in captured.get()
    assert "ravine, step 7 of 20" in captured.get()


@pytest.mark.parametrize(("columns", "lines"), [(80, 40), (40, 40), (60, 24)])
def test_keys_step_through_a_race_in_a_terminal(columns, lines):
    from pseudo_terminal import Terminal

    program = "from microgd.descent import race; race('ravine', steps=30).play(); print('over')"
    terminal = Terminal(columns, program, lines)
    terminal.wait_for("step 0 of 30")
    for keys, step in [
        (b"n", 1), (b"\x1b[C", 2), (b"p", 1), (b"p", 0), (b"p", 0), (b"f", 10), (b"b", 0),
        (b"G", 30), (b"n", 30), (b"g", 0), (b"\x1b[F", 30), (b"b", 20), (b"?n", 21),
    ]:  # fmt: skip
        terminal.press(keys)
        said = terminal.wait_for(rf"step {step} of 30(.|\n)*?3 second moment: ")
        assert all(mark in said for mark in "123")
    terminal.press(b"q")
    assert "step 21 of 30" in terminal.wait_for("over")
    assert terminal.close() == 0


def test_play_prints_the_outcome_where_nobody_can_press_a_key(capsys):
    race("bowl", "sgd", steps=3).play()
    assert "final loss" in capsys.readouterr().out


# --- plots ---------------------------------------------------------------------------------------


def points(plot, name):
    (found,) = [r for r in plot.renderers if name in r.data_source.data]
    return found.data_source.data


def test_the_plot_of_directions_shows_every_slope():
    found = directions("beale", count=13)
    told = points(plots.directions(found), "slope")
    assert told["slope"].tolist() == found.slopes.tolist()
    assert told["angle"].tolist() == found.angles.tolist()


def test_the_plot_of_the_limit_has_its_line_at_two_over_the_curvature():
    found = rates("ravine", steps=10)
    plot = plots.limits(found)
    spans = [s.location for s in plot.center if type(s).__name__ == "Span"]
    assert found.limit in spans
    dots = [r.data_source.data for r in plot.renderers if "measured" in r.data_source.data]
    assert [dot["x"][0] for dot in dots] == [rate.lr for rate in found.rates]
    assert [dot["y"][0] for dot in dots] == [abs(rate.factor) for rate in found.rates]


def test_the_plot_of_rates_shows_the_loss_above_the_lowest():
    found = rates("saddle", start=(0.3, 0.8), steps=10)
    plot = plots.rates(found)
    for rate, renderer in zip(found.rates, plot.renderers, strict=True):
        told = renderer.data_source.data["y"]
        losses = found.race[rate.name].losses
        assert told == pytest.approx(np.maximum(losses + 0.25, plots.SMALLEST))


def test_a_run_that_flies_off_leaves_room_for_the_others():
    found = rates("beale")
    assert found.race["oscillating"].losses[-1] > 1e200
    start, end = (plots.rates(found).y_range.start, plots.rates(found).y_range.end)
    first, calm = found.race.runs[0].losses[0], found.race["right"].losses
    assert start < calm.min()
    assert first < end <= 1e6 * first
    assert math.isnan(plots.rates(rates("ravine")).y_range.end), "nobody flies off: as it comes"


def test_where_the_limit_is_that_of_a_place_the_plot_names_it():
    along = plots.rates(rates("beale", steps=5)).xaxis[0].axis_label
    assert along == "step; 2/L is that of (3, 0.5)"
    assert plots.rates(rates("ravine", steps=5)).xaxis[0].axis_label == "step"


def test_the_plot_of_batches_counts_points():
    found = sampled(steps=4)
    plot = plots.sampled(found)
    for (name, size), renderer in zip(found.sizes.items(), plot.renderers, strict=True):
        assert renderer.data_source.data["x"].tolist() == [size, 2 * size, 3 * size, 4 * size]
        assert renderer.data_source.data["name"] == [name] * 4
