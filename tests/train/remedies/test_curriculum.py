"""A curriculum hands out the easiest examples first, and resumes to the bit."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stopping import StopAt

from microgd import data, nn, optim
from microgd.train import Callback, Checkpoint, fit
from microgd.train.remedies import Curriculum, difficulty, pacing

N = 12
X = np.random.default_rng(0).normal(size=(N, 3))
Y = np.arange(N) % 3
HARD = np.array([5, 0, 7, 1, 11, 2, 3, 9, 4, 10, 6, 8])  # of each row; a permutation


class Watch(Callback):
    """Which rows each epoch saw, in order."""

    def __init__(self):
        self.epochs = []

    def on_epoch_begin(self, _run):
        self.epochs.append([])

    def on_batch_end(self, run):
        self.epochs = self.epochs or [[]]  # resumed midway
        rows = [int(np.flatnonzero((x == X).all(axis=1))[0]) for x in run.x]
        self.epochs[-1] += rows


def train(curriculum, *more, epochs=6, seed=0, size=2, given=(X, Y), resume=None, **options):
    net = nn.MLP([3, 3], rng=seed)
    batches = data.batches(*given, size, rng=seed, **options)
    watch = Watch()
    history = fit(
        net, batches, optim.SGD(net.parameters(), lr=0.1), nn.cross_entropy, epochs,
        callbacks=[curriculum, watch, *more], progress=False, resume=resume,
    )  # fmt: skip
    return watch.epochs, history, net, batches


def easiest(count):
    return set(np.argsort(HARD)[:count].tolist())


@pytest.mark.parametrize("size", [None, 1, 5, 100])
@pytest.mark.parametrize("shuffle", [True, False])
def test_an_epoch_sees_the_easiest_share_once(size, shuffle):
    easy_first = Curriculum(HARD, pacing.linear(0.25, end=3))
    epochs, history, _, batches = train(easy_first, size=size, shuffle=shuffle)
    for seen, count in zip(epochs, [3, 6, 9, 12, 12, 12], strict=True):
        assert len(seen) == count
        assert set(seen) == easiest(count)
        assert batches.shuffle or seen == sorted(seen)
    assert easy_first.used == batches.selected == N
    assert history["examples"].tolist() == [3, 6, 9, 12, 12, 12]
    steps = [-(-count // (size or N)) for count in (3, 6, 9, 12, 12, 12)]
    assert np.diff(history["step"], prepend=0).tolist() == steps


def test_time_in_steps():
    counts = [len(seen) for seen in train(Curriculum(HARD, lambda t: 0.5 if t < 7 else 1.0,
                                                     each="step"), epochs=4)[0]]  # fmt: skip
    assert counts == [6, 6, 6, 12], "three steps an epoch, asked at 0, 3, 6 and 9"


def test_what_is_shuffled_follows_the_seed():
    def order(seed):
        return train(Curriculum(HARD, pacing.step(0.5, end=3)), seed=seed)[0]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_a_share_of_one_is_training_without_a_curriculum():
    nets = [train(c)[2] for c in (Curriculum(HARD, lambda t: 1.0), Callback())]
    for p, q in zip(*(net.parameters() for net in nets), strict=True):
        assert np.array_equal(p.data, q.data)


def test_balanced_keeps_the_shares_of_the_classes():
    hard_class = HARD + 100 * (Y == 0)
    for balanced, labels in ((False, {1, 2}), (True, {0, 1, 2})):
        rule = Curriculum(hard_class, pacing.step(0.5, end=9), balanced=balanced)
        (seen, *_), *_ = train(rule, epochs=1)
        assert set(Y[seen]) == labels
    assert np.bincount(Y[seen]).tolist() == [2, 2, 2]
    for label in range(3):
        rows = np.flatnonzero(label == Y)
        assert set(rows[np.argsort(hard_class[rows])][:2]) == set(seen) & set(rows)


@pytest.mark.parametrize("size", [None, 2, 5])
def test_it_resumes_to_the_bit_after_any_step(size, tmp_path):
    """Difficulty comes from a function that would now say something else."""
    path, straight = tmp_path / "run.npz", train(Curriculum(HARD, pacing.root(0.3, 4)), size=size)

    for step in range(1, straight[1].step + 1):
        first = Curriculum(lambda x, y: HARD, pacing.root(0.3, 4))
        train(first, StopAt(step), Checkpoint(path), size=size)
        again = Curriculum(lambda x, y: -HARD, pacing.root(0.3, 4))
        _, history, net, _ = train(again, size=size, seed=step, resume=path)
        assert repr(history) == repr(straight[1])
        for p, q in zip(net.parameters(), straight[2].parameters(), strict=True):
            assert np.array_equal(p.data, q.data), f"stopped after step {step}"


def test_batches_are_whole_again_afterwards():
    *_, batches = train(Curriculum(HARD, lambda t: 0.5))
    assert batches.selected == N
    assert len(np.concatenate([y for _, y in batches])) == N


PACES = st.sampled_from(list(pacing.PACINGS))


@given(PACES, st.floats(0.01, 1), st.floats(0.5, 1e4))
def test_a_pace_rises_from_start_to_one_at_the_end_and_stays(name, start, end):
    pace = pacing.PACINGS[name](start, end)
    shares = [pace(t) for t in np.linspace(0, end, 50)]
    assert shares[0] == pytest.approx(start, rel=1e-12)
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(shares))
    assert pace(end) == pytest.approx(1, rel=1e-12)
    assert pace(10 * end) == 1.0
    assert max(shares) <= 1


def test_the_paces_are_those_of_their_papers():
    t = np.arange(0.0, 12.0)
    competence = np.minimum(1, np.sqrt(t * (1 - 0.1**2) / 10 + 0.1**2))
    np.testing.assert_allclose([pacing.root(0.1, 10)(u) for u in t], competence, rtol=1e-14)
    # start * increase ** floor(t / step), of which 4 steps of 3 lead from 1/16 to 1
    fixed = np.minimum(1, 0.0625 * 2.0 ** np.floor(t / 3))
    exponential = pacing.exponential(0.0625, 12, stages=4)
    np.testing.assert_allclose([exponential(u) for u in t], fixed, rtol=1e-14)


def test_the_loss_of_a_teacher_is_the_difficulty():
    teacher = nn.MLP([3, 3], rng=3)
    scores = difficulty.by_loss(teacher)(X, Y)
    logits = teacher(X).data
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(N), Y]
    np.testing.assert_allclose(scores, expected, rtol=1e-12)
    assert difficulty.by_loss(teacher, nn.mse_loss)(X, X).shape == (N,)


def test_the_distance_is_from_the_mean_of_the_class_or_of_all():
    classes = difficulty.distance(X, Y)
    assert classes[4] == pytest.approx(np.linalg.norm(X[4] - X[Y == 1].mean(axis=0)), rel=1e-14)
    numbers = difficulty.distance(X, X[:, 0])
    assert numbers[4] == pytest.approx(np.linalg.norm(X[4] - X.mean(axis=0)), rel=1e-14)


def share(value):
    return lambda t: value


BAD = [
    (lambda: Curriculum(HARD, 0.5), TypeError, "pacing is 0.5; give a function of the time"),
    (lambda: Curriculum(HARD, share(1), each="batch"), ValueError, "each 'batch' is unknown"),
    (lambda: train(Curriculum(HARD[1:], share(1))), ValueError, "shape (11,)"),
    (lambda: train(Curriculum(["a"] * N, share(1))), ValueError, "one number for each of the 12"),
    (lambda: train(Curriculum(HARD / 0.0, share(1))), ValueError, "difficulty[0] is inf"),
    (lambda: train(Curriculum(HARD, share(0))), ValueError, "pacing(0) is 0.0; give a share"),
    (lambda: train(Curriculum(HARD, share(1.1))), ValueError, "pacing(0) is 1.1"),
    (lambda: train(Curriculum(HARD, share(np.nan))), ValueError, "pacing(0) is nan"),
    (lambda: pacing.linear(0), ValueError, "linear: start is 0; give a positive number"),
    (lambda: pacing.root(1.5), ValueError, "root: start is 1.5; give a share above 0"),
    (lambda: pacing.step(0.5, end=0), ValueError, "step: end is 0"),
    (lambda: pacing.exponential(stages=-1), ValueError, "exponential: stages is -1"),
    (lambda: pacing.root(power="2"), TypeError, "root: power is '2', a str"),
]


@pytest.mark.parametrize(("misuse", "error", "said"), BAD)
def test_misuse_is_named(misuse, error, said):
    with pytest.raises(error) as caught, np.errstate(divide="ignore", invalid="ignore"):
        misuse()
    assert said in str(caught.value)
