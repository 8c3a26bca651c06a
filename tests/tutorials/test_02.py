"""Lesson 2: descent in plain NumPy on the closed form of least squares, and by its eigenvalues."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def normal(lesson):
    """X, y and the Hessian 2 X'X/n of the mean squared error."""
    x, y = lesson["x"], lesson["y"]
    table = np.stack([x, np.ones_like(x)], axis=1)
    return table, y, 2 * table.T @ table / len(y)


def slope_at(normal, w, rows=slice(None)):
    table, y, _ = normal
    return 2 * table[rows].T @ (table[rows] @ w - y[rows]) / len(y[rows])


def loss_at(normal, w):
    table, y, _ = normal
    return np.mean((table @ w - y) ** 2)


def descend(normal, rate, steps, w=(-2.0, 3.5)):
    ways = [np.array(w)]
    for _ in range(steps):
        ways.append(ways[-1] - rate * slope_at(normal, ways[-1]))
    return np.array(ways)


def test_the_points_are_those_that_the_text_tells_of(lesson):
    x, y = lesson["x"], lesson["y"]
    assert len(x) == 30  # "thirty points"
    shaken = y - (2 * x + 1)
    assert abs(shaken.std() - 0.4) < 0.1


def test_the_loss_of_a_line_laid_by_hand_is_its_mean_squared_error(lesson, normal):
    for w in ((-2, 3.5), (1, 0)):
        title = lesson["draw_by_hand"](*w).axes[0].get_title(loc="left")
        assert title == f"Your line: loss {loss_at(normal, np.array(w)):.3f}"
    assert loss_at(normal, np.array([1.9, 1.0])) < 0.2  # it can be done with the sliders


def test_the_walk_is_descent_on_the_closed_form(lesson, normal):
    np.testing.assert_allclose(lesson["walk"], descend(normal, 0.2, 21), rtol=1e-10)
    losses = [loss_at(normal, w) for w in lesson["walk"]]
    np.testing.assert_allclose(lesson["walk_losses"], losses, rtol=1e-12)
    lengths = np.linalg.norm(np.diff(lesson["walk"], axis=0), axis=1)
    assert (np.diff(lengths) < 0).all()  # the arrow "shortens"


def test_the_best_line_is_that_of_polyfit(lesson):
    slope, intercept = np.polyfit(lesson["x"], lesson["y"], 1)
    np.testing.assert_allclose(lesson["best_line"], [slope, intercept], rtol=1e-9)


def test_the_arrow_is_the_next_step(lesson, normal):
    figure = lesson["draw_walk"](3)
    (arrow,) = [c for c in figure.axes[1].collections if type(c).__name__ == "Quiver"]
    w = descend(normal, 0.2, 3)[-1]
    np.testing.assert_allclose([arrow.U[0], arrow.V[0]], -0.2 * slope_at(normal, w), rtol=1e-9)
    assert figure.axes[0].get_title(loc="left") == f"Step 3: loss {loss_at(normal, w):.3f}"


def test_the_four_walkers_end_where_descent_by_hand_ends(lesson, normal):
    rates = [rate.lr for rate in lesson["found"].rates]
    after = [loss_at(normal, descend(normal, rate, 20)[-1]) for rate in rates]
    np.testing.assert_allclose(lesson["after_20"], after, rtol=1e-8)
    assert np.argmin(after) == 1  # the answer to the first guess
    assert after[3] > loss_at(normal, np.array([-2.0, 3.5]))  # "higher than where it began"
    assert lesson["guess_rate"].options[1] == f"the one with {rates[1]:.2f}"
    assert len(set(lesson["rate_names"])) == 4


def test_the_limit_is_two_over_the_largest_eigenvalue(lesson, normal):
    flat, steep = np.linalg.eigvalsh(normal[2])
    np.testing.assert_allclose(lesson["curvatures"], [flat, steep], rtol=1e-10)
    assert lesson["found"].curvature == pytest.approx(steep)
    assert lesson["found"].limit == pytest.approx(2 / steep)
    assert lesson["flat_factor"] == pytest.approx(1 - flat / steep)  # at half of the limit


