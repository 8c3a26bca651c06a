"""Lesson 6: neurons, networks and their training in plain NumPy; what is said of wrong answers."""

import itertools

import numpy as np
import pytest

import microgd as mg

CASES = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
XOR = np.array([0, 1, 1, 0])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_a_neuron_says_yes_over_zero(lesson):
    for w1, w2, b in [(1, 1, -0.5), (-2, 0.5, 1), (0, 0, 0)]:
        expected = [int(w1 * x1 + w2 * x2 + b > 0) for x1, x2 in CASES]
        assert lesson["neuron"](CASES, w1, w2, b).tolist() == expected


def test_no_neuron_is_right_in_all_four_cases(lesson):
    grid = np.arange(-8, 9) / 4
    rights = [
        sum(int(w1 * x1 + w2 * x2 + b > 0) == y for (x1, x2), y in zip(CASES, XOR, strict=True))
        for w1, w2, b in itertools.product(grid, repeat=3)
    ]
    assert max(rights) == 3
    assert len(lesson["rights"]) == len(rights) == 17**3
    assert (lesson["rights"] == 3).sum() == rights.count(3)


def test_the_sliders_reach_a_solution_by_hand_and_do_not_start_at_one(lesson):
    judge, three = lesson["judge"], lesson["three"]
    assert three(CASES, *lesson["solution"]).tolist() == XOR.tolist()
    assert "**Solved.**" in judge(*lesson["solution"])
    for weight in itertools.chain(*lesson["solution"]):
        assert -2 <= weight <= 2
        assert weight % 0.5 == 0
    assert "XOR once more" in judge(*lesson["weights_by_hand"])


OR, AND, FIRST, SECOND, NAND = (1, 1, -0.5), (1, 1, -1.5), (1, 0, -0.5), (0, 1, -0.5), (-1, -1, 1.5)


@pytest.mark.parametrize(
    ("a", "b", "c", "says"),
    [
        (OR, NAND, AND, "**Solved.**"),
        ((1, -1, -0.5), (-1, 1, -0.5), OR, "**Solved.**"),
        (FIRST, SECOND, OR, "bring two cases of one colour together"),
        (SECOND, FIRST, AND, "bring two cases of one colour together"),
        (OR, OR, FIRST, "**change A or B.**"),
        (FIRST, AND, OR, "**change A or B.**"),
        ((0, 0, 1), (0, 0, 1), OR, "**change A or B.**"),
        (OR, AND, OR, "turn and move the line of C"),
        (OR, AND, (-1, 1, 0), "turn and move the line of C"),
    ],
)
def test_what_is_said_of_weights_set_by_hand(lesson, a, b, c, says):
    assert says in lesson["judge"](a, b, c)


def test_the_table_shows_what_each_says(lesson):
    rows = lesson["table"](FIRST, SECOND, OR).splitlines()[2:]
    assert [row.split("|")[1:-1] for row in rows] == [
        [f" {value} " for value in (x1, x2, x1, x2, x1 | x2, x1 ^ x2)]
        + [" wrong " if (x1, x2) == (1, 1) else "  "]
        for x1, x2 in CASES
    ]


def test_where_the_line_of_c_is_all_that_is_missing_there_is_one(lesson):
    """And where A or B are to be changed, no line of C will do."""
    neuron, judge = lesson["neuron"], lesson["judge"]
    lines = list(itertools.product(np.arange(-2, 2.1, 0.5), repeat=3))
    some = [OR, AND, FIRST, SECOND, NAND, (1, -1, -0.5), (-1, 1, -0.5), (0, 0, 1), (-1, -1, 0.5)]
    for a, b in itertools.product(some, repeat=2):
        seen = np.stack([neuron(CASES, *a), neuron(CASES, *b)], axis=-1)
        possible = any((neuron(seen, *c) == XOR).all() for c in lines)
        said = judge(a, b, (0, 0, -1))  # C always says no
        assert possible == ("line of C" in said), (a, b, said)


