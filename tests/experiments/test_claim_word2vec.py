"""word2vec on the Opticks: its yardsticks by hand, and failure where nothing can be learned."""

import numpy as np
import pytest

from microgd import data, nn
from microgd.experiments.claim import Verdict, check
from microgd.experiments.claims import word2vec


def verdicts():
    result = check(word2vec.CLAIM)
    assert not result.error
    return [row.verdict is Verdict.REPRODUCED for row in result.rows]


def test_untrained_vectors_fail_every_row(monkeypatch):
    monkeypatch.setattr(word2vec, "RATE", 0.0)
    monkeypatch.setattr(word2vec, "EPOCHS", 1)
    assert verdicts() == [False] * 4


def test_a_text_whose_words_are_shuffled_has_no_neighbours(monkeypatch):
    tokens = data.words(data.opticks())
    shuffled = np.random.default_rng(0).permutation(tokens).tolist()
    monkeypatch.setattr(data, "words", lambda _: shuffled)
    monkeypatch.setattr(word2vec, "EPOCHS", 1)
    _, *of_neighbours = verdicts()
    assert of_neighbours == [False] * 3


COUNTS = np.array([[0.0, 2.0, 1.0], [2.0, 0.0, 0.0], [1.0, 0.0, 4.0]])


def test_entropies_by_hand():
    alone, given = word2vec.entropies(COUNTS)
    p = [0.3, 0.2, 0.5]
    assert alone == pytest.approx(-sum(q * np.log(q) for q in p))
    rows = [(2 / 3, 1 / 3), (1.0,), (1 / 5, 4 / 5)]
    by_hand = [-sum(q * np.log(q) for q in row) for row in rows]
    assert given == pytest.approx(np.dot(p, by_hand))


def test_the_loss_is_that_over_every_single_pair():
    model = nn.SkipGram(["a", "b", "c"], 2, rng=0)
    model.contexts.weight.data = np.random.default_rng(1).normal(size=(3, 2))
    counts = COUNTS.astype(int)
    pairs = [(c, o) for c in range(3) for o in range(3) for _ in range(counts[c, o])]
    centres, contexts = np.array(pairs).T
    one_by_one = nn.cross_entropy(model(centres), contexts).item()
    assert word2vec.loss(model, COUNTS) == pytest.approx(one_by_one)


def test_mutual_information_by_hand():
    found = word2vec.ppmi(COUNTS)
    assert found[0, 1] == pytest.approx(np.log(0.2 / (0.3 * 0.2)))
    assert found[0, 2] == 0  # rarer together than by chance
    assert found[1, 1] == 0  # never together
