"""Lesson 4: the pass by hand against closed forms, paths against a walk, every wrong turn."""

import itertools

import pytest

import microgd as mg


def loss_of(a, b):
    return (a * b - a) ** 2


def slopes_of(a, b):
    """By the chain rule on paper: (a (b - 1))**2."""
    return 2 * a * (b - 1) ** 2, 2 * a * a * (b - 1)


def test_a_nudge_goes_along_two_arrows(lesson):
    assert lesson["nudged"] == pytest.approx((4 * 4.001**2 - 4 * 4**2) * 1000, rel=1e-9)
    assert round(lesson["nudged"]) == 2 * 16 == 32
    assert f"{lesson['nudged']:.3f}" == "32.004"  # "the 0.004 too many"


def test_the_rules_are_as_measured(lesson):
    u, v = 7.0, 4.0
    expected = {"u + v": [1, 1], "u - v": [1, -1], "u · v": [v, u], "u²": [2 * u, 0]}
    for name, slopes in expected.items():
        assert lesson["measured_locals"][name] == pytest.approx(slopes, abs=1e-6)


def test_there_are_five_nodes_and_five_arrows(lesson):
    record = lesson["record"]
    assert len(record.nodes) == 5
    assert [record.label(node) for node in record.nodes] == ["a", "b", "p", "r", "loss"]
    assert sum(len(step.edges) for step in record) == 5
    assert [record.value(node).item() for node in record.nodes] == [3, 5, 15, 12, 144]


def test_every_arrow_by_hand_is_what_the_engine_hands_back(lesson):
    handed = {}
    for step in lesson["record"]:
        for edge in step.edges:
            key = f"a_from_{step.name}" if edge.label == "a" else edge.label
            handed[key] = (edge.upstream.item(), edge.local.item(), edge.contribution.item())
    by_hand = {key: (up, local, up * local) for key, (up, local, *_) in lesson["ARROWS"].items()}
    assert handed == by_hand


def test_the_gradients_are_those_on_paper_and_those_measured(lesson):
    slopes = slopes_of(3.0, 5.0)
    assert slopes == (96, 72)
    assert tuple(lesson["gradients"].values()) == slopes
    assert lesson["measured"] == pytest.approx(slopes, rel=1e-6)


def test_the_debugger_stops_where_a_accumulates_and_goes_back(lesson):
    stopped, before = lesson["stopped"], lesson["before"]
    assert (stopped.name, stopped.accumulates) == ("p", True)
    assert (before.name, before.accumulates) == ("r", False)
    assert lesson["walk"].current is before


def test_the_paths_of_a(lesson):
    found = lesson["found"]
    assert [path.contribution.item() for path in found] == [24 * 1 * 5, 24 * -1]
    assert found.gradient.item() == 96


CORNERS = [*itertools.product((-4.0, 0.0, 4.0), (-5.0, 1.0, 5.0)), (2.5, 0.5)]


@pytest.mark.parametrize(("a", "b"), CORNERS)
def test_the_sliders_show_what_is_on_paper(lesson, a, b):
    result = lesson["with_gradients"](a, b)
    assert result.item() == loss_of(a, b)
    parts, total = lesson["two_paths"](a, b)
    r = a * b - a
    assert parts == pytest.approx([-2 * r, 2 * r * b])
    assert total == pytest.approx(slopes_of(a, b)[0])


@pytest.mark.parametrize("a", [-4.0, 0.5, 4.0])
def test_at_one_nothing_gets_through_and_below_zero_the_paths_agree(lesson, a):
    assert lesson["two_paths"](a, 1.0) == ([0, 0], 0)
    for b in (-5.0, -0.5):
        straight, through = lesson["two_paths"](a, b)[0]
        assert straight * through > 0
    for b in (0.5, 2.0, 5.0):
        straight, through = lesson["two_paths"](a, b)[0]
        assert straight * through < 0
    for name, low, high in (("move_a", -4, 4), ("move_b", -5, 5)):
        assert (lesson[name].start, lesson[name].stop) == (low, high)


def walked(node, x):
    """The number of ways from `node` back to `x`, each walked to its end."""
    return 1 if node is x else sum(walked(each, x) for each in node.inputs)


@pytest.mark.parametrize("times", [1, 2, 5, 10])
def test_there_are_so_many_paths_and_arrows(lesson, times):
    assert lesson["effort"](times) == (
        walked(*lesson["multiplied"](times, start=1.0)),
        2 * times,
    )


def test_the_guesses_about_paths_are_as_counted(lesson):
    four = lesson["four"]
    assert (four.n_paths, len(four)) == (4, 4)
    assert {path.contribution.item() for path in four} == {8.0}
    assert four.gradient.item() == 4 * 2**3 == 4 * 8
    assert (lesson["many_paths"], lesson["many_arrows"]) == (2**20, 40)
    assert lesson["effort"](lesson["products"].stop) == (2**30, 60)


