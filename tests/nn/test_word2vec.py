"""Skip-gram: its gradient against the derivation by hand and finite differences; its neighbours."""

import numpy as np
import pytest

import microgd as mg
from microgd import data, nn
from microgd.nn.word2vec import cosines

WORDS = ("the", "red", "blue", "ray", "hole")


@pytest.fixture
def model():
    rng = np.random.default_rng(0)
    net = nn.SkipGram(WORDS, 3, rng=rng)
    net.contexts.weight.data = rng.normal(size=(5, 3))
    net.vectors.weight.data = rng.normal(size=(5, 3))
    return net


CENTRES, CONTEXTS = np.array([1, 2, 1, 4]), np.array([0, 3, 3, 0])


def test_the_gradient_is_the_error_times_the_context_vectors(model):
    nn.cross_entropy(model(CENTRES), CONTEXTS).backward()
    v, u = model.vectors.weight.numpy(), model.contexts.weight.numpy()
    of_v, of_u = np.zeros_like(v), np.zeros_like(u)
    for c, o in zip(CENTRES, CONTEXTS, strict=True):
        chances = np.exp(u @ v[c])
        error = chances / chances.sum() - np.eye(5)[o]  # y_hat - y
        of_v[c] += error @ u / 4
        of_u += np.outer(error, v[c]) / 4
    np.testing.assert_allclose(model.vectors.weight.grad, of_v, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(model.contexts.weight.grad, of_u, rtol=1e-12, atol=1e-15)


def test_the_gradient_passes_the_check_by_finite_differences(model):
    def loss(vectors, contexts):
        model.vectors.weight, model.contexts.weight = vectors, contexts
        return nn.cross_entropy(model(CENTRES), CONTEXTS)

    assert mg.gradcheck(loss, tuple(p.numpy() for p in model.parameters()))


def test_a_word_that_is_not_in_the_batch_gets_no_gradient(model):
    nn.cross_entropy(model(CENTRES), CONTEXTS).backward()
    assert not model.vectors.weight.grad[[0, 3]].any()
    assert model.contexts.weight.grad.all()


def test_it_starts_as_word2vecs_program_does_and_knows_nothing():
    net = nn.SkipGram(WORDS, 4, rng=0, dtype=np.float32)
    assert net.vectors.weight.dtype == np.float32
    assert 0 < np.abs(net.vectors.weight.data).max() <= 0.125
    loss = nn.cross_entropy(net(CENTRES), CONTEXTS)
    assert loss.dtype == np.float32
    assert loss.item() == pytest.approx(np.log(5))


def test_nearest_are_those_of_the_largest_cosine(model):
    model.vectors.weight.data = [[1, 0, 0], [0, 1, 0], [0, 9, 1], [0, 1, 1], [0, -1, 0]]
    found = model.nearest("red", 2)
    assert [word for word, _ in found] == ["blue", "ray"]
    assert [cosine for _, cosine in found] == pytest.approx([9 / 82**0.5, 0.5**0.5])
    assert [word for word, _ in model.nearest("red", 99)][-1] == "hole"


def test_cosines_of_random_rows_and_of_zeros():
    rows = np.random.default_rng(1).normal(size=(4, 3))
    rows[2] = 0
    found = cosines(rows)
    for i, j in [(0, 1), (3, 0)]:
        by_hand = rows[i] @ rows[j] / np.linalg.norm(rows[i]) / np.linalg.norm(rows[j])
        assert found[i, j] == pytest.approx(by_hand)
    assert not found[2].any()


def test_a_round_trip_by_the_state(model):
    twin = nn.SkipGram(WORDS, 3)
    twin.load_state_dict(model.state_dict())
    assert twin.nearest("ray") == model.nearest("ray")
    assert list(model.state_dict()) == ["vectors.weight", "contexts.weight"]


def test_words_with_the_same_neighbours_come_together():
    text = data.words("the red ray, the blue ray; a round hole, a small hole. " * 30)
    words = data.vocabulary(text)
    pairs = data.skip_grams(data.encode(text, words), window=1)
    net = nn.SkipGram(words, 6, rng=0)
    rule = mg.optim.Adam(net.parameters(), lr=0.03)
    mg.train.fit(net, pairs, rule, epochs=10, progress=False)
    assert net.nearest("red", 1)[0][0] == "blue"
    assert net.nearest("small", 1)[0][0] == "round"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.SkipGram(["a", "b", "a"], 2), ValueError, "the word 'a' comes twice"),
        (lambda: nn.SkipGram(["a"], 0), ValueError, "SkipGram: dimensions is 0; give 1 or more"),
        (lambda: nn.SkipGram([], 2), ValueError, "words is empty"),
        (lambda: nn.SkipGram(WORDS, 2).nearest("redd"), ValueError,
         "nearest: 'redd' is none of the 5 words; did you mean 'red'?"),
        (lambda: nn.SkipGram(WORDS, 2).nearest("xyz"), ValueError, "none of the 5 words$"),
        (lambda: nn.SkipGram(WORDS, 2)([5]), IndexError, "vectors"),
    ],
)  # fmt: skip
def test_bad_words_are_refused(make, error, message):
    with pytest.raises(error, match=message.replace("?", r"\?")):
        make()


def test_it_says_how_large_it_is():
    assert "5 words, 3 dimensions" in repr(nn.SkipGram(WORDS, 3))
