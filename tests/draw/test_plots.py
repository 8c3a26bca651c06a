"""Plots: the numbers in them against the records, and what a notebook and a file get."""

import math
import re
from html import unescape

import numpy as np
import pytest
from bokeh.models import HoverTool
from bokeh.plotting import figure

import microgd as mg
from microgd import data, nn, optim
from microgd.draw.plots.theme import COLOURS
from microgd.explain.recorder import FlowRecorder
from microgd.train import History, fit

EVIL = [
    "<b>w</b>",
    "</script><script>alert(1)</script>",
    "a\x00\n\u202eb",
    "$$x^2$$",
    "q" * 100_000,
]


@pytest.fixture(scope="module")
def run():
    moons = data.moons(80, rng=0)
    model = nn.MLP([2, 8, 2], "tanh", rng=0)
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    history = fit(model, moons, optimizer, epochs=5, validation=moons, progress=False)
    return model, moons, history


@pytest.fixture(scope="module")
def flows():
    batch = data.digits().x[:40], data.digits().y[:40]
    sizes = [64, 16, 16, 10]
    return {
        name: mg.explain.flow(nn.MLP(sizes, name, init="kaiming_normal", rng=0), batch)
        for name in ("sigmoid", "relu")
    }


@pytest.fixture(params=["history", "flow", "heatmap", "activations", "boundary", "weights"])
def plot(request, run, flows):
    model, moons, history = run
    return {
        "history": lambda: mg.draw.history(history),
        "flow": lambda: mg.draw.flow(flows),
        "heatmap": lambda: mg.draw.heatmap(history),
        "activations": lambda: mg.draw.activations(model, moons.x),
        "boundary": lambda: mg.draw.decision_boundary(model, moons, cells=20),
        "weights": lambda: mg.draw.weights(model.layers[0].weight),
    }[request.param]()


def columns(plot, glyph, number=0):
    found = [r for r in plot.renderers if type(r.glyph).__name__ == glyph]
    return found[number].data_source.data


def test_each_is_a_bokeh_figure_with_numbers_under_the_pointer(plot):
    assert isinstance(plot, figure)
    assert plot.title.text
    assert plot.select(type=HoverTool)


def test_each_shows_itself_in_a_notebook_in_a_frame_that_can_do_no_harm(plot):
    bundle = plot._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"].startswith("<plot: ")
    html = bundle["text/html"]
    sandbox = re.search(r'sandbox="([^"]*)"', html)[1].split()
    assert "allow-scripts" in sandbox
    assert "allow-same-origin" not in sandbox


def test_marimo_shows_each_in_our_frame_and_not_in_its_own_which_fetches_a_script(plot):
    formatting = pytest.importorskip("marimo._output.formatting")
    kind, shown = formatting.get_formatter(plot)(plot)
    assert kind == "text/html"
    assert 'sandbox="allow-scripts' in shown
    assert re.findall(r"<script[^>]*src", unescape(shown)) == []