def test_the_factors_are_those_of_the_distance_across(lesson, normal):
    steep = np.linalg.eigh(normal[2])[1][:, -1]
    for rate in lesson["found"].rates:
        away = (descend(normal, rate.lr, 6) - lesson["best_line"]) @ steep
        factor = 1 - rate.lr * np.linalg.eigvalsh(normal[2])[-1]
        np.testing.assert_allclose(away[1:], factor * away[:-1], atol=1e-9)
        np.testing.assert_allclose(abs(lesson["across"][rate.name][:7]), abs(away), atol=1e-8)
        assert rate.factor == pytest.approx(factor, abs=1e-9)
        assert rate.measured == pytest.approx(factor, abs=1e-6)
    assert [round(rate.factor, 2) + 0.0 for rate in lesson["found"].rates] == [0.9, 0, -0.9, -1.1]


def test_ten_times_as_far_away_the_limit_is_the_old_one(lesson, normal):
    best, far = lesson["best_line"], lesson["far"]
    near_slope, far_slope = (slope_at(normal, np.array(w)) for w in ((-2.0, 3.5), far))
    np.testing.assert_allclose(far_slope, 10 * near_slope, rtol=1e-8)  # "ten times as steep"
    np.testing.assert_allclose(np.array(far) - best, 10 * (np.array([-2, 3.5]) - best))
    limit = 2 / np.linalg.eigvalsh(normal[2])[-1]
    below, above = (
        loss_at(normal, descend(normal, share * limit, 4000, far)[-1]) for share in (0.999, 1.001)
    )
    assert below < loss_at(normal, np.array(far)) < above
    assert "the old limit" in lesson["guess_far"].options
    falls, grows = (lesson["found_far"].race[n].losses for n in ("oscillating", "divergent"))
    assert falls[-1] < falls[0] / 1000
    assert grows[-1] > 100 * grows[0]


def test_the_steps_needed_are_counted_one_rate_at_a_time(lesson, normal):
    lowest = loss_at(normal, np.array(lesson["best_line"]))
    for k in range(0, len(lesson["tried"]), 6):
        rate = lesson["tried"][k]
        above = np.array([loss_at(normal, w) for w in descend(normal, rate, 300)]) - lowest
        late = np.flatnonzero(above > above[0] / 1000)
        expected = late[-1] + 1 if late[-1] < 300 else np.inf
        assert lesson["needed"][k] == expected


def test_the_wall_stands_at_the_limit_and_the_fastest_rates_near_it(lesson):
    beyond = lesson["tried"] > lesson["found"].limit
    assert np.isinf(lesson["needed"][beyond]).all()
    assert np.isfinite(lesson["needed"][~beyond]).all()
    best = 2 / lesson["curvatures"].sum()  # minimises the larger of the two factors
    assert lesson["fastest"][0] <= best <= lesson["fastest"][-1]


@pytest.mark.parametrize("times", [1, 2, 4])
def test_another_unit_moves_the_wall(lesson, times):
    x = times * lesson["x"]
    table = np.stack([x, np.ones_like(x)], axis=1)
    largest = np.linalg.eigvalsh(2 * table.T @ table / len(x))[-1]
    assert lesson["walls"][times] == pytest.approx(2 / largest)


def test_the_sliders_break_it_as_the_text_asks(lesson):
    def ends(rate, times):
        losses = lesson["broken"](rate, times)["sgd"].losses
        return losses[-1] / losses[0]

    assert ends(0.5, 1) < 0.02
    assert ends(1.2, 1) > 100  # over the wall
    assert ends(0.5, 4) > 100  # only the unit has changed
    starts = [lesson["broken"](0.5, times)["sgd"].losses[0] for times in (1, 2.5, 4)]
    np.testing.assert_allclose(starts, starts[0])  # "the same first line"
    assert lesson["walls"][4] < 0.5 < lesson["walls"][2]
    titles = [ax.get_title(loc="left") for ax in lesson["draw_broken"](0.5, 4).axes]
    assert titles[0] == "Rate 0.5, the wall at 0.17"