def test_the_network_of_the_crowd_is_two_lines_of_numpy(lesson):
    rng = np.random.default_rng(0)
    w, b, v, c = (rng.normal(size=s) for s in [(2, 3), (1, 3), (3, 1), (1, 1)])
    expected = sigmoid(sigmoid(CASES @ w + b) @ v + c)
    np.testing.assert_allclose(np.asarray(lesson["network"](CASES, w, b, v, c)), expected)


def crowd(hidden, steps, rate=2.0, networks=100):
    """The same hundred networks, with the gradients written out by hand."""
    rng = np.random.default_rng(6)
    shapes = [(2, hidden), (1, hidden), (hidden, 1), (1, 1)]
    w, b, v, c = (rng.normal(size=(networks, *shape)) for shape in shapes)
    y, losses = XOR[:, None], []
    for _ in range(steps):
        h = sigmoid(CASES @ w + b)
        out = sigmoid(h @ v + c)
        losses.append(((out - y) ** 2).mean(axis=(1, 2)))
        g = 2 * (out - y) / 4 * out * (1 - out)
        back = g @ v.transpose(0, 2, 1) * h * (1 - h)
        v = v - rate * (h.transpose(0, 2, 1) @ g)
        c = c - rate * g.sum(axis=1, keepdims=True)
        w = w - rate * (CASES.T @ back)
        b = b - rate * back.sum(axis=1, keepdims=True)
    out = sigmoid(sigmoid(CASES @ w + b) @ v + c)
    return np.array(losses), ((out > 0.5) == y).sum(axis=(1, 2))


def test_the_crowd_learns_as_backpropagation_by_hand_does(lesson):
    losses, right = crowd(2, 1000)
    np.testing.assert_allclose(lesson["two_losses"], losses, rtol=1e-5)
    assert (lesson["two_right"] == right).all()
    assert 60 <= (right == 4).sum() <= 72  # "about two thirds"
    assert set(right) == {2, 3, 4}


def test_most_of_the_others_hardly_move_and_are_not_low(lesson):
    losses, right = lesson["two_losses"], lesson["two_right"]
    others = losses[:, right < 4]
    assert ((others[-100] - others[-1]) < 0.002).mean() > 0.9
    assert others[-1].min() > 0.1
    assert losses[-1, right == 4].max() < 0.03


def test_one_hidden_neuron_never_does_and_four_always_do(lesson):
    assert (crowd(1, 1000)[1] < 4).all()
    assert (lesson["crowd"](1)[1] < 4).all()
    assert (crowd(4, 1000)[1] == 4).all()
    assert (lesson["four_right"] == 4).all()
    assert (lesson["crowd"](8)[1] == 4).all()


def as_a_line(probabilities, film):
    """The share of a picture that the straight line that suits it best agrees with."""
    x = np.c_[film.x.ravel(), film.y.ravel(), np.ones(film.x.size)]
    yes = probabilities.ravel() > 0.5
    best = 0.0
    for angle in np.linspace(0, 2 * np.pi, 1441):
        along = x[:, :2] @ (np.cos(angle), np.sin(angle))
        order = np.argsort(along)
        right = np.cumsum(np.where(yes[order], -1, 1)) + yes.sum()  # below a threshold: no
        best = max(best, right.max() / len(yes))
    return best


def test_the_boundary_is_nearly_straight_before_it_bends(lesson):
    film = lesson["sixteen"]
    assert as_a_line(film.maps[10], film) > 0.98
    assert as_a_line(film.maps[100], film) < 0.92
    assert film.accuracy[10] < max(lesson["line_film"].accuracy)
    assert film.accuracy[10] < film.accuracy[50] < film.accuracy[100] == 1
    assert len(film.maps) == len(film.accuracy) == 101


