"""Lesson 12: counts by a slow loop, losses pair by pair, gradients by finite differences."""

import itertools
import math

import numpy as np
import pytest

import microgd as mg


def naive(v, table, o):
    """-log of the softmax at o, in plain Python."""
    scores = [sum(a * b for a, b in zip(v, u, strict=True)) for u in table]
    return math.log(sum(math.exp(s) for s in scores)) - scores[o]


def slopes(f, x, run=1e-6):
    """The gradient of f at an array, by differences."""
    found = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[at] += run
        down[at] -= run
        found[at] = (f(up) - f(down)) / (2 * run)
    return found


def test_the_pairs_are_those_of_a_slow_loop(lesson):
    places, size = lesson["places"][:3000].tolist(), len(lesson["words"])
    counts = np.zeros((size, size))
    for at, centre in enumerate(places):
        for near in places[max(0, at - 4) : at] + places[at + 1 : at + 5]:
            counts[centre, near] += 1
    some = np.zeros((size, size))
    np.add.at(some, mg.data.skip_grams(lesson["places"][:3000], window=4), 1)
    np.testing.assert_array_equal(some, counts)
    assert lesson["counts"].sum() == len(lesson["centres"]) == len(lesson["contexts"])
    assert len(lesson["centres"]) == 2 * sum(len(lesson["places"]) - k for k in (1, 2, 3, 4))


def test_the_words_are_those_that_come_forty_times(lesson):
    text = lesson["text"]
    frequent = {word for word in set(text) if text.count(word) >= 40}
    assert set(lesson["words"]) == frequent
    assert len(lesson["words"]) == 320
    assert len(lesson["places"]) == sum(word in frequent for word in text)


def test_the_company_of_red_is_that_of_blue(lesson):
    counts, words = lesson["counts"], lesson["words"]
    red, six = words.index("red"), words.index("six")
    often = counts[red, six] / counts[red].sum() * counts.sum() / counts[:, six].sum()
    assert lesson["company"]["red"][six] == pytest.approx(often)
    assert lesson["alike"] > 0.5
    assert abs(lesson["unlike"]) < 0.2


def test_the_derived_gradient_is_that_of_differences_and_of_the_engine(lesson):
    red, outside = lesson["red"], lesson["outside"]
    o = lesson["few"].index("glass")
    along_v = slopes(lambda v: naive(v, outside, o), red)
    along_u = slopes(lambda table: naive(red, table, o), outside)
    np.testing.assert_allclose(lesson["by_hand"][0], along_v, atol=1e-8)
    np.testing.assert_allclose(lesson["by_hand"][1], along_u, atol=1e-8)
    np.testing.assert_allclose(lesson["by_engine"][0], along_v, atol=1e-8)
    np.testing.assert_allclose(lesson["by_engine"][1], along_u, atol=1e-8)
    assert lesson["off"] < 1e-14
    assert lesson["loss"].item() == pytest.approx(naive(red, outside, o), rel=1e-12)
    assert lesson["error"].sum() == pytest.approx(0, abs=1e-15)
    assert lesson["y_hat"].sum() == pytest.approx(1)


def test_the_two_gradients_that_arrive_at_the_scores_are_y_and_y_hat(lesson):
    s = mg.tensor(lesson["outside"] @ lesson["red"], requires_grad=True)
    mg.logsumexp(s).backward()
    np.testing.assert_allclose(s.grad, lesson["y_hat"], rtol=1e-12)
    s.grad = None
    (-s[2]).backward()
    np.testing.assert_array_equal(s.grad, -lesson["truth"])


def test_walking_turns_red_and_glass_together_and_pushes_the_others_away(lesson):
    few, chances, walk = lesson["few"], lesson["chances"], lesson["walk"]

    def towards_red(v, table):
        return table @ v / np.linalg.norm(table, axis=1) / np.linalg.norm(v)

    before, after = walk(0), walk(40)
    np.testing.assert_array_equal(before[0], lesson["red"])
    turned = towards_red(*after) - towards_red(*before)
    glass = few.index("glass")
    assert turned[glass] > 0
    assert (turned[[few.index("rays"), few.index("light")]] < 0).all()
    assert chances(*before)[glass] < 0.2
    assert chances(*before).argmax() != glass
    assert chances(*after)[glass] > 0.9
    step = walk(1)
    np.testing.assert_allclose(step[0], lesson["red"] - 0.5 * lesson["by_engine"][0], rtol=1e-12)
    np.testing.assert_allclose(step[1], lesson["outside"] - 0.5 * lesson["by_engine"][1])


