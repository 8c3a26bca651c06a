"""Curves of plain numbers: what is drawn, and what has no place on a logarithmic axis."""

import math

import numpy as np
import pytest

from microgd.draw.plots.curves import curves


def drawn(plot):
    """The numbers of each line, by name."""
    return {
        item.label.value: [item.renderers[0].data_source.data[axis].tolist() for axis in "xy"]
        for item in plot.legend[0].items
    }


def test_every_curve_is_drawn_with_its_numbers_and_the_axes_with_their_names():
    plot = curves({"up": ([1, 2], [3, 4]), "down": (range(3), [2.0, 1.0, 0.0])}, "T", "a", "b")
    assert drawn(plot) == {"up": [[1, 2], [3, 4]], "down": [[0, 1, 2], [2, 1, 0]]}
    assert (plot.title.text, plot.xaxis.axis_label, plot.yaxis.axis_label) == ("T", "a", "b")


@pytest.mark.parametrize(
    ("log", "x", "y"),
    [
        ("", [-1.0, 0.0, 1.0, 2.0], [1.0, 0.0, math.nan, math.nan]),
        ("x", [math.nan, math.nan, 1.0, 2.0], [1.0, 0.0, math.nan, math.nan]),
        ("y", [-1.0, 0.0, 1.0, 2.0], [1.0, math.nan, math.nan, math.nan]),
        ("xy", [math.nan, math.nan, 1.0, 2.0], [1.0, math.nan, math.nan, math.nan]),
    ],
)
def test_what_an_axis_has_no_place_for_is_a_gap(log, x, y):
    plot = curves({"one": ([-1, 0, 1, 2], [1.0, 0.0, math.inf, math.nan])}, log=log)
    np.testing.assert_array_equal(drawn(plot)["one"], [x, y])
    kinds = [type(scale).__name__ for scale in (plot.x_scale, plot.y_scale)]
    assert kinds == ["LogScale" if axis in log else "LinearScale" for axis in "xy"]


def test_the_numbers_that_were_given_stay():
    given = np.array([-1.0, 1.0])
    curves({"one": (given, given)}, log="xy")
    assert given.tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({}, "curves: there are none"),
        ({"one": ([1, 2], [1])}, "curves: 'one' has 2 numbers along x, 1 up"),
    ],
)
def test_nothing_to_draw_is_refused(lines, said):
    with pytest.raises(ValueError) as caught:
        curves(lines)
    assert said in str(caught.value)