def test_a_single_hidden_neuron_draws_a_straight_line_to_the_end(lesson):
    film = lesson["line_film"]
    assert min(as_a_line(picture, film) for picture in film.maps[::20]) > 0.995
    assert max(film.accuracy) < 0.9


def test_without_an_activation_sixteen_neurons_draw_a_straight_line(lesson):
    film = lesson["bare_film"]
    assert min(as_a_line(picture, film) for picture in film.maps[::20]) > 0.995
    assert film.accuracy[100] < 0.9


def test_what_is_said_of_three_and_four_hidden_neurons(lesson):
    assert lesson["three_film"].accuracy[100] < 0.9
    assert lesson["four_film"].accuracy[100] == 1


def test_a_film_shows_what_the_network_says(lesson):
    """The first frame, before any training, by the plain formula."""
    film = lesson["sixteen"]
    model = mg.nn.MLP([2, 16, 2], "tanh", rng=2)
    first, last = model.layers[0], model.layers[2]
    x = np.stack([film.x, film.y], axis=-1)
    h = np.tanh(x @ first.weight.numpy().T + first.bias.numpy())
    scores = h @ last.weight.numpy().T + last.bias.numpy()
    np.testing.assert_allclose(film.maps[0], sigmoid(scores[..., 1] - scores[..., 0]), rtol=1e-9)


def test_the_digits_are_read_as_numpy_reads_them(lesson):
    first, last = lesson["model"].layers[0], lesson["model"].layers[2]
    test = lesson["test"]
    h = np.maximum(test.x @ first.weight.numpy().T + first.bias.numpy(), 0)
    scores = h @ last.weight.numpy().T + last.bias.numpy()
    assert (lesson["read"] == scores.argmax(axis=1)).all()
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(lesson["chances"], e / e.sum(axis=1, keepdims=True), rtol=1e-9)
    wrong = np.flatnonzero(scores.argmax(axis=1) != test.y)
    assert lesson["misread"].tolist() == wrong.tolist()
    assert lesson["test_accuracy"] == 1 - len(wrong) / 360
    assert lesson["digits_history"]["val_accuracy"][-1] == pytest.approx(1 - len(wrong) / 360)
    second = sum(test.y[row] == np.argsort(-scores[row])[1] for row in wrong)
    assert lesson["second"] == second
    assert lesson["second"] > len(wrong) / 2


def test_the_answers_to_the_guesses_on_digits(lesson):
    assert 5 <= len(lesson["misread"]) <= 15
    assert 0.05 < lesson["before"] < 0.2
    right = dict(zip(lesson["shifts"], lesson["shift_accuracy"], strict=True))
    assert right[0] == lesson["test_accuracy"]
    assert max(right[1], right[-1]) < 0.5
    assert max(right[by] for by in (-3, -2, 2, 3)) < 0.2  # the ends of the slider
    assert round(right[0], 2) in (0.97, 0.98)


def test_no_digit_of_the_test_set_was_learned_from(lesson):
    assert (len(lesson["train"].y), len(lesson["test"].y)) == (1437, 360)
    known = {pixels.tobytes() for pixels in lesson["train"].x}
    assert not any(pixels.tobytes() in known for pixels in lesson["test"].x)


@pytest.mark.parametrize("by", [-3, -1, 0, 2])
def test_a_digit_is_shifted_as_told(lesson, by):
    images = lesson["test"].x[:5].reshape(-1, 8, 8)
    moved = lesson["shifted"](lesson["test"].x[:5], by).reshape(-1, 8, 8)
    for column in range(8):
        source = column - by
        expected = images[:, :, source] if 0 <= source < 8 else 0
        assert (moved[:, :, column] == expected).all()


