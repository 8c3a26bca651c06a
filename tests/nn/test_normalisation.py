"""BatchNorm1d and LayerNorm: what they are for, and what they remember."""

import numpy as np
import pytest

import microgd as mg
from microgd import nn

RNG = np.random.default_rng(3)
ROWS = RNG.normal(3, 2, size=(6, 4))
IMAGES = RNG.normal(3, 2, size=(2, 4, 3))


def state(layer):
    return {name: value.copy() for name, value in layer.state_dict().items()}


def same(one, other):
    return all(np.array_equal(value, other[name]) for name, value in one.items())


# What comes out


@pytest.mark.parametrize(("x", "axes"), [(ROWS, 0), (IMAGES, (0, 2))])
def test_a_batch_has_mean_0_and_variance_1_in_every_feature(x, axes):
    out = nn.BatchNorm1d(4, eps=0)(x).numpy()
    np.testing.assert_allclose(out.mean(axes), 0, atol=1e-14)
    np.testing.assert_allclose(out.var(axes), 1, rtol=1e-13)


def test_a_row_has_mean_0_and_variance_1():
    out = nn.LayerNorm(4, eps=0)(ROWS).numpy()
    np.testing.assert_allclose(out.mean(1), 0, atol=1e-14)
    np.testing.assert_allclose(out.var(1), 1, rtol=1e-13)


def test_weight_stretches_and_bias_moves():
    layer = nn.BatchNorm1d(4, eps=0)
    layer.weight.data, layer.bias.data = [1, 2, 3, 4], [5, 6, 7, 8]
    out = layer(ROWS).numpy()
    np.testing.assert_allclose(out.mean(0), [5, 6, 7, 8])
    np.testing.assert_allclose(out.std(0), [1, 2, 3, 4])


def test_a_constant_feature_gives_the_bias():
    layer = nn.BatchNorm1d(2)
    layer.bias.data = [3.0, 4.0]
    np.testing.assert_array_equal(layer([[5, 7], [5, 7], [5, 7]]).numpy(), [[3, 4]] * 3)


@pytest.mark.parametrize("make", [nn.BatchNorm1d, nn.LayerNorm])
@pytest.mark.parametrize("scale", [1e-3, 1e3, 1e9])
def test_numbers_far_from_0_keep_their_digits(make, scale):
    spread = RNG.normal(size=(8, 8))
    near, far = make(8, eps=0)(spread).numpy(), make(8, eps=0)(spread * scale + 10 * scale).numpy()
    np.testing.assert_allclose(near, far, rtol=1e-12, atol=1e-12)


def test_the_gradient_for_a_times_the_weights_is_1_over_a_of_it():
    x, y = RNG.normal(size=(8, 3)), RNG.integers(0, 2, 8)
    dense, norm = nn.Linear(3, 2, rng=0), nn.BatchNorm1d(2, eps=0)
    start, gradients, losses = dense.weight.numpy(), [], []
    for a in (1.0, 4.0, 0.5):
        dense.weight.data = a * start
        loss = nn.cross_entropy(norm(dense(x)), y)
        dense.zero_grad()
        loss.backward()
        losses.append(loss.item())
        gradients.append(a * dense.weight.grad)
        np.testing.assert_allclose(dense.bias.grad, 0, atol=1e-15)  # it has no effect
    np.testing.assert_allclose(losses, losses[0], rtol=1e-13)
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(gradients[2], gradients[0], rtol=1e-12, atol=1e-15)


# Derivatives


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("x", [ROWS[:3], IMAGES])
def test_first_and_second_derivatives_of_batch_norm(x, training):
    layer = nn.BatchNorm1d(4).train(training)

    def f(x, weight, bias):
        layer.weight, layer.bias = weight, bias
        return layer(x)

    assert mg.gradcheck(f, (x, RNG.normal(size=4), RNG.normal(size=4)))


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_first_and_second_derivatives_of_layer_norm(shape):
    layer = nn.LayerNorm(4)

    def f(x, weight, bias):
        layer.weight, layer.bias = weight, bias
        return layer(x)

    assert mg.gradcheck(f, (RNG.normal(size=shape), RNG.normal(size=4), RNG.normal(size=4)))


# Running statistics


def test_running_statistics_are_kept_whether_or_not_anything_is_recorded():
    learns, frozen, bare = nn.BatchNorm1d(4), nn.BatchNorm1d(4), nn.BatchNorm1d(4, affine=False)
    frozen.weight.requires_grad = frozen.bias.requires_grad = False
    quiet = nn.BatchNorm1d(4)
    learns(ROWS), frozen(ROWS), bare(ROWS)
    with mg.no_grad():
        quiet(ROWS)
    assert not np.array_equal(learns.running_mean.data, np.zeros(4))
    for other in (frozen, quiet):
        assert same(state(learns), state(other))
    assert same(state(bare), state(learns))


def test_in_evaluation_a_row_depends_on_no_other_and_nothing_is_remembered():
    layer = nn.BatchNorm1d(4)
    layer(ROWS)
    before = state(layer.eval())
    whole = layer(ROWS).numpy()
    np.testing.assert_allclose(whole[2:3], layer(ROWS[2:3]).numpy(), rtol=1e-14)
    assert same(before, state(layer))


def test_after_many_batches_evaluation_does_what_training_did():
    layer, rng = nn.BatchNorm1d(2, momentum=None), np.random.default_rng(0)
    for _ in range(50):
        layer(rng.normal([1, -2], [3, 0.5], size=(400, 2)))
    assert layer.num_batches_tracked.item() == 50
    np.testing.assert_allclose(layer.running_mean.data, [1, -2], atol=0.06)  # 3 / sqrt(20,000)
    np.testing.assert_allclose(layer.running_var.data, [9, 0.25], rtol=0.03)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_batch_that_is_not_finite_leaves_the_running_statistics_alone(bad):
    layer, x = nn.BatchNorm1d(4), ROWS.copy()
    layer(ROWS)
    before = state(layer)
    x[2, 1] = bad
    with np.errstate(invalid="ignore"):
        out = layer(x)
    assert np.isnan(out.data[:, 1]).all()
    assert same(before, state(layer))


def test_a_batch_of_one_is_refused_and_changes_nothing():
    layer = nn.BatchNorm1d(4)
    layer(ROWS)
    before = state(layer)
    with pytest.raises(ValueError):
        layer(ROWS[:1])
    assert same(before, state(layer))
    assert layer(IMAGES[:1]).shape == (1, 4, 3)  # three positions are enough
    assert layer.eval()(ROWS[:1]).shape == (1, 4)


def test_a_loss_of_evaluation_can_go_backward_after_more_of_it():
    layer = nn.BatchNorm1d(4).eval()
    loss = layer(ROWS).sum()
    layer(ROWS)
    loss.backward()
    np.testing.assert_allclose(layer.bias.grad, 6)


@pytest.mark.parametrize("make", [nn.BatchNorm1d, nn.LayerNorm])
def test_names_and_start_are_those_of_pytorch(make):
    layer = make(4)
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    assert (layer.weight.data == 1).all()
    assert (layer.bias.data == 0).all()
    assert make(4, dtype=np.float32).weight.dtype == np.float32


def test_num_batches_tracked_is_a_whole_number():
    layer = nn.BatchNorm1d(4, dtype=np.float32)
    layer(ROWS.astype(np.float32))
    saved = layer.state_dict()
    assert saved["num_batches_tracked"].dtype == np.int64
    assert saved["num_batches_tracked"] == 1
    assert saved["running_var"].dtype == np.float32
