"""Lesson 5: rules against closed forms and plain NumPy, and what is said of wrong answers."""

import math

import numpy as np
import pytest

TRUE = -2 / math.e  # the slope of exp(-x**2) at 1


def bump(x):
    return np.exp(-x * x)


def test_the_operation_computes_and_derives(lesson):
    x = np.linspace(-3, 3, 13)
    np.testing.assert_allclose(lesson["bump"](x), [math.exp(-v * v) for v in x], rtol=1e-14)
    slope = lesson["bump"].derivatives[0].rule(bump(x), x)
    np.testing.assert_allclose(slope, (bump(x + 1e-6) - bump(x - 1e-6)) / 2e-6, atol=1e-9)


def test_the_text_of_the_formula_is_what_the_rule_computes(lesson):
    for name in ("bump", "bump_without_minus"):
        local = lesson[name].derivatives[0]
        names = {"x": 0.7, "out": 0.3}
        assert local.rule(0.3, 0.7) == pytest.approx(eval(local.formula, {}, names))  # noqa: S307


def test_the_loss_has_the_slope_that_the_chain_rule_gives(lesson):
    out = math.exp(-0.36)
    assert lesson["slope_c"] == pytest.approx(2 * (out - 0.9) * out * 2 * 0.6, rel=1e-12)


def descent(factor, steps=30):
    """The training of the lesson, in plain NumPy."""
    t, c, losses = np.linspace(-2, 2, 25), 0.8, []
    for step in range(steps + 1):
        off = bump(t - c) - bump(t)
        losses.append((off**2).mean())
        if step < steps:
            c -= 0.5 * factor * (2 * off * 2 * (t - c) * bump(t - c)).mean()
    return losses, c


@pytest.mark.parametrize("factor", [-2, -1, 0, 0.5, 1, 4, 7, 16])
def test_training_by_a_false_rule_is_what_plain_numpy_does(lesson, factor):
    losses, centres = lesson["trained"](factor)
    expected, c = descent(factor)
    np.testing.assert_allclose(losses, expected, rtol=1e-6, atol=1e-15)
    assert centres[-1] == pytest.approx(c, abs=1e-6)


def test_without_its_sign_the_loss_rises_at_every_step(lesson):
    assert all(np.diff(lesson["lied_losses"][:20]) > 0)
    assert lesson["lied_losses"][-1] > 2 * lesson["lied_losses"][0]
    assert abs(lesson["lied_centres"][-1]) > 1.8
    assert all(np.diff(lesson["right_losses"]) < 0)
    assert lesson["right_losses"][-1] < lesson["half_losses"][-1] < lesson["right_losses"][0]


def test_the_slider_breaks_the_rule_where_the_text_says(lesson):
    trained = lesson["trained"]
    assert len(set(trained(0)[0])) == 1
    assert trained(4)[0][-1] < trained(1)[0][-1]
    t = np.linspace(-2, 2, 25)
    curvature = 2 * ((2 * t * bump(t)) ** 2).mean()  # of the loss, at its minimum
    assert 6.5 < 2 / (0.5 * curvature) < 7  # the limit 2/L, as a factor of the rate
    assert all(np.diff(trained(6.5)[0]) < 0)
    for factor in np.arange(7, 16.1, 0.5):
        assert np.abs(trained(factor)[1][-3:]).max() > 0.04


def test_the_error_of_the_ruler_is_that_of_taylor_and_of_rounding(lesson):
    def third(x):  # the third derivative of the bump
        return (12 * x - 8 * x**3) * bump(x)

    errors = lesson["error_at"]
    assert lesson["true_slope"] == pytest.approx(TRUE, rel=1e-15)
    assert errors[-1] == pytest.approx(abs(third(1.0)) / 6 * 0.01, rel=0.02)
    assert errors[-5] == pytest.approx(abs(third(1.0)) / 6 * 1e-10, rel=0.2)
    assert errors[-5] < errors[-1] < errors[-15]


def test_the_best_run_and_the_digits_that_are_left(lesson):
    best = 10.0 ** lesson["exponents"][lesson["errors"].argmin()]
    assert 1e-6 < best < 1e-5
    nearby = lesson["errors"][np.abs(lesson["exponents"] + 5.5) <= 0.5]
    assert 4 <= 16 + np.log10(np.median(nearby) / -TRUE) <= 5
    assert lesson["measured_slope"](1.0, 1e-17) == 0
    squared = lesson["measured_slope"](1.0, np.array([1e-2, 1e-3])) - TRUE
    assert squared[0] / squared[1] == pytest.approx(100, rel=1e-3)


def test_gradcheck_passes_the_right_rule_and_names_each_mistake(lesson):
    assert lesson["said_right"] == "True"
    assert "bump, input 0 (x)" in lesson["said_sign"]
    assert "wrong sign: -1 times" in lesson["said_sign"]
    assert "scale_rows, input 1 (s)" in lesson["said_square"]
    assert "a wrong axis?" in lesson["said_oblong"]
    assert "pick, input 0 (x), element (2,)" in lesson["said_pick"]
    assert "overwritten, not added?" in lesson["said_pick"]