@pytest.mark.parametrize(
    ("draw", "settings", "title"),
    [
        ("draw_neuron", (0, 0, 0), "right in 2 of 4"),
        ("draw_neuron", (2, 2, -0.5), "right in 3 of 4"),
        ("draw_neuron", (-2, -2, -2), "right in 2 of 4"),
        ("draw_crowd", (1,), "0 of 100"),
        ("draw_crowd", (8,), "100 of 100"),
        ("draw_film", (16, 0, True), "epoch 0"),
        ("draw_film", (16, 100, True), "100.0% right"),
        ("draw_film", (1, 100, False), "epoch 100"),
        ("draw_chances", (9,), "read as"),
        ("draw_shift", (0,), "97.5% of 360"),
        ("draw_shift", (-3,), "Shifted by -3"),
    ],
)
def test_the_pictures_are_drawn_wherever_the_sliders_stand(lesson, draw, settings, title):
    figure = lesson[draw](*settings)
    assert title in " ".join(ax.get_title(loc="left") for ax in figure.axes)
    figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ((1, -1, -0.5), "Right. The sums are -0.5, -1.5, 0.5, -0.5"),
        ((2, -2, -1), "Right"),
        ((1, -1, -1), "never says yes"),
        ((1, 1, 1), "always says yes"),
        ((1, 0, -0.5), "whatever $x_2$ is"),
        ((-1, 1, -0.5), "the wrong way round"),
        ((1, 1, -0.5), '"at least one of the two"'),
        ((1, 1, -1.5), '"both"'),
        ((1, -2, 0.5), "whenever $x_2$ is off"),
        ((1, -1, 0.5), "Two cases too many"),
        ((-1, -1, 0.5), "Only the third may be over zero"),
    ],
)
def test_the_neuron_is_checked(lesson, weights, says):
    checked = lesson["check_but_not"]("w1 = {}\nw2 = {}\nb = {}\n".format(*weights))
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("w1 = ...\nw2 = ...\nb = ...\n", "`w1` is still to be written"),
        ("w1 = 1\nw2 = -1\n", "`b` is still to be written"),
        ("w1 = 1\nw2 = '-1'\nb = 0\n", "TypeError"),
    ],
)
def test_a_neuron_without_numbers_is_told_so(lesson, code, says):
    assert says in str(lesson["check_but_not"](code))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (2410, "Right"),
        (2368, "Each neuron has a bias as well"),
        (2048, "They have biases, too"),
        (2080, "So many has the hidden layer"),
        (330, "the ten neurons at the end. The hidden layer has the most"),
        (20480, "added, not multiplied"),
        (106, "*each* of its inputs"),
        (42, "So many neurons there are"),
        (2464, "the 64 pixels are no neurons"),
        (2474, "the 64 pixels are no neurons"),
        (7, "A hidden neuron has 64 weights and a bias"),
    ],
)
def test_the_size_is_checked(lesson, answer, says):
    checked = lesson["check_size"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_right_size_is_that_of_the_network(lesson):
    assert sum(p.data.size for p in lesson["model"].parameters()) == 2410


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "16 in a single hidden layer were enough"),
        (1, "descent did find something"),
        (2, "Right. Each layer then only weighs and adds"),
        (3, "another start would help"),
    ],
)
def test_the_friends_network_is_checked(lesson, number, says):
    checked = lesson["check_friend"](lesson["answer_friend"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 2)


@pytest.mark.parametrize("rng", [0, 1, 2])
def test_what_ails_the_friend_is_so(lesson, rng):
    moons = lesson["moons"]
    model = mg.nn.MLP([2, 16, 16, 16, 16, 16, 2], mg.nn.Identity, rng=rng)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.02)
    mg.train.fit(model, moons, optimizer, epochs=60, progress=False)
    scores = model(moons.x).numpy()
    assert 0.84 <= (scores.argmax(axis=1) == moons.y).mean() <= 0.88
    affine = np.c_[moons.x, np.ones(200)]
    fitted = affine @ np.linalg.lstsq(affine, scores, rcond=None)[0]
    np.testing.assert_allclose(scores, fitted, atol=1e-9)
