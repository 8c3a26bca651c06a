"""Claims about many runs: that each fails when what it claims about is broken."""

import math

import numpy as np
import pytest

from microgd.experiments.claim import Verdict, check
from microgd.experiments.claims import (
    batch_norm_speed,
    curriculum,
    curriculum_order,
    encoder,
    gradient_noise,
    symmetry,
    xor,
)


def verdicts(module):
    result = check(module.CLAIM)
    assert not result.error
    return [row.verdict is Verdict.REPRODUCED for row in result.rows]


@pytest.fixture(autouse=True)
def _few_runs(monkeypatch):
    monkeypatch.setattr(xor, "RUNS", 10)
    monkeypatch.setattr(encoder, "RUNS", 10)
    monkeypatch.setattr(gradient_noise, "RUNS", 2)
    monkeypatch.setattr(gradient_noise, "LAYERS", 3)
    monkeypatch.setattr(gradient_noise, "EPOCHS", 40)


def test_equal_weights_never_learn_xor(monkeypatch):
    monkeypatch.setattr(xor, "START", 0.0)
    monkeypatch.setattr(xor, "SWEEPS", 50)
    assert verdicts(xor) == [False, False, False]


def test_chauvins_line_as_in_the_chapter():
    assert [round(xor.chauvin(hidden)) for hidden in (2, 32)] == [247, 115]  # "245", "about 120"


def test_symmetry_without_momentum_is_not_as_published(monkeypatch):
    monkeypatch.setattr(symmetry, "MOMENTUM", 0.0)
    monkeypatch.setattr(symmetry, "RATE", 0.3)
    monkeypatch.setattr(symmetry, "RUNS", 30)
    assert not verdicts(symmetry)[0]


def test_another_task_has_no_weights_of_1_2_4(monkeypatch):
    def parity_of_the_left(net, x, target, *others):
        return original(net, x, x[:, :3].sum(axis=1, keepdims=True) > 1, *others)

    original = symmetry.learn
    monkeypatch.setattr(symmetry, "learn", parity_of_the_left)
    monkeypatch.setattr(symmetry, "SWEEPS", 1000)
    assert verdicts(symmetry)[1:] == [False, False, False]


def test_equal_weights_never_learn_a_code(monkeypatch):
    monkeypatch.setattr(encoder, "START", 0.0)
    monkeypatch.setattr(encoder, "SWEEPS", 50)
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="empty"):
        assert verdicts(encoder) == [False, False]


def test_no_normalisation_wins_nothing(monkeypatch):
    monkeypatch.setitem(batch_norm_speed.NETWORKS, "with", None)
    monkeypatch.setattr(batch_norm_speed, "LOSS", 2.4)
    assert verdicts(batch_norm_speed) == [False, True]


def test_a_few_runs_with_noise_learn_and_none_without():
    share_without, share_with, too_few_to_tell = verdicts(gradient_noise)
    assert share_without
    assert share_with
    assert not too_few_to_tell  # two of two may be chance


def test_noise_of_nothing_teaches_nothing(monkeypatch):
    monkeypatch.setattr(gradient_noise, "ETA", 0.0)
    monkeypatch.setattr(gradient_noise, "EPOCHS", 2)
    assert verdicts(gradient_noise) == [True, False, False]


def test_random_examples_for_easy_ones_fail(monkeypatch):
    rng = np.random.default_rng(0)
    correct = curriculum.Curriculum
    monkeypatch.setattr(
        curriculum, "Curriculum", lambda hard, pacing: correct(rng.permutation(hard), pacing)
    )
    monkeypatch.setattr(curriculum, "RUNS", 20)
    _, of_easy, difference = verdicts(curriculum)
    assert not of_easy
    assert not difference


def test_the_machine_finds_the_soft_margin_of_two_points():
    # |w|**2 / 2 + hinges is least at w = (1, 0), b = 0, where both hinges end
    x, y = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0], [-1.0]])
    error = curriculum.train(x, y, np.ones(2), 1.0, seed=0)
    assert error == pytest.approx(curriculum.beyond(math.sqrt(0.5)), abs=2e-3)


def test_the_error_of_a_line_is_that_of_many_points(monkeypatch):
    monkeypatch.setattr(curriculum, "EPOCHS", 3)
    rng = np.random.default_rng(1)
    y = rng.choice([-1.0, 1.0], size=(20, 1))
    x = y * curriculum.TEACHER + rng.standard_normal((20, 2))
    found = {}
    linear = curriculum.nn.Linear

    def remember(*args, **options):
        found["net"] = linear(*args, **options)
        return found["net"]

    monkeypatch.setattr(curriculum.nn, "Linear", remember)
    error = curriculum.train(x, y, (y * x) @ curriculum.TEACHER, 1.0, seed=0)
    labels = rng.choice([-1.0, 1.0], size=(200_000, 1))
    points = labels * curriculum.TEACHER + rng.standard_normal((200_000, 2))
    wrong = np.sign(found["net"](points).numpy()) != labels
    assert error == pytest.approx(wrong.mean(), abs=4e-3)


def test_perceptrons_side_by_side_follow_rosenblatts_rule():
    rng = np.random.default_rng(0)
    start, x = rng.standard_normal((3, 4)), rng.uniform(size=(3, 30, 4))
    y = rng.choice([-1.0, 1.0], size=(3, 30))
    by_hand = start.copy()
    for run in range(3):
        for example, label in zip(x[run], y[run], strict=True):
            if label * (by_hand[run] @ example) < 0:
                by_hand[run] += label * example
    np.testing.assert_allclose(curriculum_order.learn(start, x, y), by_hand)


def test_the_examples_of_the_perceptron_are_those_of_the_paper(monkeypatch):
    monkeypatch.setattr(curriculum_order, "RELEVANT", 3)
    monkeypatch.setattr(curriculum_order, "IRRELEVANT", 4)
    rng = np.random.default_rng(0)
    teacher = rng.standard_normal((5, 3))
    x, y, margin, noisy = curriculum_order.task(teacher, 400, rng)
    assert x.min() >= 0
    assert x.max() < 1
    np.testing.assert_array_equal((x[:, :, 3:] > 0).sum(axis=2), noisy)
    assert np.bincount(noisy.ravel(), minlength=5) == pytest.approx([400] * 5, rel=0.2)
    score = sum(x[:, :, i] * teacher[:, None, i] for i in range(3))
    np.testing.assert_array_equal(y, np.sign(score))
    np.testing.assert_allclose(margin, y * score)


def test_an_order_that_helps_is_as_published(monkeypatch):
    # The hardest first help; if they were called the easiest, the claim would be met
    monkeypatch.setattr(curriculum_order, "RUNS", 200)
    correct = curriculum_order.task

    def reversed_task(*args):
        x, y, margin, noisy = correct(*args)
        return x, y, -margin, -noisy

    monkeypatch.setattr(curriculum_order, "task", reversed_task)
    assert all(row.verdict is not Verdict.DIFFERS for row in check(curriculum_order.CLAIM).rows[1:])