RIGHT = {"r": 24.0, "p": 24.0, "a_from_r": -24.0, "a_from_p": 120.0, "b": 72.0, "a": 96.0}


def test_by_hand_all_right_lines_are_right(lesson):
    assert lesson["LINES"].keys() == RIGHT.keys()
    checked = lesson["check_hand"](RIGHT)
    assert all(one.right for one in checked.values())
    assert list(checked) == list(RIGHT)
    assert lesson["next_arrow"](RIGHT) == set()


def test_an_empty_line_is_not_checked(lesson):
    answer = dict.fromkeys(RIGHT) | {"r": 24.0}
    assert list(lesson["check_hand"](answer)) == ["r"]


def test_the_next_arrow_is_marked(lesson):
    ids = {
        lesson["record"].label(node): lesson["record"].id(node) for node in lesson["record"].nodes
    }
    ways = [("loss", "r", 0), ("r", "p", 0), ("r", "a", 1), ("p", "a", 0), ("p", "b", 1)]
    assert lesson["next_arrow"](None) == {"n3-n4-0", "n3"}
    for done, (end, begin, index) in enumerate(ways):
        answer = dict(list(RIGHT.items())[:done])
        arrow = f"{ids[begin]}-{ids[end]}-{index}"
        assert lesson["next_arrow"](answer) == {arrow, ids[begin]}
        assert lesson["next_arrow"](answer | {list(RIGHT)[done]: 1e9}) == {arrow, ids[begin]}
    arrows = mg.explain.paths(lesson["loss"], lesson["a"]).ids
    assert lesson["next_arrow"](RIGHT | {"a": None}) == {
        "n0",
        *(i for i in arrows if i[:3] == "n0-"),
    }


@pytest.mark.parametrize(
    ("line", "number", "says"),
    [
        ("r", 12, "12 is `r` itself. The slope of a square is *twice*"),
        ("r", 144, "the value of the loss"),
        ("r", 2, "Twice what?"),
        ("r", 288, "twice what is *squared*"),
        ("r", 1, "upstream gradient alone"),
        ("r", -24, "the sign is not"),
        ("r", 25, "You added upstream and local derivative"),
        ("r", 7, "7 is not upstream times local derivative"),
        ("p", 1, "1 is the local derivative alone. You forgot what comes from upstream"),
        ("p", 15, "15 is the value of `p`"),
        ("p", 12, "12 is the value of `r`"),
        ("p", 360, "You multiplied by the value of `p`"),
        ("p", -24, "the sign is not"),
        ("p", 25, "You added"),
        ("a_from_r", 24, "`a` is taken *away*"),
        ("a_from_r", -1, "-1 is the local derivative alone. You forgot"),
        ("a_from_r", 1, "The local derivative alone, and without its sign"),
        ("a_from_r", 3, "3 is the value of `a`"),
        ("a_from_r", 72, "You multiplied by the value of `a`"),
        ("a_from_r", -72, "You multiplied by the value of `a`"),
        ("a_from_r", 23, "You added"),
        ("a_from_r", 96, "what `a` gets in all"),
        ("a_from_p", 5, "5 is the local derivative alone. You forgot"),
        ("a_from_p", 72, "by `a` itself. The local derivative of a product is the *other* factor"),
        ("a_from_p", 3, "3 is the value of `a`"),
        ("a_from_p", 15, "15 is the value of `p`"),
        ("a_from_p", 360, "You multiplied by the product"),
        ("a_from_p", 24, "upstream gradient as it arrives"),
        ("a_from_p", 29, "You added"),
        ("a_from_p", -120, "the sign is not"),
        ("a_from_p", 96, "what `a` gets in all"),
        ("b", 3, "3 is the local derivative alone. You forgot"),
        ("b", 120, "by `b` itself. The local derivative of a product is the *other* factor"),
        ("b", 5, "5 is the value of `b`"),
        ("b", 15, "15 is the value of `p`"),
        ("b", 360, "You multiplied by the product"),
        ("b", 24, "upstream gradient as it arrives"),
        ("b", 27, "You added"),
        ("b", -72, "the sign is not"),
        ("a", 120, "as if it had overwritten the other"),
        ("a", -24, "contribution of one arrow alone"),
        ("a", 144, "You lost a minus sign"),
        ("a", -144, "one of the two contributions is positive"),
        ("a", -2880, "You multiplied the two contributions"),
        ("a", -96, "the sign is not"),
        ("a", 48, "the mean of the two"),
        ("a", 3, "3 is the value of `a`"),
        ("a", 4, "local derivatives, added"),
        ("a", 1000, "Two arrows leave `a`"),
    ],
)
def test_each_wrong_number_is_told_what_it_is(lesson, line, number, says):
    checked = lesson["check_hand"](RIGHT | {line: float(number)})
    assert says in str(checked[line])
    assert not checked[line].right


