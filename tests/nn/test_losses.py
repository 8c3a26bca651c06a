"""Losses: PyTorch's values and gradients for every reduction and kind of target."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd import nn

TORCH = np.load(Path(__file__).parents[1] / "fixtures" / "torch_losses.npz")
CASES = sorted({key.split(":")[0] for key in TORCH})

LOSSES = {
    "mse_loss": nn.mse_loss,
    "huber_loss": nn.huber_loss,
    "cross_entropy": nn.cross_entropy,
    "nll_loss": nn.nll_loss,
    "binary_cross_entropy_with_logits": nn.binary_cross_entropy_with_logits,
    "hinge_loss": nn.hinge_loss,
}
OPTIONS = {
    "huber_loss/delta": {"delta": 0.5},
    "cross_entropy/labels smoothed": {"label_smoothing": 0.1},
    "cross_entropy/probabilities smoothed": {"label_smoothing": 0.3},
}

every = pytest.mark.parametrize("case", CASES)


def run(case, dtype=np.float64, as_target=lambda target: target):
    """What our loss makes of PyTorch's inputs: value and gradient."""
    kind, reduction = case.rsplit("/", 1)
    x = mg.tensor(TORCH[f"{case}:x"], requires_grad=True, dtype=dtype)
    target = as_target(TORCH[f"{case}:target"])
    loss = LOSSES[kind.split("/")[0]]
    value = loss(x, target, reduction=reduction, **OPTIONS.get(kind, {}))
    value.backward(TORCH[f"{case}:g"])
    return value, x.grad


def test_every_loss_has_a_fixture_for_every_reduction():
    assert {case.rsplit("/", 1)[0] for case in CASES} >= set(OPTIONS)
    assert {case.split("/")[0] for case in CASES} == set(LOSSES)
    assert {case.rsplit("/", 1)[1] for case in CASES} == {"mean", "sum", "none"}
    assert len(CASES) % 3 == 0
    assert {n for n in dir(nn) if n.endswith(("_loss", "_entropy", "_logits"))} == set(LOSSES)


@every
def test_value_and_gradient_are_those_of_pytorch(case):
    value, grad = run(case)
    np.testing.assert_allclose(value.numpy(), TORCH[f"{case}:out"], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(grad, TORCH[f"{case}:grad"], rtol=1e-13, atol=1e-15)
    assert np.isfinite(grad).all()


@every
@pytest.mark.parametrize("as_target", [np.ndarray.tolist, mg.tensor])
def test_a_target_is_an_array_or_a_list_or_a_tensor(case, as_target):
    value, grad = run(case)
    again, grad_again = run(case, as_target=as_target)
    np.testing.assert_array_equal(value.numpy(), again.numpy())
    np.testing.assert_array_equal(grad, grad_again)


@every
def test_float32_stays_float32_beside_a_float64_target(case):
    value, grad = run(case, np.float32)
    assert value.dtype == grad.dtype == np.float32
    np.testing.assert_allclose(value.numpy(), TORCH[f"{case}:out"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad, TORCH[f"{case}:grad"], rtol=1e-5, atol=1e-6)


@every
def test_arrays_go_in_and_an_array_comes_out(case):
    kind, reduction = case.rsplit("/", 1)
    x, target = TORCH[f"{case}:x"], TORCH[f"{case}:target"]
    value = LOSSES[kind.split("/")[0]](x, target, reduction, **OPTIONS.get(kind, {}))
    assert not isinstance(value, mg.Tensor)
    np.testing.assert_allclose(value, TORCH[f"{case}:out"], rtol=1e-13, atol=1e-15)


@every
def test_the_inputs_are_left_as_they_were(case):
    target = TORCH[f"{case}:target"].copy()
    run(case, as_target=lambda _: target)
    np.testing.assert_array_equal(target, TORCH[f"{case}:target"])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_labels_are_whole_numbers_of_any_size(dtype):
    case = "cross_entropy/labels/mean"
    value, grad = run(case, as_target=lambda target: target.astype(dtype))
    np.testing.assert_allclose(value.numpy(), TORCH[f"{case}:out"], rtol=1e-13)
    np.testing.assert_allclose(grad, TORCH[f"{case}:grad"], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_labels_are_probabilities_of_one(reduction):
    scores = mg.tensor(TORCH["nll_loss/mean:x"])
    labels = TORCH["nll_loss/mean:target"]
    one_hot = np.eye(4, dtype=int)[labels]
    by_label = nn.cross_entropy(scores, labels, reduction)
    by_row = nn.cross_entropy(scores, one_hot, reduction)
    by_parts = nn.nll_loss(nn.LogSoftmax()(scores), labels, reduction)
    np.testing.assert_allclose(by_label.numpy(), by_row.numpy(), rtol=1e-14)
    np.testing.assert_allclose(by_label.numpy(), by_parts.numpy(), rtol=1e-14)


PAIRED = [
    (nn.mse_loss, lambda x, t: 2 * (t - x)),
    (nn.huber_loss, lambda x, t: np.clip(t - x, -1, 1)),
    (nn.binary_cross_entropy_with_logits, lambda x, t: -x),
]


@pytest.mark.parametrize(("loss", "derivative"), PAIRED)
def test_a_target_that_requires_a_gradient_gets_one(loss, derivative):
    x, t = np.array([0.2, -3.0, 1.5]), np.array([0.3, 0.9, 0.1])
    target = mg.tensor(t, requires_grad=True)
    loss(mg.tensor(x), target, "sum").backward()
    np.testing.assert_allclose(target.grad, derivative(x, t), rtol=1e-13)


def test_probabilities_that_require_a_gradient_get_one():
    x, p = np.array([[0.2, -3.0, 1.5]]), np.array([[0.2, 0.3, 0.5]])
    target = mg.tensor(p, requires_grad=True)
    nn.cross_entropy(mg.tensor(x), target, "sum").backward()
    np.testing.assert_allclose(target.grad, np.log(np.exp(x).sum()) - x, rtol=1e-13)


def test_small_losses_keep_their_digits():
    # log1p(e**-40) = e**-40 to 17 digits: neither 1 - sigmoid nor 40 - 40 would find it
    tiny = np.exp(-40.0)
    for target, score in ((1.0, 40.0), (0.0, -40.0)):
        x = mg.tensor([score], requires_grad=True)
        loss = nn.binary_cross_entropy_with_logits(x, [target])
        loss.backward()
        np.testing.assert_allclose(loss.item(), tiny, rtol=1e-13)
        np.testing.assert_allclose(x.grad, [np.copysign(tiny, -score)], rtol=1e-13)


@given(
    scores=st.lists(st.lists(st.floats(-1000, 1000), min_size=3, max_size=3), min_size=1),
    data=st.data(),
)
def test_cross_entropy_pulls_down_the_scores_by_what_softmax_has_too_much(scores, data):
    labels = np.array([data.draw(st.integers(0, 2)) for _ in scores])
    x = mg.tensor(scores, requires_grad=True)
    loss = nn.cross_entropy(x, labels, "sum")
    loss.backward()
    expected = mg.softmax(x.numpy()) - np.eye(3)[labels]
    np.testing.assert_allclose(x.grad, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(x.grad.sum(axis=1), 0, atol=1e-12)
    assert loss.item() >= 0
