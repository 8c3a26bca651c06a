"""Normalisation, dropout, residuals and embeddings under the eyes of flow, steps and pictures."""

import numpy as np
import pytest

import microgd as mg
from microgd import nn

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(8, 3)), RNG.integers(0, 2, 8)


def network(**options):
    return nn.MLP([3, 5, 5, 2], rng=0, **options)


def everything(model):
    """Numbers, gradients, modes and generators, as text and bytes."""
    found = [value.tobytes() for value in model.state_dict().values()]
    for _, part in model.named_modules():
        found.append(part.training)
        found += [
            value.bit_generator.state
            for value in vars(part).values()
            if isinstance(value, np.random.Generator)
        ]
    return [*found, [p.grad for p in model.parameters()]]


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_each_part_of_a_hidden_layer_has_its_row(norm):
    model = network(norm=norm, dropout=0.2)
    found = mg.explain.flow(model, (X, Y))
    assert [row.module for row in found] == [f"layers.{i}" for i in range(9)]
    assert np.prod([row.gain for row in found]) == pytest.approx(found.factor, rel=1e-12)
    assert found[1].mean == pytest.approx(0, abs=1e-14)
    assert found[1].std == pytest.approx(1, rel=1e-3)


def test_a_residual_has_its_skip_and_its_branch_and_no_split_of_its_gain():
    model = network(residual=True)
    found = mg.explain.flow(model, (X, Y))
    rows = {row.module: row for row in found}
    assert list(rows) == ["layers.0", "layers.1", "layers.2", "layers.3"]
    assert rows["layers.2"].skip == pytest.approx(1.0, rel=1e-12)
    hidden = np.maximum(X @ model.layers[0].weight.data.T, 0)
    dense = model.layers[2].module[0]
    slope = hidden @ dense.weight.data.T > 0
    scores = (hidden + np.maximum(hidden @ dense.weight.data.T, 0)) @ model.layers[3].weight.data.T
    g = (mg.softmax(scores) - np.eye(2)[Y]) / len(Y) @ model.layers[3].weight.data
    branch = np.linalg.norm((slope * g) @ dense.weight.data) / np.linalg.norm(g)
    assert rows["layers.2"].branch == pytest.approx(branch, rel=1e-12)
    assert [layer.module for layer in found.layers] == ["layers.0", "layers.3"]


def test_looking_leaves_no_trace():
    model = network(norm="batch", dropout=0.2, residual=True)
    before = everything(model)
    first = mg.explain.flow(model, (X, Y))
    assert everything(model) == before
    assert mg.explain.flow(model, (X, Y)) == first
    mg.explain.diagnose(model, (X, Y))
    assert everything(model) == before


def test_steps_name_the_module_and_write_the_formula():
    model = network(norm="layer")
    book = mg.explain.backprop(nn.cross_entropy(model(X), Y))
    text = next(str(step) for step in book if "= normalise(" in str(step))
    assert "layers.4.weight, layers.4.bias" in text
    assert "average(g * layers.4.weight" in text
    assert "g.sum(axis=0)" in text


def test_a_picture_folds_the_layers_and_names_the_mask():
    model = network(norm="batch", dropout=0.2, residual=True)
    loss = nn.cross_entropy(model(X), Y)
    folded = mg.draw.graph(loss, collapse="modules").dot()
    assert all(f"layers.{i}" in folded for i in range(6))
    assert "layers.3.mask" in folded
    assert "layers.4.module.1" not in folded
    assert "layers.4.module.1" in mg.draw.graph(loss, collapse=2).dot()


def test_the_paths_past_a_residual_are_two():
    block = nn.Residual(nn.Linear(2, 2, rng=0))
    x = mg.tensor([[1.0, 2.0]], requires_grad=True, name="x")
    assert len(mg.explain.paths(block(x).sum(), x)) == 2


def test_words_flow_through_an_embedding():
    model = nn.Sequential(nn.Embedding(9, 4, rng=0), nn.LayerNorm(4), nn.Linear(4, 2, rng=1))
    found = mg.explain.flow(model, (RNG.integers(0, 9, 8), Y))
    assert [row.module for row in found] == ["0", "1", "2"]
    assert found[0].gain is None  # words have no gradient