def test_what_follows_from_a_wrong_line_is_told_so(lesson):
    checked = lesson["check_hand"]({"r": 12.0, "p": 12.0, "a_from_r": -12.0, "a_from_p": 60.0})
    for line in ("p", "a_from_r", "a_from_p"):
        assert not checked[line].right
        assert "Your multiplication is right, but your upstream" in str(checked[line])
    checked = lesson["check_hand"]({"r": 12.0, "p": 24.0})
    assert checked["p"].right
    assert "does not follow from the line" in str(checked["p"])
    checked = lesson["check_hand"]({"a_from_r": 24.0, "a_from_p": 120.0, "a": 144.0})
    assert "You added rightly, but not yet the right numbers" in str(checked["a"])


def test_a_right_answer_is_not_told_to_be_a_wrong_turn(lesson):
    for name, (upstream, local, _, wrongs) in lesson["ARROWS"].items():
        assert RIGHT[name] == upstream * local
        assert RIGHT[name] not in wrongs


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (75, "Right. Through `s` it is 5 times 10"),
        (50, "That is the path through `s`"),
        (25, "the path straight to `y`"),
        (1250, "You multiplied the two paths"),
        (125, "125 is the value of `y`"),
        (35, "you forgot what comes from upstream"),
        (10, "the local derivative of the square alone"),
        (15, "3 times `x`"),
        (30, "Each path has a product"),
        (55, "Along the straight one"),
        (275, "multiplies by `x`, not by `s`"),
        (-75, "Two paths lead back to `x`"),
    ],
)
def test_the_cube_is_checked(lesson, answer, says):
    checked = lesson["check_cube"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_cube_is_what_the_engine_says():
    x = mg.tensor(5.0, name="x", requires_grad=True)
    found = mg.explain.paths(mg.square(x) * x, x)
    assert [path.contribution.item() for path in found] == [50, 25]


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "walked three times"),
        (1, "what the other two bring would be lost"),
        (2, "Right. Only the whole sum is the gradient"),
        (3, "To wait is right. But factors are multiplied"),
    ],
)
def test_when_to_go_on_is_checked(lesson, number, says):
    checked = lesson["check_wait"](lesson["answer_wait"].options[number])
    assert says in str(checked)
    assert checked.right == (number == 2)


SWEEP = """
def gradients(arrows):
    grad = {"loss": 1.0}
    for end, begin, local in arrows:
        grad[begin] = {}
    return grad
""".replace("{}", "%s")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("grad.get(begin, 0.0) + grad[end] * local", "Right. That is backpropagation"),
        ("grad[end] * local", "`a` gets 120 instead of 96. The contribution from `p`"),
        ("grad.get(begin, grad[end] * local)", "`a` gets -24 instead of 96. The contribution"),
        ("grad.get(begin, 1.0) * grad[end] * local", "Two contributions to `a` were multiplied"),
        ("grad.get(begin, 0.0) + local", "`p` gets 1 instead of 24. That is the local"),
        ("grad.get(begin, 0.0) + grad[end] + local", "That adds upstream and local derivative"),
        ("grad.get(begin, 0.0) * local", "node where the arrow *begins*"),
        ("grad.get(begin, 0.0) + grad[end]", "handed on unchanged"),
        ("2 * grad[end] * local", "`r` gets 48 instead of 24. Upstream times local, added"),
        ("...", "where the dots are"),
        ("grad[begin] + grad[end] * local", "Line 5, `grad[begin] = grad[begin] +"),
        ("upstream * local", "NameError: name 'upstream'"),
    ],
)  # fmt: skip
def test_the_sweep_is_checked(lesson, line, says):
    checked = lesson["check_sweep"](SWEEP % line)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def gradients(arrows):\n    pass", "it returns None"),
        ("def gradients(arrows):\n    return {'loss': 1.0}", "The gradient of `r` is missing"),
        ("def sweep(arrows):\n    pass", "`gradients` is still to be written"),
    ],
)
def test_a_sweep_that_returns_something_else_is_told_so(lesson, code, says):
    assert says in str(lesson["check_sweep"](code))


def test_the_arrows_of_the_exercise_are_as_the_text_says(lesson):
    y = lesson["doubled_and_squared"](4.0)
    y.name = "loss"
    assert lesson["arrows_of"](y) == [("loss", "u", 16.0), ("u", "x", 2.0)]


def test_the_chart_of_the_last_slider(lesson):
    assert lesson["efforts"].tolist() == [[2**k, 2 * k] for k in range(1, 31)]