def test_the_counted_loss_and_gradient_are_those_of_all_pairs(lesson):
    """A piece of the book, each pair on its own, against the lesson's first step."""
    model, counts = lesson["model"], lesson["counts"]
    scores = model(np.arange(320))
    near, often = counts / counts.sum(axis=1, keepdims=True), counts.sum(axis=1)
    counted = (mg.nn.cross_entropy(scores, near, reduction="none") * (often / often.sum())).sum()
    assert lesson["losses"][-1] == pytest.approx(counted.item(), rel=1e-9)
    model.zero_grad()
    counted.backward()
    grad = model.vectors.weight.grad.copy()
    v, u = model.vectors.weight.data, model.contexts.weight.data
    table = np.exp(v @ u.T)
    table /= table.sum(axis=1, keepdims=True)
    centres, contexts = lesson["centres"], lesson["contexts"]
    pair_by_pair = -np.log(table[centres, contexts]).mean()
    assert counted.item() == pytest.approx(pair_by_pair, rel=1e-9)
    expected = np.zeros_like(v)
    for start in range(0, len(centres), 50_000):
        c, o = centres[start : start + 50_000], contexts[start : start + 50_000]
        error = table[c]
        error[np.arange(len(c)), o] -= 1
        np.add.at(expected, c, error @ u / len(centres))
    np.testing.assert_allclose(grad, expected, atol=1e-10)


def test_the_loss_begins_at_the_logarithm_and_stays_between_the_lines(lesson):
    losses = lesson["losses"]
    assert losses[0] == pytest.approx(math.log(320), rel=1e-9)
    assert len(losses) == 101
    assert lesson["floor"] < losses[-1] < lesson["alone"] < losses[0]


def test_the_lines_are_the_entropies(lesson):
    counts = lesson["counts"]
    total = counts.sum()
    frequencies = [row / total for row in counts.sum(axis=0)]
    alone = -sum(p * math.log(p) for p in frequencies if p)
    floor = 0.0
    for row in counts:
        floor -= sum(n * math.log(n / row.sum()) for n in row[row > 0]) / total
    assert lesson["alone"] == pytest.approx(alone, rel=1e-9)
    assert lesson["floor"] == pytest.approx(floor, rel=1e-9)


def nearest(model, word, count):
    """By a loop over the words, with the cosine's formula."""
    rows = dict(zip(model.words, model.vectors.weight.data, strict=True))
    own = rows.pop(word)

    def cosine(row):
        return float(row @ own) / math.sqrt(float(row @ row) * float(own @ own))

    return sorted(rows, key=lambda other: -cosine(rows[other]))[:count], cosine


def test_the_six_nearest_to_red_are_newtons_colours(lesson):
    found, _ = nearest(lesson["model"], "red", 6)
    assert set(found) == set(lesson["COLOURS"]) - {"red"}
    by_loop = sum(
        near in lesson["COLOURS"]
        for word in lesson["COLOURS"]
        for near in nearest(lesson["model"], word, 6)[0]
    )
    assert lesson["hits"](lesson["model"]) == by_loop > 30


def test_without_colours_as_contexts_they_still_come_together(lesson):
    at = [lesson["words"].index(word) for word in lesson["COLOURS"]]
    assert lesson["without"][:, at].sum() == 0
    rest = np.delete(np.arange(320), at)
    np.testing.assert_array_equal(lesson["without"][:, rest], lesson["counts"][:, rest])
    assert lesson["hits"](lesson["blind"]) > 30


def test_what_is_said_of_other_words_is_so(lesson):
    model, text = lesson["model"], " ".join(lesson["text"])
    found, _ = nearest(model, "reflexion", 4)
    assert "transmission" in found
    assert "easy reflexion" in text
    assert "easy transmission" in text
    found, _ = nearest(model, "two", 2)
    assert found == ["sides", "prisms"]
    assert nearest(model, "inches", 1)[0] == ["feet"]
    # The second exercise sends you to a word that is about as frequent as red
    often = lesson["counts"].sum(axis=1)
    red, those = (lesson["words"].index(word) for word in ("red", "those"))
    assert often[those] == pytest.approx(often[red], rel=0.1)
    _, cosine = nearest(model, "red", 1)
    assert cosine(model.vectors.weight.data[those]) < 0.5