def test_a_square_table_hides_the_wrong_axis_from_the_engine(lesson):
    x = np.random.default_rng(5).normal(size=(3, 3)).round(1)
    np.testing.assert_allclose(lesson["square_rule"], x.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(lesson["square_ruler"], x.sum(axis=1), rtol=1e-8)
    assert abs(x.sum(axis=0) - x.sum(axis=1)).min() > 0.5
    assert "gradient (3,)" in lesson["oblong_error"]
    assert "(4,)" in lesson["oblong_error"]


def test_what_is_picked_twice_is_given_two_contributions(lesson):
    g = [1.0, 0.5, 0.8, 0.6]
    expected = np.zeros(3)
    np.add.at(expected, [0, 2, 2, 1], g)
    np.testing.assert_allclose(lesson["pick_ruler"], expected)
    np.testing.assert_allclose(lesson["pick_rule"], [1.0, 0.6, 0.8])
    assert lesson["picked_places"] == [0, 2, 2, 1]
    once = lesson["verdict"](lambda x: lesson["pick"](x, places=[2, 0, 1]), np.array([0.3, 1, 2]))
    assert once == "True"  # "a test that picks nothing twice would have found nothing"


def test_at_the_kink_the_ruler_measures_half(lesson):
    assert "relu" in lesson["said_kink"]
    weight = np.random.default_rng(0).uniform(0.5, 1.5, 1)[0]
    assert f"{weight / 2:.6f}"[:7] in lesson["said_kink"]


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("x / out", "Right. Rule and ruler agree"),
        ("x / np.sqrt(1 + x * x)", "Right"),
        ("-x / out", "does it rise or fall?"),
        ("2 * x / out", "Which factor comes from the root"),
        ("x / (2 * out)", "Which factor comes from the root"),
        ("2 * x", "slope of what stands under the root; the root has one too"),
        ("x", "but where is the root?"),
        ("1 / (2 * out)", "That is the slope of the root"),
        ("1 / out", "has a slope as well, which is 2x"),
        ("x * out", "below the line, not above"),
        ("0 * x", "level everywhere"),
        ("x / out**2", "The chain rule has two parts"),
        ("...", "`slope` is still to be written"),
        ("None", "gives nothing"),
        ("y / out", "NameError: name 'y'"),
    ],
)
def test_the_bent_line_is_checked(lesson, formula, says):
    checked = lesson["check_bent"](f"def slope(out, x):\n    return {formula}\n")
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


DISTANCE = """distance = mg.Op(
    "distance",
    lambda x, y: np.sqrt(x * x + y * y),
    mg.Local("...", lambda out, x, y: {}),
    mg.Local("...", lambda out, x, y: {}),
)
"""


@pytest.mark.parametrize(
    ("along_x", "along_y", "says"),
    [
        ("x / out", "y / out", "Right. You have added an operation"),
        ("2 * x / out", "2 * y / out", "count the factors of 2"),
        ("x / out", "y / (2 * out)", "count the factors of 2"),
        ("-x / out", "-y / out", "more of either means further out"),
        ("x / out", "-y / out", "more of either means further out"),
        ("y / out", "x / out", "The input named above is x"),
        ("(x + y) / out", "(x + y) / out", "The input named above is x"),
        ("x / out", "x / out", "The derivative for x is right"),
        ("...", "...", "The derivative for x is still to be written"),
        ("x / out", "...", "The derivative for y is still to be written"),
    ],
)
def test_the_distance_is_checked(lesson, along_x, along_y, says):
    checked = lesson["check_distance"](DISTANCE.format(along_x, along_y))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("distance = 3", "of the type int"),
        ("distance = mg.Op('d', lambda x, y: x, mg.Local('1', lambda out, x: 1))", "you gave 1"),
        (DISTANCE.format("x / out", "y / out").replace("np.sqrt", ""), "The forward has changed"),
        ("distance = ...", "`distance` is still to be written"),
    ],
)
def test_what_is_no_distance_is_told_so(lesson, code, says):
    checked = lesson["check_distance"](code)
    assert says in str(checked)
    assert not checked.right


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("g - g.mean(axis=1, keepdims=True)", "Right. What comes back has the mean 0"),
        ("g", "as if the mean were a constant"),
        ("g.mean(axis=1, keepdims=True)", "That is a column"),
        ("-g.mean(axis=1, keepdims=True)", "what comes back through the mean"),
        ("g + g.mean(axis=1, keepdims=True)", "which sign?"),
        ("g.mean(axis=1, keepdims=True) - g", "rise or fall?"),
        ("g - g.sum(axis=1, keepdims=True)", "A sum is not a mean"),
        ("g - g.mean(axis=0)", "along the columns, over different rows"),
        ("g - g.mean()", "the mean of the whole table"),
        ("g - g.mean(axis=1)", "`keepdims=True` leaves it in place"),
        ("g * (1 - 1 / 3)", "moves the other elements of its row as well"),
        ("out", "the forward once more"),
        ("g * out", "two ways into the output"),
        ("g.sum(axis=1)", "must have the shape of `x`"),
        ("...", "`pullback` is still to be written"),
        ("None", "gives nothing"),
    ],
)
def test_the_way_back_through_a_mean_is_checked(lesson, formula, says):
    checked = lesson["check_centre"](f"def pullback(g, out, x):\n    return {formula}\n")
    assert says in str(checked)
    assert checked.right == says.startswith("Right")