def test_the_gradient_is_the_mean_of_the_points_gradients(lesson, normal):
    for place, cloud in lesson["clouds"].items():
        each = [slope_at(normal, np.array(place), slice(k, k + 1)) for k in range(30)]
        np.testing.assert_allclose(cloud, each, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            cloud.mean(axis=0), slope_at(normal, np.array(place)), atol=1e-12
        )


def test_at_the_start_most_points_agree_and_at_the_bottom_they_do_not(lesson):
    start, bottom = lesson["clouds"].values()
    assert (start[:, 1] > 0).mean() > 0.6
    np.testing.assert_allclose(bottom.mean(axis=0), 0, atol=1e-9)
    assert (np.linalg.norm(bottom, axis=1) > 0.1).mean() > 0.8  # "those of most points are not"
    assert len({(a > 0, b > 0) for a, b in bottom}) == 4  # "in all directions"
    for cloud in (start, bottom):
        assert lesson["by_tens"](cloud).std() < cloud.std()


def stochastic(normal, size, rate, seed, looked):
    """Losses above the lowest after every step on rows without replacement, epoch by epoch."""
    table, y, _ = normal
    lowest = loss_at(normal, np.linalg.lstsq(table, y)[0])
    generator, w, found = np.random.default_rng(seed), np.array([-2.0, 3.5]), []
    while len(found) * size < looked:
        for rows in generator.permutation(30).reshape(-1, size):
            w = w - rate * slope_at(normal, w, rows)
            found.append(loss_at(normal, w) - lowest)
    return np.array(found)


def test_one_point_at_a_time_is_ahead_after_300_points_and_behind_after_1500(lesson, normal):
    early, late = lesson["above_after"](300), lesson["above_after"](1500)
    assert early[1] < early[30]
    assert late[1] > late[30]
    assert early[10] < early[30]
    # and so it is for other orders of the points, by hand
    batch = stochastic(normal, 30, 0.2, 0, 1500)
    for seed in range(20):
        one = stochastic(normal, 1, 0.2, seed, 1500)
        assert one[299] < batch[9]
        assert one[1499] > batch[49]


def test_batch_descent_of_the_study_is_descent_by_hand(lesson, normal):
    (name,) = lesson["sampled"][30].sizes
    run = lesson["sampled"][30].race[name]
    np.testing.assert_allclose(run.points, descend(normal, 0.2, 50, run.points[0]), rtol=1e-9)