def test_the_map_is_the_best_plane(lesson):
    """The two largest eigenvalues of the scatter, by power iteration."""
    words, shown = lesson["words"], lesson["shown"]
    rows = lesson["model"].vectors.weight.data[[words.index(word) for word in shown]]
    rows = rows / np.sqrt((rows**2).sum(axis=1))[:, None]
    rows = rows - rows.mean(axis=0)
    scatter, kept = rows.T @ rows, 0.0
    total = np.trace(scatter)
    for _ in range(2):
        axis = np.ones(len(scatter))
        for _ in range(3000):
            axis = scatter @ axis
            axis /= np.linalg.norm(axis)
        size = float(axis @ scatter @ axis)
        kept += size / total
        scatter = scatter - size * np.outer(axis, axis)
    assert lesson["kept"] == pytest.approx(kept, rel=1e-6)
    assert 0.4 < kept < 1


def test_the_groups_lie_apart_on_the_map(lesson):
    places = {
        group: np.array([lesson["on_map"](word) for word in members])
        for group, members in lesson["GROUPS"].items()
    }
    for one, other in itertools.permutations(("colours", "matter", "measures"), 2):
        middle = places[one].mean(axis=0)
        own = np.linalg.norm(places[one] - middle, axis=1).max()
        assert own < np.linalg.norm(places[other] - middle, axis=1).min()


def test_the_sliders_break_it(lesson):
    counts, train, hits = lesson["counts"], lesson["train"], lesson["hits"]
    one, _ = train(counts, 1, 100)
    cosines = [cosine for _, cosine in one.nearest("red", 319)]
    assert set(np.round(cosines, 9)) == {1.0}  # all point the way of red
    assert [near for near, _ in one.nearest("red", 10)] == list(lesson["words"][:10])
    assert hits(train(counts, 2, 100)[0]) > 21  # most of 42
    assert hits(one) < 10
    untrained, losses = train(counts, 16, 0)
    assert len(losses) == 1
    assert hits(untrained) < 10
    assert hits(train(counts, 4, 100)[0]) > 30
    assert hits(train(counts, 16, 20)[0]) > 30


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (-0.7, "Right. 0.2"),
        (0.7, "That is the way downhill"),
        (1.3, "where does the truth come in"),
        (-1.7, "its chance minus 1"),
        (-2, "as if its chance had been 0"),
        (-1, "The third word has a part in it too"),
        (0.3, "The true word has one as well"),
        (-0.1, "That is the first number"),
        (0, "first each is multiplied by its own vector"),
        (5, "Write down the three errors first"),
    ],
)
def test_the_gradient_of_three_words_is_checked(lesson, answer, says):
    checked = lesson["check_gradient"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_what_the_wrong_numbers_stand_for():
    y_hat, y = np.array([0.2, 0.5, 0.3]), np.array([0, 1, 0])
    u = np.array([[1, 0], [0, 2], [-1, 1]])
    np.testing.assert_allclose((y_hat - y) @ u, [-0.1, -0.7])
    assert (y_hat @ u)[1] == pytest.approx(1.3)
    assert ((np.array([0.2, 0, 0.3]) - y) @ u)[1] == pytest.approx(-1.7)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "which is in another table"),
        (1, "Right. The gradient of $v$"),
        (2, "not where its vector goes"),
        (3, "drawn at random"),
    ],
)
def test_why_red_and_blue_is_checked(lesson, number, says):
    checked = lesson["check_why"](lesson["answer_why"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 1)


BODY = "def gradient(v, U, o):\n    s = U @ v\n    y_hat = np.exp(s) / np.exp(s).sum()\n"


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("y_hat[o] -= 1\nreturn y_hat @ U", "Right. On four words"),
        ("y = np.eye(len(U))[o]\nreturn U.T @ (y_hat - y)", "Right"),
        ("return y_hat @ U - U[o]", "Right"),
        ("return U[o] - y_hat @ U", "The sign: that is the way downhill"),
        ("return y_hat @ U", "`o` has no say"),
        ("return -U[o]", "Only the true word pulls"),
        ("s[o] -= 1\nreturn s @ U", "These are the scores minus y"),
        ("return (y_hat[o] - 1) * U[o]", "the path through the true word alone"),
        ("y_hat[o] -= 1\nreturn y_hat.sum() * v", "The errors add up to 0"),
        ("y_hat[o] -= 1\nreturn np.outer(y_hat, v)", "the shape of U"),
        ("y_hat[o] -= 1\nreturn y_hat", "That is a number for each word"),
        ("return naive", "NameError"),
        ("return 3.0", "v has shape (3,)"),
        ("return v", "From `y_hat` take 1 off"),
        ("return ...", "returns nothing yet"),
    ],
)
def test_the_code_is_checked(lesson, rest, says):
    indented = "".join(f"    {line}\n" for line in rest.splitlines())
    checked = lesson["check_code"](BODY + indented)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")
