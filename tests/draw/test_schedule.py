"""Rates to come as a picture: the numbers are those of the preview, and all have a name."""

import re

import numpy as np
import pytest
from bokeh.models import HoverTool
from schedule_cases import optimizer, single

import microgd as mg
from microgd import optim

ONE_GROUP = [0.1]


def lines(plot):
    """The curves by what the legend calls them."""
    return {
        item.label.value: item.renderers[0].data_source.data["y"] for item in plot.legend[0].items
    }


def test_the_curve_is_the_preview_and_nothing_is_touched():
    plan = single("CosineAnnealingLR", 30)
    plan.step()
    before = repr((plan.state_dict(), plan.optimizer.state_dict()))
    plot = mg.draw.schedule(plan, 40)
    found = lines(plot)
    assert list(found) == ["CosineAnnealingLR"]
    np.testing.assert_array_equal(found["CosineAnnealingLR"], plan.preview(40))
    source = plot.legend[0].items[0].renderers[0].data_source.data
    np.testing.assert_array_equal(source["x"], np.arange(40))
    assert repr((plan.state_dict(), plan.optimizer.state_dict())) == before


def test_each_group_has_its_curve():
    plan = optim.ExponentialLR(optimizer(), 0.9)
    found = lines(mg.draw.schedule(plan, 5))
    assert list(found) == ["group 0: ExponentialLR", "group 1: ExponentialLR"]
    np.testing.assert_array_equal(np.stack(list(found.values()), axis=1), plan.preview(5))


def test_several_are_told_apart_by_kind_options_or_names():
    rule = optimizer("SGD", ONE_GROUP)
    halves, tenths, cosine = (
        optim.StepLR(rule, 3, 0.5), optim.StepLR(rule, 3), optim.CosineAnnealingLR(rule, 9),
    )  # fmt: skip
    sequence = optim.SequentialLR(rule, [halves, cosine], [4])
    found = lines(mg.draw.schedule([halves, tenths, cosine, cosine, sequence], 9))
    assert list(found) == [
        "StepLR(step_size=3, gamma=0.5)",
        "StepLR(step_size=3)",
        "CosineAnnealingLR(T_max=9)",
        "CosineAnnealingLR(T_max=9) (2)",
        "StepLR, CosineAnnealingLR",
    ]
    np.testing.assert_array_equal(found["StepLR, CosineAnnealingLR"], sequence.preview(9))
    named = lines(mg.draw.schedule({"a": halves, "<b>": tenths}, 9))
    assert list(named) == ["a", "<b>"]
    np.testing.assert_array_equal(named["<b>"], tenths.preview(9))


def test_a_plateau_is_drawn_as_if_nothing_got_better():
    plan = single("ReduceLROnPlateau", patience=2)
    found = lines(mg.draw.schedule(plan, 9))
    np.testing.assert_array_equal(found["ReduceLROnPlateau, no progress"], plan.preview(9))


@pytest.mark.parametrize(("steps", "glyph"), [(60, "Step"), (61, "Line")])
def test_few_steps_are_stairs(steps, glyph):
    plot = mg.draw.schedule(single("StepLR", 3), steps)
    assert type(plot.legend[0].items[0].renderers[0].glyph).__name__ == glyph


def test_a_nothing_has_no_place_on_a_logarithmic_axis():
    found = lines(mg.draw.schedule(single("PolynomialLR", 3), 5, log="y"))["PolynomialLR"]
    assert np.isfinite(found).tolist() == [True] * 3 + [False] * 2


@pytest.mark.parametrize(
    ("names", "columns", "rows"),
    [
        (["a"], "auto", 1),
        (["training", "validation"], "auto", 1),
        ([f"class {i}" for i in range(10)], 3, 4),
        (["number 1 of three", "number 2 of three", "number 3"], 2, 2),
        (["a name that is very long indeed", "short", "and another"], 1, 3),
    ],
)
def test_a_legend_too_long_for_a_line_takes_several_and_the_plot_is_no_lower(names, columns, rows):
    rule = optimizer("SGD", ONE_GROUP)
    plot = mg.draw.schedule({name: optim.StepLR(rule, 3) for name in names}, 9, height=300)
    box = plot.legend[0]
    assert (box.ncols, box.nrows if rows > 1 else 1) == (columns, rows)
    assert plot.height == 300 + 24 * (rows - 1)


def test_it_is_shown_and_saved_as_other_plots_are(tmp_path):
    plot = mg.draw.schedule(single("StepLR", 3), 9, height=200)
    assert plot.height == 200
    assert plot.select(type=HoverTool)
    assert plot._repr_mimebundle_()["text/plain"] == "<plot: Learning rate>"
    plot.save(tmp_path / "plot.html")
    page = (tmp_path / "plot.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert re.findall(r"<(?:script|img|iframe|link)[^>]*(?:src|href)", page) == []


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        (None, "draw.schedule: None is no schedule; give one such as optim.CosineAnnealingLR("),
        ([3], "draw.schedule: 3 is no schedule; give one such as optim.CosineAnnealingLR("),
        ({"a": "b"}, "draw.schedule: 'b' is no schedule; give one such as"),
        ([], "draw.schedule: there are no schedules; give at least one"),
    ],
)
def test_what_is_no_schedule_is_refused(plans, said):
    with pytest.raises((TypeError, ValueError)) as error:
        mg.draw.schedule(plans, 9)
    assert str(error.value).startswith(said)


def test_no_steps_are_no_picture():
    with pytest.raises(ValueError) as error:
        mg.draw.schedule(single("StepLR", 3), 0)
    assert str(error.value) == "StepLR.preview: steps is 0; give 1 step or more"
