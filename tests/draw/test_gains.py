"""The plot of gains beside the theory shows the numbers that were measured."""

from bokeh.models.glyphs import Segment, VBar

import microgd as mg
from microgd import data, nn
from microgd.draw.plots.gains import gains

MOONS = data.moons(40, rng=0)


def glyphs(plot, kind):
    return [r for r in plot.renderers if isinstance(r.glyph, kind)]


def test_bars_are_gains_and_strokes_the_theory():
    models = {name: nn.MLP([2, 8, 8, 2], name, rng=0) for name in ("sigmoid", "relu")}
    found = mg.explain.compare(models, MOONS)
    plot = gains(found)
    assert plot.x_range.factors == ["layers.0", "layers.2", "layers.4"]
    for one, bars, strokes in zip(
        found.flows.values(), glyphs(plot, VBar), glyphs(plot, Segment), strict=True
    ):
        assert list(bars.data_source.data[bars.glyph.top]) == [x.gain for x in one.layers]
        assert list(strokes.data_source.data[strokes.glyph.y0]) == [x.predicted for x in one.layers]
        low, high = plot.y_range.start, plot.y_range.end
        assert all(low < layer.gain < high for layer in one.layers)


def test_a_layer_whose_input_has_no_gradient_has_no_bar():
    model = nn.MLP([2, 8, 2], "tanh", rng=0)
    found = mg.explain.flow(model, nn.cross_entropy(model(MOONS.x), MOONS.y))
    [bars] = glyphs(gains(found), VBar)
    assert bars.data_source.data["module"] == ["layers.2"]


def test_it_is_offered_and_shows_itself():
    model = nn.MLP([2, 8, 2], "tanh", rng=0)
    plot = mg.draw.gains(mg.explain.flow(model, MOONS), height=200)
    assert plot.height == 200
    assert "iframe" in plot._repr_mimebundle_()["text/html"]


def test_nothing_to_show():
    assert gains({}).x_range.factors == []