def test_each_is_saved_as_one_page_that_fetches_nothing(plot, tmp_path):
    plot.save(tmp_path / "plot.html")
    page = (tmp_path / "plot.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert re.findall(r"<(?:script|img|iframe|link)[^>]*(?:src|href)", page) == []
    assert page.count("BEGIN bokeh.min.js") == 1


def test_history_shows_the_columns_as_they_are(run):
    history = run[2]
    loss = mg.draw.history(history)
    np.testing.assert_array_equal(columns(loss, "Line", 0)["y"], history["loss"])
    np.testing.assert_array_equal(columns(loss, "Line", 1)["y"], history["val_loss"])
    accuracy = mg.draw.history({"one": history, "two": history}, "accuracy")
    np.testing.assert_allclose(columns(accuracy, "Line", 0)["y"], 100 * history["accuracy"])
    labels = [item.label.value for item in accuracy.legend[0].items]
    assert labels == ["one", "one validation", "two", "two validation"]
    rate = mg.draw.history(history, "lr")
    np.testing.assert_array_equal(columns(rate, "Line")["y"], history["lr"])


def test_an_unknown_quantity_names_the_nearest(run):
    with pytest.raises(ValueError, match="did you mean 'loss'"):
        mg.draw.history(run[2], "los")
    with pytest.raises(ValueError, match="did you mean 'gain'"):
        mg.draw.flow({}, "gian")


def test_flow_bars_are_as_high_as_what_was_measured(flows):
    plot = mg.draw.flow(flows, "at_output")
    for number, found in enumerate(flows.values()):
        bars = columns(plot, "VBar", number)
        rows = [row for row in found if row.of_weights is not None]
        assert list(bars["top"]) == [row.at_output for row in rows]
        assert list(bars["gain"]) == [row.gain for row in rows]
        assert all(base < top for base, top in zip(bars["base"], bars["top"], strict=True))
    every = mg.draw.flow(flows["relu"], every=True)
    assert every.x_range.factors == [row.module for row in flows["relu"]]


def test_a_gradient_of_zero_is_no_bar_on_a_logarithmic_scale():
    model = nn.MLP([2, 3, 2], "relu", init="zeros", rng=0)
    plot = mg.draw.flow(mg.explain.flow(model, ([[1.0, 2.0]], [0])))
    assert plot.x_range.factors == ["layers.0", "layers.2"]


def test_heatmap_shows_what_the_recorder_kept():
    model = nn.MLP([2, 8, 8, 2], "sigmoid", rng=0)
    recorder = FlowRecorder(every=3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    moons = data.moons(64, rng=0)
    fit(model, moons, optimizer, epochs=6, callbacks=[recorder], progress=False)
    cells = columns(mg.draw.heatmap(recorder), "Quad")
    kept = dict(zip(recorder.modules, recorder["share"], strict=True))
    assert set(cells["layer"]) == {"layers.0", "layers.2", "layers.4"}
    assert len(cells["value"]) == 3 * len(recorder)
    for layer, epoch, value, shade in zip(
        cells["layer"], cells["x"], cells["value"], cells["shade"], strict=True
    ):
        assert value == kept[layer][recorder.epochs.index(epoch)]
        assert math.isclose(10**shade, value)
    every = mg.draw.heatmap(recorder, "saturated", every=True)
    assert every.y_range.factors == ["layers.1", "layers.3"]


def test_heatmap_leaves_out_what_has_no_power_of_ten():
    run = History()
    run.record({"epoch": 1, "grad_norm.a": 1e-3, "grad_norm.b": math.nan})
    run.record({"epoch": 2, "grad_norm.a": 0.0, "grad_norm.b": 10.0})
    cells = columns(mg.draw.heatmap(run), "Quad")
    shown = zip(cells["layer"], cells["x"], cells["shade"], cells["value"], strict=True)
    assert list(shown) == [("a", 1, -3.0, 1e-3), ("b", 2, 1.0, 10.0)]
    assert list(zip(cells["left"], cells["right"], strict=True)) == [(0.5, 1.5), (1.5, 2.5)]


def test_activations_count_every_output_and_leave_the_model_alone(run):
    model, moons, _ = run
    model.zero_grad()
    before = model.state_dict()
    plot = mg.draw.activations(model, moons.x)
    assert [p.grad for p in model.parameters()] == [None] * 4
    for renderer in plot.renderers:
        assert math.isclose(sum(renderer.data_source.data["share"]), 100)
    hidden = np.tanh(moons.x @ before["layers.0.weight"].T + before["layers.0.bias"])
    assert math.isclose(columns(plot, "Quad", 1)["mean"][0], hidden.mean(), rel_tol=1e-12)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    with pytest.raises(ValueError, match="no module of class 'Relu'"):
        mg.draw.activations(model, moons.x, only="Relu")


def test_the_boundary_has_the_colour_of_the_class_that_the_model_names(run):
    model, moons, _ = run
    plot = mg.draw.decision_boundary(model, moons, cells=30)
    image = columns(plot, "ImageRGBA")
    pixels = image["image"][0]
    rows, cells = pixels.shape
    glyph = next(r.glyph for r in plot.renderers if type(r.glyph).__name__ == "ImageRGBA")
    across = np.linspace(glyph.x, glyph.x + glyph.dw, cells)
    up = np.linspace(glyph.y, glyph.y + glyph.dh, rows)
    seen = pixels.view(np.uint8).reshape(rows, cells, 4)[..., :3]
    for i, j in [(0, 0), (rows // 2, cells // 3), (rows - 1, cells - 1), (3, cells - 4)]:
        said = int(np.argmax(model([[across[j], up[i]]]).data))
        assert "#{:02X}{:02X}{:02X}".format(*seen[i, j]) == COLOURS[said]
    right = 100 * (np.argmax(model(moons.x).data, axis=1) == moons.y).mean()
    assert plot.title.text == f"{right:.1f} % of 80 points right"


def test_one_score_decides_between_two_classes_by_its_sign():
    class Right(nn.Module):
        def forward(self, x):
            return mg.tensor(x)[:, 0]

    points = np.array([[-1.0, 0.0], [1.0, 0.0], [2.0, 1.0]])
    plot = mg.draw.decision_boundary(Right(), (points, [0, 1, 0]), cells=8)
    assert plot.title.text == "66.7 % of 3 points right"


def test_points_that_are_not_in_the_plane_are_refused(run):
    with pytest.raises(ValueError, match=r"\(4, 3\); a picture needs two coordinates"):
        mg.draw.decision_boundary(run[0], (np.zeros((4, 3)), [0, 1, 0, 1]))


def test_every_weight_is_a_cell_with_its_number():
    weight = np.arange(6.0).reshape(2, 3) - 2
    cells = columns(mg.draw.weights(mg.tensor(weight, name="w")), "Rect")
    for x, y, value in zip(cells["x"], cells["y"], cells["value"], strict=True):
        assert weight[y, x] == value


def test_the_weights_of_a_unit_are_a_little_picture():
    weight = np.arange(24.0).reshape(4, 6)
    cells = columns(mg.draw.weights(weight, tile=(2, 3)), "Rect")
    places = list(zip(cells["x"], cells["y"], strict=True))
    assert len(set(places)) == 24
    unit = weight[1].reshape(2, 3)
    left = min(x for (x, _), o in zip(places, cells["output"], strict=True) if o == 1)
    for (x, y), o, value in zip(places, cells["output"], cells["value"], strict=True):
        if o == 1:
            assert unit[y, x - left] == value
    with pytest.raises(ValueError, match=r"tile=\(2, 2\) has 4 cells, but a row has 6"):
        mg.draw.weights(weight, tile=(2, 2))


@pytest.mark.parametrize("evil", EVIL, ids=["tag", "script", "control", "tex", "long"])
def test_names_are_data(evil):
    run = History()
    run.record({"epoch": 1, "loss": 1.0})
    norms = History()
    norms.record({"epoch": 1, f"grad_norm.{evil}": 1.0, f"grad_norm.{evil}{evil}": 2.0})
    plots = [
        mg.draw.weights(mg.tensor([[1.0]], name=evil)),
        mg.draw.history({evil: run, evil + evil: run}),
        mg.draw.heatmap(norms),
    ]
    for plot in plots:
        html = plot._repr_mimebundle_()["text/html"]
        assert html.count("<script") == 0, "in an attribute it is escaped"
        assert "$$x" not in html, "Bokeh would ask the network for MathJax"
        assert "<b>w" not in html
        assert "q" * 50 not in html


def test_nothing_heavy_is_loaded_before_a_plot_is_asked_for():
    import subprocess
    import sys

    code = "import microgd as mg, sys; mg.draw; mg.explain; assert 'bokeh' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
