"""Expressions are read, never run: right ones as NumPy computes them, all others refused."""

import math
import string
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd.explain import vocabulary
from microgd.explain.expression import ExpressionError, read, read_value

X = {"x": [[1.0, -2.0], [0.5, 3.0]]}
NUMPY = {name: getattr(np, name) for name in vocabulary.FUNCTIONS if hasattr(np, name)} | {
    "pi": math.pi,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}

RIGHT = [
    ("w*x + b", {"w": 2, "x": -1, "b": 0.5}),
    ("relu(w*x + b)", {"w": 2, "x": 1, "b": 0.5}),
    ("(tanh(w*x) - y)**2", {"w": 0.8, "x": 1.5, "y": 0.5}),
    ("-x**2 + +x", {"x": 3}),
    ("2**x - 1e-1/x", {"x": 3}),
    ("x/2*pi", {"x": 3}),
    ("x.T @ x", X),
    ("(x @ w).sum()", {**X, "w": [1, -1]}),
    ("sum(x, axis=0)[1] * x[0, 1]", X),
    ("sum(x, 1)", X),
    ("x[0, 0:1] + x[-1]", X),
    ("mean(x, axis=0, keepdims=True)", X),
    ("where(x > 0, x, 0.1*x)", X),
    ("maximum(x, 0) - minimum(x, 1)", X),
    ("abs(x) + absolute(x)", X),
    ("[1, 2] + x*[[3], [4]]", X),
    ("reshape(x, (4,))", X),
    ("x.reshape((4, 1))", X),
    ("stack([a, b]) * 2", {"a": 1, "b": 2}),
    ("concatenate([x, x], axis=1)", X),
    ("einsum('ij->', x)", X),
    ("outer(w, w)", {"w": [1, 2]}),
    ("9**9**9 * 0 + 1 * x", {"x": 1}),
    ("log(x)", {"x": -1}),
    ("λ * ω", {"λ": 2, "ω": 3}),
    ("clip(x, -1, 1)", X),
    ("clip(x, min=0, max=None)", X),
    ("x*(x == 0.5)", X),
    ("take(w, [1, 0])", {"w": [1, 2]}),
    ("flip(w, axis=0)", {"w": [1, 2]}),
    ("w[::-1]", {"w": [1, 2]}),
    ("\n  w *\n  2  ", {"w": 3}),
]


@pytest.mark.parametrize(("source", "values"), RIGHT)
def test_a_right_expression_is_what_numpy_computes(source, values):
    names = {name: np.array(value, float) for name, value in values.items()}
    given = {name: value for name, value in NUMPY.items() if name not in names}
    text = source.replace("9**9**9", "inf").strip().replace("\n", " ")
    with np.errstate(all="ignore"):
        expected = eval(text, given | {"inf": np.inf}, names)  # noqa: S307 (ours)
    found = read(source, values)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found.data, expected, rtol=1e-12)
    leaves = {node.name for node in mg.explain.forward(found).nodes if node.name}
    assert leaves == set(values)


def test_functions_of_networks():
    values = {"x": [[1.0, 2.0], [0.0, -1.0]]}
    assert read("cross_entropy(x, [0, 1])", values).shape == ()
    assert read("mse_loss(x, [[1, 2], [3, 4]], reduction='sum')", values).item() == 34.0
    assert read("gelu(x, approximate='tanh')", values).shape == (2, 2)
    assert read("leaky_relu(x, negative_slope=0.5)", values).data[1, 1] == -0.5


@pytest.mark.parametrize("name", sorted(vocabulary.FUNCTIONS))
def test_every_function_of_the_vocabulary_can_be_called_or_says_why_not(name):
    for call in (f"{name}(x)", f"{name}(x, x)", f"{name}('i->i', x)", f"{name}([x, x])",
                 f"{name}(x, shape=(2,))", f"{name}(x > 0, x, x)", f"{name}([x], x, x[0])",
                 f"{name}(expand_dims(x, 0), 0, 1)", f"{name}(expand_dims(x, 0), [0])",
                 f"{name}(x, [0, 1])", f"{name}(x, [1, -1])"):  # fmt: skip
        try:
            read(call, {"x": [0.5, 0.25]})
        except ExpressionError:
            continue
        return
    pytest.fail(f"{name}: nothing was computed")


