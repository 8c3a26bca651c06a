"""Tables of one's own are read as they stand, and a fault is told by its line and column."""

import numpy as np
import pytest

from microgd.data import read_table, standardise

IRIS = "length,width,kind\n5.1,3.5,setosa\n7.0,3.2,versicolor\n\n4.9, 3.0 ,setosa\n"


@pytest.fixture
def table(tmp_path):
    """A function that reads this text, from a file of this name."""

    def read(text, name="iris.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_table(path, **options)

    return read


@pytest.mark.parametrize(
    "text",
    [
        IRIS,
        IRIS.replace(",", ";"),
        IRIS.replace(",", "\t"),
        IRIS.replace("\n", "\r\n"),
        "\ufeff" + IRIS,
        IRIS.replace("setosa", '"setosa"').removesuffix("\n"),
    ],
)
def test_text_is_a_class(text, table):
    data = table(text)
    assert data.x.tolist() == [[5.1, 3.5], [7.0, 3.2], [4.9, 3.0]]
    assert data.y.tolist() == [0, 1, 0]
    assert (data.name, data.features) == ("iris", ("length", "width"))
    assert data.classes == ("setosa", "versicolor")


def test_without_a_header_columns_are_numbered(table):
    data = table("1,2,5\n3,4,6\n")
    assert data.x.tolist() == [[1, 2], [3, 4]]
    assert data.features == ("column 1", "column 2")
    assert data.classes == ("5", "6")


@pytest.mark.parametrize(
    ("options", "features", "y"),
    [
        ({"target": "a", "drop": ["kind"]}, ("b",), [[1.5], [2.5]]),
        ({"target": 1, "drop": [3]}, ("b",), [[1.5], [2.5]]),
        ({"target": "-2", "drop": ["-1"]}, ("a",), [[3.0], [4.0]]),
    ],
)
def test_the_target_by_name_or_number(options, features, y, table):
    data = table("a,b,kind\n1.5,3,x\n2.5,4,y\n", task="regression", **options)
    assert (data.features, data.y.tolist(), data.classes) == (features, y, ())


@pytest.mark.parametrize(
    ("column", "task", "classes"),
    [
        ("1.5 2 3", None, ()),
        ("3 1 3", None, ("1", "3")),
        ("-1 1 1", None, ("-1", "1")),
        ("3 1 3", "regression", ()),
        ("1.5 2 3", "classification", ("1.5", "2", "3")),
        (" ".join(map(str, range(20))), None, tuple(map(str, range(20)))),
        (" ".join(map(str, range(21))), None, ()),
        ("yes no yes", None, ("no", "yes")),
        ("10 9 9", None, ("9", "10")),
    ],
)
def test_what_a_target_is_read_as(column, task, classes, table):
    data = table("".join(f"{i},{value}\n" for i, value in enumerate(column.split())), task=task)
    assert data.classes == classes
    if classes:
        assert [classes[label] for label in data.y] == column.split()
    else:
        assert data.y.ravel().tolist() == [float(value) for value in column.split()]
        assert data.y.shape == (len(data.x), 1)


def test_a_header_of_numbers_is_said_to_be_one(table):
    assert table("0,1\n5,2\n6,3\n").x.shape == (3, 1)
    data = table("0,1\n5,2\n6,3\n", header=True)
    assert (data.x.tolist(), data.features) == ([[5], [6]], ("0",))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_are_of_the_dtype(dtype, table):
    data = table("1,0.5\n2,0.25\n", dtype=dtype)
    assert data.x.dtype == data.y.dtype == dtype


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_npz(tmp_path):
    x = np.arange(12.0).reshape(3, 2, 2)
    data = read_table(saved(tmp_path / "a.npz", x=x, y=np.array(["b", "a", "b"])))
    assert data.x.tolist() == x.tolist()
    assert (data.y.tolist(), data.classes) == ([1, 0, 1], ("a", "b"))
    data = read_table(saved(tmp_path / "b.npz", x=x[:, 0, 0], y=x[:, 0]))
    assert (data.x.shape, data.y.shape) == ((3, 1), (3, 2))
    data = read_table(saved(tmp_path / "c.npz", points=x, label=np.arange(3)), "label")
    assert data.classes == ("0", "1", "2")


TEXTS = [
    # text, options, what is said
    ("", {}, "iris.csv is empty"),
    ("a,b\n", {}, "no line below the names"),
    ("a,b\n1,2\n3\n", {}, "iris.csv, line 3: 1 cells, and the first line has 2"),
    ("a,b\n1,2\n,3\n", {}, "line 3, column 'a' is missing; fill it in, or take the line out"),
    ("a,b\n1,2\nNA,3\n", {}, "line 3, column 'a' is missing"),
    ("a,b\n\n1,2\nnan,3\n", {}, "line 4, column 'a' is missing"),
    ("1,2\n?,3\n", {}, "line 2, column 1 is missing"),
    ("a,b\n1,2\n3,\n", {}, "line 3, column 'b', the target, is missing"),
    ("a,b\n1,2\nred,3\n", {}, "line 3, column 'a' is 'red', no number; write it as numbers, or"),
    ("a,b\n1,2\ninf,3\n", {}, "line 3, column 'a' is inf; give finite numbers"),
    ("a,b\n1,2\n1e999,3\n", {}, "line 3, column 'a' is 1e999"),
    ("a,b\n1,2.5\n1,inf\n", {}, "line 3, column 'b' is inf"),
    ("a,b\n1,2\n1_0,3\n", {}, "'1_0', no number"),
    (IRIS, {"target": "knd"}, "target 'knd' is unknown; did you mean 'kind'?"),
    (IRIS, {"target": 4}, "target is column 4 of 3; count from 1, or from -1"),
    (IRIS, {"target": 0}, "target is column 0 of 3"),
    ("1,2\n3,4\n", {"target": "age"}, "target 'age' is unknown; there are 1, 2"),
    (IRIS, {"drop": ["with"]}, "drop 'with' is unknown; did you mean 'width'?"),
    (IRIS, {"drop": ["kind"]}, "the target is dropped; there are length, width, kind"),
    (IRIS, {"drop": [1, 2]}, "no input is left"),
    (IRIS, {"task": "regression"}, "the target, kind, holds text, such as 'setosa'"),
    (IRIS, {"task": "sorting"}, "task is 'sorting'; give one of classification, regression"),
    ("1,7\n2,7\n", {}, "the target, column 2, is '7' in every row"),
    (b"a,b\n1,\xff\n", {}, "byte 6 is no UTF-8"),
]


@pytest.mark.parametrize(("text", "options", "said"), TEXTS)
def test_a_fault_is_told_by_its_place(text, options, said, table):
    with pytest.raises(ValueError) as caught:
        table(text, **options)
    assert said in str(caught.value)
    assert str(caught.value).startswith("read_table: ")


def test_files_that_are_none(tmp_path, table):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*iris\.csv"):
        read_table(tmp_path / "iris.csv")
    with pytest.raises(ValueError, match=r"ends in '\.xlsx'; give a file of \.csv, \.tsv"):
        table(IRIS, "iris.xlsx")
    with pytest.raises(ValueError, match="is no npz file of plain arrays"):
        table(IRIS, "iris.npz")


X, Y = np.zeros((3, 2)), np.arange(3)
ARRAYS = [
    ({"x": X}, {}, "target 'y' is unknown; there are x"),
    ({"x": X, "Y": Y}, {}, "target 'y' is unknown"),
    ({"a": X, "b": X, "y": Y}, {}, "which array holds the inputs? There are a, b, y; name it x"),
    ({"x": X, "y": Y[:2]}, {}, "x has 3 rows, shape (3, 2), and y has shape (2,)"),
    ({"x": X * np.nan, "y": Y}, {}, "x[0, 0] is nan"),
    ({"x": X, "y": np.where(Y == 1, np.inf, Y)}, {}, "y[1] is inf"),
    ({"x": X, "y": Y * 1j}, {}, "y has dtype complex128"),
    ({"x": X, "y": np.array([{}, 1, 2])}, {}, "no npz file of plain arrays"),
    ({"x": X, "y": Y}, {"drop": [1]}, "in a text file only"),
]


@pytest.mark.parametrize(("arrays", "options", "said"), ARRAYS)
def test_arrays_that_do_not_fit(arrays, options, said, tmp_path):
    with pytest.raises(ValueError) as caught, np.errstate(invalid="ignore"):
        read_table(saved(tmp_path / "a.npz", **arrays), **options)
    assert said in str(caught.value)


def test_standard_units_and_back():
    x = np.random.default_rng(0).normal(3, [1e-6, 1.0, 1e6], (50, 3))
    scale = standardise(x)
    np.testing.assert_allclose(scale(x).mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(scale(x).std(axis=0), 1, rtol=1e-10)
    np.testing.assert_allclose(scale.undo(scale(x)), x, rtol=1e-12)
    assert scale(x.astype(np.float32)).dtype == np.float32


def test_a_constant_column_becomes_zero():
    x = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]])
    assert standardise(x)(x)[:, 0].tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match=r"values\[0, 0\] is inf"):
        standardise(x * np.inf)