def test_mini_batches_are_pushed_about_less(lesson):
    tails = {size: found[-len(found) // 2 :].mean() for size, (_, found) in lesson["above"].items()}
    assert tails[10] < tails[1] / 5


def test_a_smaller_rate_quietens_the_stochastic_walker(lesson, normal):
    assert lesson["quiet"][0.05] < lesson["quiet"][0.2] / 3
    ratios = [
        stochastic(normal, 1, 0.05, seed, 600)[300:].mean()
        / stochastic(normal, 1, 0.2, seed, 600)[300:].mean()
        for seed in range(10)
    ]
    assert max(ratios) < 0.5
    run = lesson["walk_on"](3, 0.1)
    assert len(run) == 200
    assert lesson["walk_on"](1, 0.02).losses[60] > lesson["walk_on"](1, 0.2).losses[60]  # "longer"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.2, "Right. The slope grows by 10"),
        (0.4, "The curvature is not the 5"),
        (0.1, "That is 1/L"),
        (10, "the curvature L itself"),
        (5, "the number in front of"),
        (2, "goes from $w = 3$ to 3 - 2"),
        (1, "goes from $w = 3$ to 3 - 30"),
        (0.0667, "has the slope at the start in it"),
        (20, "2 times L"),
        (0, "With a rate of 0 it stays"),
        (-0.2, "walks uphill"),
        (0.15, "one step goes from 3 to -1.5"),
        (0.3, "goes from 3 to -6"),
    ],
)
def test_the_limit_of_the_valley_is_checked(lesson, answer, says):
    checked = lesson["check_limit"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(("rate", "comes_down"), [(0.199, True), (0.201, False)])
def test_the_limit_of_the_valley_is_so(rate, comes_down):
    w = 3.0
    for _ in range(1000):
        w -= rate * 10 * w
    assert (abs(w) < 3) == comes_down


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "goes on like that"),
        (1, "There is no hill"),
        (2, "Right. Each loss is about 1.7 times"),
        (3, "the factor of a step does not know the distance"),
    ],
)
def test_the_advice_is_checked(lesson, number, says):
    checked = lesson["check_growing"](lesson["answer_growing"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 2)


def test_the_numbers_of_the_advice_hang_together():
    losses = [1.0, 1.7, 2.9, 4.9, 8.4]
    ratios = np.divide(losses[1:], losses[:-1])
    np.testing.assert_allclose(ratios, 1.7, atol=0.02)
    assert losses[-1] * 1.7**50 > 1e12
    times = 1 + np.sqrt(1.7)  # rate times L, for the factor 1 - rate * L is below -1
    assert times == pytest.approx(2.3, abs=0.01)
    assert 1 - times / 3 == pytest.approx(0.2, abs=0.05)


BODY = (
    "def step(slope, intercept, x, y, rate):\n"
    "    error = slope * x + intercept - y\n"
    "    {}\n"
    "    return {}"
)


@pytest.mark.parametrize(
    ("line", "value", "says"),
    [
        ("s, i = 2*error*x, 2*error", "slope - rate*s, intercept - rate*i", "Right. From the line"),
        ("s, i = 2*error*x, 2*error", "np.array([slope - rate*s, intercept - rate*i])", "Right"),
        ("...", "slope, intercept", "Nothing has moved"),
        ("s, i = 2*error*x, 2*error", "slope + rate*s, intercept + rate*i", "That goes uphill"),
        ("s, i = error*x, error", "slope - rate*s, intercept - rate*i", "half as long"),
        ("s, i = 2*error, 2*error", "slope - rate*s, intercept - rate*i", "counts `x` times"),
        ("s, i = 2*error*x, 2*error*x", "slope - rate*s, intercept - rate*i", "no `x` in it"),
        (
            "slope -= rate*2*error*x; error = slope*x + intercept - y",
            "slope, intercept - rate*2*error",
            "computed *after* the slope had moved",
        ),
        ("s, i = 2*error*x, 2*error", "slope - s, intercept - i", "Where is the rate?"),
        ("s, i = 2*error*x, 2*error", "s, i", "These are the two derivatives"),
        ("s = 2*error*x", "slope - rate*s, intercept", "the intercept has not moved"),
        ("i = 2*error", "slope, intercept - rate*i", "the slope has not moved"),
        ("s, i = 2*error*x, 2*error", "intercept - rate*i, slope - rate*s", "first the slope"),
        (
            "s, i = 2*error*x, 2*error",
            "slope - 0.05*s, intercept - 0.05*i",
            "a number where a name",
        ),
        ("s, i = 3*error*x, 2*error", "slope - rate*s, intercept - rate*i", "Your function gives"),
        ("...", "None", "returns nothing"),
        ("...", "slope", "two numbers, the new slope"),
        ("s = 2 * (error", "slope, intercept", "SyntaxError"),
        ("s = w", "slope, intercept", "NameError: name 'w'"),
    ],
)
def test_the_stochastic_step_is_checked(lesson, line, value, says):
    checked = lesson["check_step"](BODY.format(line, value))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_without_the_function_it_is_said_what_is_missing(lesson):
    assert "`step` is still to be written" in str(lesson["check_step"]("rate = 0.1"))