WRONG = [
    ("", {}, "the expression is empty"),
    ("w*", {"w": 1}, "column 2: the expression ends too early"),
    ("(w", {"w": 1}, r"column 1: '\(' was never closed"),
    ("2w", {"w": 1}, "column 1: invalid decimal literal"),
    ("w = 2", {"w": 1}, "column"),
    ("w*y", {"w": 1}, r"column 3: y has no value; add y=1\.0"),
    ("2*rleu(w)", {"w": 1}, r"column 3: there is no function 'rleu'; did you mean 'relu'\?"),
    ("relu*w", {"w": 1}, r"column 1: relu is a function; write relu\(\.\.\.\)"),
    ("w*2", {"w": 1, "v": 2}, "v has a value, but is not in"),
    ("w*alpha", {"w": 1, "alhpa": 2}, r"alhpa has a value, .* did you mean 'alpha'\?"),
    ("w^2", {"w": 1}, r"column 1: .*a power is x\*\*2"),
    ("λλ + foo", {"λλ": 1}, "column 6: foo has no value"),
    ("w", {"w": 1}, "is no computation with a gradient"),
    ("2*3", {}, "is no computation with a gradient"),
    ("w > 1", {"w": 1}, "is no computation with a gradient"),
    ("0 < w < 1", {"w": 1}, "comparisons .* one at a time"),
    ("w if w else 1", {"w": 1}, "`if` is not part of an expression"),
    ("w and w", {"w": 1}, "`and` or `or` is not part"),
    ("not w", {"w": 1}, r"of the signs there are \+ and -"),
    ("w*1j", {"w": 1}, "1j is no real number"),
    ("w*'a'", {"w": 1}, "column 1: multiply: 'a' is no array of numbers"),
    ("w*None", {"w": 1}, "column 1: multiply: None is no number"),
    ("max(w, 0)", {"w": 1}, r"of two values write maximum\(x, y\)"),
    ("sum([w, v])", {"w": 1, "v": 1}, r"write stack\(\[x, y\]\)"),
    ("clip(w, v, 1)", {"w": 1, "v": 1}, "clip: its options are numbers, not tensors such as v"),
    ("x @ x", {"x": [[1, 2]]}, r"column 1: matmul: .*did you mean b\.T\?"),
    ("x + y", {"x": [1, 2], "y": [1, 2, 3]}, "column 1: add: "),
    ("x[2]", {"x": [1, 2]}, "column 1: .*out of bounds"),
    ("x[w]", {"x": [1, 2], "w": 1}, "an index is a whole number or a range"),
    ("x['a']", {"x": [1, 2]}, "an index is a whole number or a range"),
    ("w.data", {"w": 1}, r"\.data is not known"),
    ("w.backward()", {"w": 1}, "there is no function 'backward'"),
    ("relu(**w)", {"w": 1}, r"\*\* is not known here"),
    ("relu(*w)", {"w": 1}, r"\* is not part"),
    ("relu()", {}, "column 1: relu: missing x"),
    ("relu(w, 1, 2)", {"w": 1}, "column 1: relu: takes x; got 3 arguments"),
    ("sum(w, axes=0)", {"w": [1]}, "column 1: sum: .*'axes' is no parameter"),
    ("outer(outer(x, x), x)", {"x": [1] * 200}, "outer: up to 8,000,000 elements"),
    ("expand_dims(x,0)*expand_dims(x,1)*2", {"x": [1] * 2000}, "up to 4,000,000 elements"),
    ("+".join(["w"] * 150), {"w": 1}, "nested more than 100 levels deep"),
    ("w*" + "(" * 300 + "1" + ")" * 300, {"w": 1}, "too many nested|cannot be read"),
    ("w" + " " * 3000 + "*2", {"w": 1}, "3003 characters are too many"),
    ("w*" + "9" * 1900, {"w": 1}, "is no array of numbers"),
    ("w\0*2", {"w": 1}, "null|cannot be read|column"),
    ("cross_entropy(x, [0, 7])", {"x": [[1, 2], [3, 4]]}, "column 1: cross_entropy: .*7"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "values", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_place(source, values, said):
    with pytest.raises(ExpressionError, match=said):
        read(source, values)


HOSTILE = [
    "__import__('os').system('true')",
    "eval('1')",
    "exec('x=1')",
    "open('/etc/passwd').read()",
    "(lambda: 1)()",
    "[c for c in ().__class__.__bases__[0].__subclasses__()]",
    "x.__class__.__mro__",
    "x.record(x)",
    "relu.__globals__",
    "relu(x).op.forward.__globals__['os']",
    "FUNCTIONS['relu']",
    "f'{x.__class__}'",
    "(y := x)",
    "{**x}",
    "x.data[0]",
    "x.tofile('out')",
    "sum(x, out=x)",
    "getattr(x, 'T')",
    "norm(x, ord='__import__')",
    "print(x)",
    "breakpoint()",
    "x()()",
    "x.T()()",
    "relu(x)(x)",
    "'%s' % x",
    "'a' * 10**9 + x",
    "x << 10**10",
    "transpose(x, 10**9)",
    "expand_dims(x, 10**9)",
    "squeeze(x, -10**9)",
    "softmax(x, axis=10**30)",
    "x[10**30]",
    "x[::10**30]",
    "x[::0]",
    "einsum('a,b,c,d,e,f,g->abcdefg', x, x, x, x, x, x, x)",
]

WATCHED = {
    "exec",
    "open",
    "os.system",
    "subprocess.Popen",
    "os.exec",
    "os.remove",
    "socket.connect",
}
seen: list[str] | None = None


def _watch(event, args):
    # Python writes and reads the bytecode of its own modules
    if seen is not None and event in WATCHED and not str(args[0]).endswith((".pyc", ".py")):
        seen.append(f"{event} {args[0]!r:.100}")


sys.addaudithook(_watch)  # hooks stay; this one sleeps while `seen` is None


def watched_read(source, values):
    """`read`, and what Python did meanwhile that reading an expression never does."""
    global seen  # noqa: PLW0603
    read("tanh(x)", {"x": 1.0})  # NumPy has loaded what it loads
    seen = []
    try:
        return read(source, values), seen
    except ExpressionError:
        return None, seen
    finally:
        seen = None


def test_the_watch_sees_what_it_watches():
    global seen  # noqa: PLW0603
    seen = []
    eval(compile("1", "somewhere", "eval"))  # noqa: S307
    found, seen = seen, None
    assert len(found) == 1


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_expression_runs_nothing(source):
    result, done = watched_read(source, {"x": [0.5] * 20})
    assert done == []
    assert result is None


@pytest.mark.parametrize("source", ["x ** 10**10**10", "[0] * 10**9 + x", "10**400 * x"])
def test_numbers_are_floats_so_that_none_grows_without_bound(source):
    assert read(source, {"x": 0.5}).shape in {(), (1,)}


words = st.sampled_from(
    [*sorted(vocabulary.FUNCTIONS), *"xyzw", "pi", "0", "1", "2.5", "-", "+", "*", "/", "**", "@",
     "(", ")", "[", "]", ",", ".", ":", "=", "axis=0", "T", "'", "None", "True", "<", "==",
     "lambda", "if", "else", "for", "in", "__class__", "\\", "\0", "#", "\n", "{", "}", "~",
     "1e999", "µ"]
)  # fmt: skip
soup = st.lists(words, max_size=15).map(" ".join) | st.text(max_size=30)
soup |= st.text(string.printable, max_size=40)


@settings(max_examples=500)
@given(soup)
@example("x" + "(" * 150)
@example("-" * 1500 + "x")
@example("x" + "[0]" * 500)
@example("x" + ".T" * 99)
def test_any_text_is_computed_or_refused_and_runs_nothing(source):
    values = {name: [[1.0, 2.0], [3.0, 4.0]] for name in "xyzw" if name in source}
    result, done = watched_read(source, values)
    assert done == []
    assert result is None or isinstance(result, mg.Tensor)


@st.composite
def arithmetic(draw, depth=4):
    """An expression of numbers and names, as text."""
    if not depth or draw(st.booleans()):
        return draw(st.sampled_from(["x", "y", "2", "0.5", "pi"]))
    inner = arithmetic(depth - 1)
    form = draw(st.sampled_from(["({}+{})", "{}*{}", "({}-{})", "-{}", "tanh({})", "{}/(2+{}*{})"]))
    return form.format(*(draw(inner) for _ in range(form.count("{}"))))


@given(arithmetic(), st.floats(-2, 2), st.floats(-2, 2))
def test_arithmetic_is_pythons_to_the_bit(source, x, y):
    source = f"({source}) + x*y"
    with np.errstate(all="ignore"):
        names = {"x": np.float64(x), "y": np.float64(y)}
        expected = eval(source, {"tanh": np.tanh, "pi": math.pi}, names)  # noqa: S307 (ours)
        found = read(source, {"x": x, "y": y}).item()
    assert found == expected or (np.isnan(found) and np.isnan(expected))


@pytest.mark.parametrize(
    ("source", "value"),
    [("2", 2), ("-0.5", -0.5), ("1e-3", 1e-3), ("[1, -2]", [1, -2]), ("[[1],[2]]", [[1], [2]]),
     ("pi/2", math.pi / 2), ("1/3", 1 / 3), ("(1, 2)", [1, 2]), ("inf", math.inf), ("[]", [])],
)  # fmt: skip
def test_values(source, value):
    found = read_value(source)
    assert found.dtype == float
    np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("source", ["", "a", "'2'", "None", "[1, [2, 3]]", "[1, 'a']", "{}", "1j"])
def test_values_that_are_none(source):
    with pytest.raises(ExpressionError):
        read_value(source)
