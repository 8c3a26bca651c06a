"""`microgd step`: what it says about an expression, and about one that it cannot read."""

import re

import pytest
from typer.testing import CliRunner

from microgd.cli import app


def run(*args, columns=80, code=0):
    done = CliRunner().invoke(app, ["step", *args], env={"COLUMNS": str(columns)})
    assert done.exit_code == code, done.output
    return done.stdout if not code else " ".join(done.stderr.split())


NEURON = ["relu(w*x + b)*w", "w=2", "x=1", "b=0.5"]


def test_a_neuron_forward_backward_and_its_gradients():
    said = run(*NEURON)
    for line in (
        "v1 = w * x = 2 * 1 = 2",
        "v3 = relu(v2) = relu(2.5) = 2.5",
        "step 1: v4 = v3 * w",
        "  local         (v2 > 0) = (2.5 > 0) = 1",
        "  total         2.5 + 2 = 4.5",
        "  d v4 / d w  4.5",
        "  d v4 / d x  4",
        "  d v4 / d b  2",
    ):
        assert line in said.splitlines()
    assert "\x1b" not in said


def test_forward_only():
    said = run(*NEURON, "--forward")
    assert "v4 = v3 * w = 2.5 * 2 = 5" in said
    assert "upstream" not in said
    assert "Gradients" not in said


def test_arrays():
    said = run("sum((x@w - y)**2)", "x=[[1,2],[3,4]]", "w=[1,-1]", "y=[0,0]")
    assert "with  x = [[1, 2], [3, 4]], w = [1, -1], y = [0, 0]" in said
    assert "d v4 / d w  [-8, -12]" in said


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("args", [NEURON, ["sum(tanh(x@w))", "x=[[1,2],[3,4]]", "w=[0.1,-0.3]"]])
def test_fits_at_any_width(columns, args):
    for line in run(*args, columns=columns).splitlines():
        assert len(line) <= min(columns, 88)
        assert line == line.rstrip()


@pytest.mark.parametrize("options", [[], ["--forward"]])
def test_a_page(tmp_path, options):
    path = tmp_path / "out.html"
    said = run(*NEURON, "--html", str(path), *options)
    assert str(path.name) in said.replace("\n", "")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert ("d v4 / d w  4.5" in said) == (not options)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["rleu(x)", "x=1"], "column 1: there is no function 'rleu'; did you mean 'relu'?"),
        (["w*x", "w=1"], "column 3: x has no value; add x=1.0"),
        (["w*2", "w=1", "v=1"], "v has a value, but is not in 'w*2'"),
        (["w*2", "w"], "'w' is no name with a value; write w=2"),
        (["w*2", "2=w"], "'2=w' is no name with a value"),
        (["w*2", "w=1", "w=2"], "w is given twice"),
        (["w*2", "w=u"], "w: column 1: u has no value"),
        (["w*2", "w=[1,[2]]"], "w: [1, [2]] is no array of numbers"),
        (
            ["softmax(x)", "x=[1,2]"],
            "write 'sum(softmax(x))' or 'mean(softmax(x))', or add --forward",
        ),
        (["__import__('os')"], "there is no function '__import__'"),
        ([], "Missing argument"),
    ],
)
def test_what_is_not_understood_exits_2_and_names_the_way_out(args, said):
    assert said in run(*args, code=2)


def test_examples_of_the_help_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    helped = run("--help")
    examples = re.findall(r"^ +microgd step (.+?)(?:   .*)?$", helped, re.MULTILINE)
    assert len(examples) == 5
    for example in examples:
        assert run(*(part.strip('"') for part in re.findall(r'"[^"]+"|\S+', example)))
    assert run("--", "-x", "x=1")
    assert 'microgd step -- "-x" x=1' in helped
