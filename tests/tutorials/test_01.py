"""Lesson 1: slopes by pencil, by exact fractions, and by turning around once in plain NumPy."""

import math
from fractions import Fraction

import numpy as np
import pytest


def hill(x, y):
    return 100 - x**2 - 4 * y**2


def test_the_strings_have_the_slopes_of_exact_arithmetic(lesson):
    one = Fraction(1)
    runs = [Fraction(1, 10**k) for k in range(4)]
    exact = [((one + run) ** 2 - one) / run for run in runs]
    assert exact == [2 + run for run in runs]  # "2x + run", with a pencil
    np.testing.assert_allclose(lesson["runs"], [float(run) for run in runs], rtol=1e-15)
    np.testing.assert_allclose(lesson["strings"], [float(slope) for slope in exact], rtol=1e-12)


def test_the_last_string_is_nearly_2(lesson):
    assert abs(lesson["strings"][-1] - 2) < 0.01
    assert "nearly 2" in lesson["guess_limit"].options


def test_the_closest_peg_looks_like_one_line_and_the_farthest_does_not(lesson):
    """How far road and string are apart in the window, as a share of the window's height."""

    def gap(run):
        figure = lesson["draw_string"](run)
        road, string = (line.get_ydata() for line in figure.axes[1].lines[:2])
        return abs(road - string).max() / np.ptp(road)

    assert gap(1) > 0.05
    assert gap(0.001) < 0.001


def test_the_magnifying_glass_names_its_power_and_the_string_its_slope(lesson):
    titles = [ax.get_title(loc="left") for ax in lesson["draw_string"](0.01).axes]
    assert titles == ["The string has slope 2.01", "Under a magnifying glass, 100 times"]


def test_at_nine_places_the_slope_is_twice_the_place(lesson):
    places = np.arange(-2, 2.5, 0.5)
    np.testing.assert_array_equal(lesson["places"], places)
    np.testing.assert_allclose(lesson["slopes_there"], 2 * places + 0.001, atol=1e-9)
    np.testing.assert_array_equal(lesson["exact"], 2 * places)  # "with no error at all"


def test_too_far_and_too_close_are_wrong_by_what_the_text_says(lesson):
    errors, best = lesson["errors"], lesson["best"]
    far = lesson["exponents"] < 6
    np.testing.assert_allclose(errors[far], 10.0 ** -lesson["exponents"][far], rtol=1e-3)
    assert errors.argmin() == best
    # the two errors, run and rounding / run, balance at about the square root of a last digit
    assert abs(best + math.log10(math.sqrt(np.finfo(float).eps))) < 1
    assert 1 + 1e-16 == 1.0  # "the same place to the last digit"
    assert lesson["closest"] == 0
    assert errors[17] == 2


def test_the_slider_to_break_it_shows_slope_0_at_its_end(lesson):
    def title(k):
        return lesson["draw_errors"](k).axes[0].get_title(loc="left")

    assert title(2) == "With a run of $10^{-2}$ the string has slope 2.01"
    assert title(17) == "With a run of $10^{-17}$ the string has slope 0"


def test_the_partial_derivatives_are_those_of_finite_differences(lesson):
    run = 1e-6
    east = (hill(3 + run, 1) - hill(3 - run, 1)) / (2 * run)
    north = (hill(3, 1 + run) - hill(3, 1 - run)) / (2 * run)
    assert (lesson["east"].item(), lesson["north"].item()) == (-6, -8)
    np.testing.assert_allclose([east, north], [-6, -8], rtol=1e-8)
    assert lesson["hill"](3.0, 1.0) == hill(3, 1) == 87
    assert hill(0, 1) == 96  # the top of the road to the east, as in the picture


def test_turning_around_once_finds_the_largest_slope(lesson):
    headings = np.radians(np.arange(0, 360, 0.01))
    run = 1e-5
    x, y = np.cos(headings), np.sin(headings)
    slopes = (hill(3 + run * x, 1 + run * y) - hill(3 - run * x, 1 - run * y)) / (2 * run)
    every = lesson["every"]
    assert every.slopes.max() == pytest.approx(slopes.max(), rel=1e-6)
    assert every.slopes.max() == pytest.approx(10)
    assert every.heading % 360 == pytest.approx(np.degrees(headings[slopes.argmax()]), abs=0.01)
    np.testing.assert_allclose(np.diff(every.angles), 5)  # "5 degrees apart"
    assert len(every.slopes) - 1 == 72
    assert "10" in lesson["guess_steepest"].options


def test_the_steepest_way_leads_past_the_summit(lesson):
    way = np.array([0 - 3, 0 - 1])  # the summit is at (0, 0)
    slope = np.array([-6, -8]) @ way / np.linalg.norm(way)
    assert lesson["towards_summit"] == pytest.approx(slope)
    assert slope < 9
    assert abs(lesson["to_summit"] - lesson["every"].heading % 360) > 30


