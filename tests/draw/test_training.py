"""The page of a run and its plots: the numbers in them against the records."""

from functools import cache

import numpy as np
import pytest

from microgd import data, nn, optim
from microgd.draw.plots.history import history as curve
from microgd.draw.plots.page import library
from microgd.draw.plots.predictions import MOST, POINTS, predictions
from microgd.draw.training import Training, training
from microgd.train import History, fit


def drawn(plot, glyph):
    return next(r for r in plot.renderers if type(r.glyph).__name__ == glyph).data_source.data


def test_one_input_is_a_curve_through_the_data():
    line, model = data.line(30, rng=0), nn.MLP([1, 4, 1], "tanh", rng=0)
    plot = predictions(model, line)
    points, along = drawn(plot, "Scatter"), drawn(plot, "Line")
    assert np.array_equal(points["x"], line.x.ravel())
    assert np.array_equal(points["true"], line.y.ravel())
    assert np.array_equal(points["predicted"], model(line.x).data.ravel())
    assert (along["x"][0], along["x"][-1]) == (line.x.min(), line.x.max())
    np.testing.assert_array_equal(along["y"], model(along["x"].reshape(-1, 1)).data.ravel())


def test_a_sequence_of_one_number_has_its_curve_too():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.RNN(1, 3, batch_first=True, rng=0), nn.Linear(3, 1, rng=0)

        def forward(self, x):
            return self.head(self.cell(x)[0][:, -1])

    x = np.linspace(0, 1, 7).reshape(7, 1, 1)
    told = drawn(predictions(Last(), (x, x.ravel())), "Line")
    assert len(told["x"]) == len(told["y"]) == POINTS


@pytest.mark.parametrize("shape", [(40, 1), (40, 2)])
def test_several_inputs_are_predicted_against_true(shape):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=shape)
    model = nn.MLP([3, shape[1]], rng=0)
    plot = predictions(model, (x, y))
    points, diagonal = drawn(plot, "Scatter"), drawn(plot, "Line")
    assert np.array_equal(points["x"], y.ravel())
    assert np.array_equal(points["y"], model(x).data.ravel())
    assert list(diagonal["x"]) == list(diagonal["y"])
    assert diagonal["x"][0] == min(y.min(), model(x).data.min())


def test_of_many_rows_some_are_drawn():
    x = np.random.default_rng(0).normal(size=(5000, 2))
    assert len(drawn(predictions(nn.MLP([2, 1], rng=0), (x, x[:, 0])), "Scatter")["x"]) == MOST


def test_outputs_that_are_not_the_targets_are_refused():
    with pytest.raises(ValueError, match=r"the model gives \(4, 2\) for targets \(4, 1\)"):
        predictions(nn.MLP([3, 2], rng=0), (np.zeros((4, 3)), np.zeros(4)))


def test_it_is_judged_as_in_evaluation():
    model = nn.MLP([1, 8, 1], dropout=0.5, rng=0)
    line = data.line(10, rng=0)
    assert np.array_equal(
        drawn(predictions(model, line), "Scatter")["predicted"], model.eval()(line.x).data.ravel()
    )


def test_a_curve_goes_on_over_rows_that_have_no_validation():
    run = History("step")
    for step in range(1, 7):
        run.record({"epoch": 1, "step": step, "loss": 1 / step})
        if step % 3 == 0:
            run.amend({"val_loss": 2 / step})
    lines = [r.data_source.data for r in curve(run).renderers if type(r.glyph).__name__ == "Line"]
    assert [list(line["x"]) for line in lines] == [[1, 2, 3, 4, 5, 6], [3, 6]]
    assert list(lines[1]["y"]) == [2 / 3, 2 / 6]


@cache
def page(sizes=(2, 8, 8, 2), points=None, scheduled=False, losses=None, **more):
    points = points or data.moons(40, rng=0)
    model = nn.MLP(sizes, rng=0)
    history = fit(model, points, optim.SGD(model.parameters()), epochs=3, progress=False)
    for row, loss in enumerate(losses or []):
        history._columns["loss"][row] = loss
    for row in range(3 if scheduled else 0):
        history._columns["lr"][row] = 0.1 / (1 + row)
    measured = {"training": {"loss": 0.25, "accuracy": 0.5}}
    lines = {"data": "moons <b>", "remedies": ""}
    return training(
        Training("microgd train <x>", lines, "Done.", measured, history, model, points, **more)
    )


def test_the_page_says_what_was_trained_and_what_came_of_it():
    text = page()
    for said in ("moons &lt;b&gt;", "Done.", "0.2500", "50.0 %", "train &lt;x&gt;", "has not lea"):
        assert said in text
    assert "<td>remedies" not in text
    assert "It learned from these" in page(unseen=False)


@pytest.mark.parametrize(("scheduled", "heading"), [(True, "Gradient and learning rate"),
                                                    (False, "Gradient</h2>")])  # fmt: skip
def test_a_rate_is_drawn_where_it_changes(scheduled, heading):
    text = page(scheduled=scheduled)
    assert heading in text
    assert ('"learning rate"' in text) == scheduled


@pytest.mark.parametrize(("losses", "log"), [((1.0, 0.1, 0.01), True), ((1.0, 0.5, 0.1), False),
                                             ((1.0, 0.1, 0.0), False)])  # fmt: skip
def test_a_loss_over_powers_of_ten_is_on_a_logarithmic_axis(losses, log):
    many = page(losses=losses).count('"LogScale"') - library().count('"LogScale"')
    assert many == log, "the gradient's norm is on a linear one"


def test_weights_are_drawn_where_that_shows_something():
    assert "layers.2.weight (8, 8)" in page()
    for thin in ("layers.0.weight (8, 2)", "layers.4.weight (2, 8)"):
        assert thin not in page()
    digits = data.digits().take(np.arange(30))
    text = page.__wrapped__((64, 3, 10), digits)  # arrays cannot be looked up
    assert "layers.0.weight (3, 64)" in text, "each row is a picture"
    assert "What it learned" not in text
