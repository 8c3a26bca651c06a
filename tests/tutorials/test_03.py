"""Lesson 3: the graph counted by hand, the values by arithmetic, the slider at its ends."""

import math

import pytest

import microgd as mg


def loss_of(w=3.0, x=2.0, b=1.0, y=5.0):
    return (w * x + b - y) ** 2


def test_the_loss_is_remembered_whole(lesson):
    assert lesson["loss"].item() == loss_of()
    assert lesson["story"] == "square(subtract(add(multiply(w, x), b), y))"
    assert lesson["reached"] == 4 + 4  # leaves, operations
    assert [step.expression for step in lesson["forward"]] == [
        "w * x", "v1 + b", "v2 - y", "square(v3)",
    ]  # fmt: skip
    assert [float(step.value) for step in lesson["forward"]] == [6, 7, 2, 4]


def test_of_the_leaves_only_a_larger_y_makes_the_loss_smaller(lesson):
    expected = {name: loss_of(**{name: lesson["given"][name] + 0.5}) for name in "wxby"}
    assert lesson["tried"] == expected
    assert [name for name, loss in expected.items() if loss < loss_of()] == ["y"]
    slopes = mg.grad(loss_of, (0, 1, 2, 3))(3.0, 2.0, 1.0, 5.0)
    assert [slope.item() < 0 for slope in slopes] == [False, False, False, True]


@pytest.mark.parametrize("more", [-3, -2, -1, 0, 2, 3])
@pytest.mark.parametrize("name", ["w", "x", "b", "y"])
def test_the_slider_computes_anew(lesson, name, more):
    result = lesson["larger_by"](name, more)
    assert result.item() == loss_of(**{name: lesson["given"][name] + more})


def test_the_slider_can_bring_the_loss_to_zero_with_w_and_with_b(lesson):
    slider = lesson["how_much"]
    places = [slider.start + k * slider.step for k in range(25)]
    assert places[-1] == slider.stop
    for name in ("w", "b"):
        assert 0 in [loss_of(**{name: lesson["given"][name] + more}) for more in places]


@pytest.mark.parametrize(
    ("name", "changed"), [("w", {"w", "v1", "v2", "v3", "loss"}), ("y", {"y", "v3", "loss"})]
)
def test_what_has_no_path_does_not_change(lesson, name, changed):
    def values(result):
        record = mg.explain.forward(result)
        return {record.label(node): record.value(node).item() for node in record.nodes}

    before, after = values(lesson["error_squared"]()), values(lesson["larger_by"](name, 0.25))
    assert {label for label in before if before[label] != after[label]} == changed


def test_a_leaf_that_was_overwritten_changes_nothing_but_is_noticed(lesson):
    assert lesson["stale_value"] == 4
    assert "w () was changed after multiply used it" in lesson["stale_error"]
    assert lesson["error_squared"](w=10.0).item() == loss_of(w=10.0) == 256


@pytest.mark.parametrize("times", [0, 1, 3, 10, 12])
def test_doublings_add_a_node_and_double_the_text(lesson, times):
    assert lesson["sizes"](times) == (times + 1, 2**times)
    assert lesson["doubled"](times).item() == 2**times


def test_the_third_guess_is_as_counted(lesson):
    assert (lesson["ten_nodes"], lesson["ten_written"]) == (11, 1024)
    assert lesson["slide_doublings"].stop == 12


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("(a + b) * a", "Right. One sum"),
        ("a * (b + a)", "Right"),
        ("...", "no operation made"),
        ("10", "returns 10, which no operation made"),
        ("a + b * a", "Your result is 8, by multiply and add; in the picture it is 10"),
        ("a * a + b * a", "The value is 10, as in the picture, but your graph has multiply and"),
        ("(a + b) + (a + b)", "but your graph has add and add and add"),
        ("(a + b) * b", "But your result is 15. Which leaf do two arrows leave"),
        ("(a + b) * 2.0", "a leaf of 2 in your graph that is neither"),
        ("(a + 3.0) * a", "a leaf of 3 in your graph that is neither"),
        ("(a + c) * a", "NameError: name 'c'"),
    ],
)
def test_the_expression_is_checked(lesson, expression, says):
    checked = lesson["check_build"](f"def build(a, b):\n    return {expression}")
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_an_expression_that_is_not_returned_is_told_so(lesson):
    checked = lesson["check_build"]("def build(a, b):\n    (a + b) * a")
    assert "`build` returns None" in str(checked)


LOOP = """
def count(number):
    met, waiting = {}, [number]
    while waiting:
        each = waiting.pop()
        if each not in met:
            met.{}(each)
            waiting.extend(each.inputs)
    return len(met)
"""
SET, LIST = (LOOP.replace("{}", kind, 1) for kind in ("set()", "[]"))
RECURSIVE = """
def count(number, met={}):
    {}
    if number in met:
        return 0
    met.add(number)
    return 1 + sum(count(each, met) for each in number.inputs)
"""


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (SET.format("add"), "Right. Each number once"),
        (RECURSIVE.format("None", "met = set() if met is None else met"), "Right"),
        (RECURSIVE.format("set()", "pass"), "gives 2 instead of 4. With every call, begin"),
        (LIST.format("append"), "Two numbers that are equal are not the same number"),
        (
            "def count(number):\n    return 1 + sum(count(each) for each in number.inputs)",
            "For `x + x` `count` gives 3 instead of 2. There are only `x` and the sum",
        ),
        (
            "def count(number):\n    return 1 + sum(count(each) for each in set(number.inputs))",
            "For `(a + b) * a` `count` gives 5 instead of 4. `a` is met at the product",
        ),
        (
            "def count(number):\n    return sum(1 + count(each) for each in number.inputs)",
            "gives 7 instead of 8. Is the result itself counted?",
        ),
        ("def count(number):\n    return 1 + len(number.inputs)", "the inputs have inputs, too"),
        (
            "def count(number):\n    return bool(number.op) + sum(map(count, number.inputs))",
            "Those are the operations",
        ),
        ("def count(number):\n    met = set()", "returns nothing"),
        ("def count(number):\n    return [number.name]", "it returns ['loss']"),
        ("def count(number):\n    return 100", "gives 100 instead of 8. With every call, begin"),
        ("def count(number):\n    return len(met)", "NameError: name 'met'"),
    ],
)
def test_the_count_is_checked(lesson, code, says):
    checked = lesson["check_count"](code)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("product", "The product is -6: a number"),
        ("score", "The score is negative, and that is a number"),
        ("logarithm", "Right. All that went into it is fine"),
        ("loss", "The loss is the last, not the first"),
    ],
)
def test_the_first_that_is_no_number_is_checked(lesson, answer, says):
    assert answer in lesson["answer_nan"].options
    checked = lesson["check_nan"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


def test_the_picture_of_the_broken_one_shows_it(lesson):
    record = mg.explain.forward(lesson["broken"]())
    values = {step.name: float(step.value) for step in record}
    assert values["product"] == -6
    assert values["score"] == -5
    assert [name for name, value in values.items() if math.isnan(value)] == ["logarithm", "loss"]