@pytest.mark.parametrize(("off", "cosine"), [(0, 1), (60, 0.5), (90, 0), (180, -1)])
def test_the_table_of_cosines(lesson, off, cosine):
    assert lesson["turns"][off] == pytest.approx(10 * cosine, abs=1e-9)


@pytest.mark.parametrize(("x", "y"), [(3, 1), (-5, 3), (0.5, -3)])
def test_the_crosses_lie_on_the_curve(lesson, x, y):
    figure = lesson["draw_compass"](40, x, y)
    right = figure.axes[1]
    curve, crosses = (
        next(line for line in right.lines if len(line.get_xdata()) == count) for count in (181, 25)
    )
    on_curve = np.interp(crosses.get_xdata(), curve.get_xdata(), curve.get_ydata())
    np.testing.assert_allclose(crosses.get_ydata(), on_curve, atol=0.01)
    assert curve.get_ydata().max() == pytest.approx(math.hypot(2 * x, 8 * y), rel=1e-3)


def test_at_the_summit_there_is_no_arrow_and_the_picture_says_why(lesson):
    figure = lesson["draw_compass"](90, 0, 0)
    said = " ".join(text.get_text() for text in figure.axes[1].texts)
    assert "no direction goes uphill" in said
    arrows = [c for c in figure.axes[0].collections if type(c).__name__ == "Quiver"]
    assert len(arrows) == 1  # where you look, and no other


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (12, "Right. While $y$ stands still"),
        (12.002, "Right"),
        (18, "the height $f(3, 2)$ itself"),
        (9, "you let $x$ stand still"),
        (6, "the slope of $x^2$ alone"),
        (21, "the sum of both partial derivatives"),
        (36, "is not 36"),
        (-12, "is not -12"),
    ],
)
def test_the_partial_derivative_is_checked(lesson, answer, says):
    checked = lesson["check_partial"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_numbers_of_the_partial_derivative_are_those_of_the_function():
    def f(x, y):
        return x**2 * y

    assert f(3, 2) == 18
    assert f(3.001, 2) == pytest.approx(18.012, abs=1e-4)
    assert (f(3 + 1e-7, 2) - f(3, 2)) / 1e-7 == pytest.approx(12, rel=1e-6)
    assert (f(3, 2 + 1e-7) - f(3, 2)) / 1e-7 == pytest.approx(9, rel=1e-6)


@pytest.mark.parametrize(
    ("number", "slope", "says"),
    [
        (0, 5, "It points uphill"),
        (1, 0, "at a right angle"),
        (2, -4, "nothing goes to the west"),
        (3, -5, "Right. Straight against the gradient"),
    ],
)
def test_the_way_down_is_checked(lesson, number, slope, says):
    option = lesson["answer_down"].options[number]
    checked = lesson["check_down"](option)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")
    way = np.array([float(part) for part in option.strip("()").split(",")])
    assert np.array([3, 4]) @ way / np.linalg.norm(way) == pytest.approx(slope)
    assert f"{slope:g}" in str(checked)


BODY = "def slope_north(f, x, y, run):\n    rise = {}\n    return {}\n"


@pytest.mark.parametrize(
    ("rise", "value", "says"),
    [
        ("f(x, y + run) - f(x, y)", "rise / run", "Right. With a run of 0.5 it gives -10"),
        ("f(x + run, y) - f(x, y)", "rise / run", "the slope to the east: you moved `x`"),
        ("f(x, y + run) - f(x, y)", "rise", "the rise alone"),
        ("f(x, y) - f(x, y + run)", "rise / run", "the sign is not"),
        ("f(x + run, y + run) - f(x, y)", "rise / run", "You moved `x` and `y` both"),
        ("f(x, y + run) - f(x, y)", "run / rise", "run over rise"),
        ("f(x, y + run)", "rise / run", "a difference of two heights"),
        ("f(x, y) - f(x, y - run)", "rise / run", "stands behind you"),
        ("f(x, y + run) - f(x, y - run)", "rise / run", "twice the run apart"),
        ("mg.grad(f, 1)(x, y).item()", "rise", "That is the derivative"),
        ("f(x, y + 0.5) - f(x, y)", "rise / 0.5", "use `run`, and not a number in its place"),
        ("7", "rise / run", "your function gives 14"),
        ("f(x, y + run) - f(x, y)", "None", "returns nothing"),
        ("...", "rise / run", "Line 3"),
        ("f(x, y + run) - f(x, y", "rise / run", "SyntaxError"),
        ("f(x, z)", "rise / run", "NameError: name 'z'"),
    ],
)
def test_the_pegs_to_the_north_are_checked(lesson, rise, value, says):
    checked = lesson["check_north"](BODY.format(rise, value))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_without_the_function_it_is_said_what_is_missing(lesson):
    assert "`slope_north` is still to be written" in str(lesson["check_north"]("rise = 1"))
