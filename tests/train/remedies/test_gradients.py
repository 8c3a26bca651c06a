"""Clipping and noise between the backward pass and the step, and all remedies together, resumed."""

import math

import numpy as np
import pytest
from stopping import StopAt

from microgd import data, nn, optim
from microgd.train import (
    Callback,
    Checkpoint,
    ClipGradNorm,
    ClipGradValue,
    Curriculum,
    EarlyStopping,
    GradientNoise,
    NotFiniteError,
    difficulty,
    fit,
    pacing,
)

X = np.random.default_rng(0).normal(size=(23, 3))
Y = np.arange(23) % 2


class Gradients(Callback):
    """What the optimizer takes at each step."""

    def __init__(self):
        self.taken = []

    def on_backward_end(self, run):
        self.taken.append([p.grad.copy() for p in run.model.parameters()])


def train(*callbacks, epochs=2, seed=0, loss=nn.cross_entropy, dtype=float, **options):
    net = nn.MLP([3, 5, 2], "tanh", rng=seed, dtype=dtype)
    batches = data.batches(X.astype(dtype), Y, 4, rng=seed)
    rule = optim.Adam(net.parameters(), lr=0.05)
    history = fit(
        net, batches, rule, loss, epochs, callbacks=callbacks, progress=False, **options
    )  # fmt: skip
    return net, history


def raw_and_taken(*remedies, **options):
    """Each step's gradients before and after."""
    before, after = Gradients(), Gradients()
    _, history = train(before, *remedies, after, **options)
    return before.taken, after.taken, history


@pytest.mark.parametrize("order", [1.0, 2.0, math.inf])
def test_a_clipped_norm_is_the_limit_and_the_direction_stays(order):
    before, after, history = raw_and_taken(ClipGradNorm(0.2, order), every="step")
    clipped = 0
    for raw, taken, total in zip(before, after, history["grad_norm"], strict=True):
        raw, taken = (np.concatenate([g.ravel() for g in step]) for step in (raw, taken))
        length = np.linalg.norm(raw, order)
        if length > 0.2:
            clipped += 1
            assert np.linalg.norm(taken, order) == pytest.approx(0.2, rel=1e-4)
            np.testing.assert_allclose(taken, raw * (0.2 / length), rtol=1e-4)
        else:
            assert np.array_equal(raw, taken)
        assert total == pytest.approx(np.linalg.norm(raw), rel=1e-13), "from before clipping"
    assert clipped > 0


def test_a_clipped_value_is_within_the_limit():
    before, after, _ = raw_and_taken(ClipGradValue(0.03))
    for raw, taken in zip(before, after, strict=True):
        for g, h in zip(raw, taken, strict=True):
            assert np.array_equal(h, np.clip(g, -0.03, 0.03))
    assert max(np.abs(g).max() for g in before[0]) > 0.03


def test_noise_has_the_variance_of_the_paper():
    class Zero(Callback):
        def on_backward_end(self, run):
            for p in run.model.parameters():
                p.grad = np.zeros(p.shape)

    taken = Gradients()
    net = nn.MLP([3, 2000, 2], rng=0)
    callbacks = [Zero(), GradientNoise(0.3, 0.55, rng=1), taken]
    fit(
        net, (X, Y), optim.SGD(net.parameters(), lr=0.0), epochs=2, batch_size=6,
        callbacks=callbacks, progress=False,
    )  # fmt: skip
    for t, gradients in enumerate(taken.taken):
        noise = np.concatenate([g.ravel() for g in gradients])
        assert noise.var() == pytest.approx(0.3 / (1 + t) ** 0.55, rel=0.08)
    draws = [np.concatenate([g.ravel() for g in step]) for step in taken.taken[:2]]
    assert abs(np.corrcoef(draws)[0, 1]) < 0.05, "another draw at each step"


@pytest.mark.parametrize("remedy", [ClipGradNorm(0.1), ClipGradValue(0.1), GradientNoise(0.1)])
def test_float32_stays_float32(remedy):
    _, after, _ = raw_and_taken(remedy, dtype=np.float32)
    assert {g.dtype for step in after for g in step} == {np.dtype(np.float32)}


def test_a_norm_that_is_not_finite_ends_the_run_before_the_step():
    class Break(Callback):
        def on_backward_end(self, run):
            if run.step == 4:
                run.model.layers[0].bias.grad = np.full(5, np.inf)
                self.before = run.model.state_dict()

    broken = Break()
    with pytest.raises(NotFiniteError, match=r"layers\.0\.bias") as caught:
        train(broken, ClipGradNorm(1.0))
    assert caught.value.history.step == 3
    assert all(np.isfinite(value).all() for value in broken.before.values())
    train(broken, ClipGradValue(1.0))  # an infinite element is cut off like any other


BAD = [
    (lambda: ClipGradNorm(0), ValueError, "ClipGradNorm: max_norm is 0.0; give a positive"),
    (lambda: ClipGradNorm(math.nan), ValueError, "max_norm is nan"),
    (lambda: ClipGradNorm("1"), TypeError, "max_norm is '1', a str"),
    (lambda: ClipGradNorm(1, 0), ValueError, "ClipGradNorm: norm_type is 0; give 2"),
    (lambda: ClipGradValue(-1), ValueError, "ClipGradValue: value is -1.0; give a positive"),
    (lambda: GradientNoise(-1), ValueError, "GradientNoise: eta is -1.0; give a number of at"),
    (lambda: GradientNoise(1, gamma=-0.5), ValueError, "gamma is -0.5"),
    (lambda: GradientNoise(1, rng="0"), TypeError, "GradientNoise: rng is '0'"),
]


@pytest.mark.parametrize(("misuse", "error", "said"), BAD)
def test_misuse_is_named(misuse, error, said):
    with pytest.raises(error) as caught:
        misuse()
    assert said in str(caught.value)


# All of them together


def all_remedies(seed):
    """`seed` makes sure that nothing is equal before the checkpoint is loaded."""
    return (
        ClipGradNorm(0.5),
        ClipGradValue(0.2),
        GradientNoise(0.01, rng=seed),
        EarlyStopping("val_loss", patience=2),
        Curriculum(difficulty.distance, pacing.linear(0.3, 4), balanced=True),
    )


@pytest.mark.parametrize("each", ["epoch", "step"])
def test_a_run_with_all_remedies_resumes_to_the_bit_after_any_step(each, tmp_path):
    options = {"epochs": 30, "validation": (X[:7], 1 - Y[:7])}
    path, done = tmp_path / "run.npz", tmp_path / "done.npz"
    straight, history = train(*all_remedies(0), Checkpoint(done, each=each), **options)
    assert history.epoch < 30, "stopped early"
    for step in range(1, history.step + 1):
        train(*all_remedies(0), StopAt(step), Checkpoint(path, each=each), **options)
        resumed, again = train(
            *all_remedies(step), Checkpoint(path, each=each), seed=step, resume=path, **options
        )
        assert repr(again) == repr(history)
        for name, value in resumed.state_dict().items():
            assert np.array_equal(value, straight.state_dict()[name])
        assert path.read_bytes() == done.read_bytes(), f"stopped after step {step}"
