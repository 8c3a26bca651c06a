"""`microgd graph`: what it writes, and what it refuses."""

import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from microgd.cli import app


def run(*arguments):
    return CliRunner().invoke(app, ["graph", *map(str, arguments)])


def test_an_expression(tmp_path):
    out = tmp_path / "neuron.svg"
    done = run("tanh(w*x + b)", "w=2", "x=1", "b=0", "-o", out)
    assert done.exit_code == 0, done.output
    assert f"Wrote {out}" in done.output
    svg = out.read_text(encoding="utf-8")
    ET.fromstring(svg)  # noqa: S314 (what we wrote ourselves)
    assert ">tanh<" in svg
    assert "not computed" not in svg


@pytest.mark.parametrize("suffix", ["png", "dot", "gv", "html", "SVG"])
def test_the_suffix_is_the_format(tmp_path, suffix):
    done = run("x*x", "x=3", "-o", tmp_path / f"a.{suffix}")
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"a.{suffix}").stat().st_size


def test_standard_output():
    done = run("x*x", "x=3", "-o", "-")
    assert done.stdout_bytes.startswith(b"<svg")


def test_a_network_folded_and_open(tmp_path):
    out = tmp_path / "net.dot"
    assert run("--mlp", "2,4,4,2", "--activation", "tanh", "--batch", 3, "-o", out).exit_code == 0
    assert "linear" in out.read_text(encoding="utf-8")
    assert "weight" not in out.read_text(encoding="utf-8")
    assert run("--mlp", "2,4,4,2", "--open", "layers.0", "-o", out).exit_code == 0
    assert "weight" in out.read_text(encoding="utf-8")
    assert run("--mlp", "3,1", "-o", out).exit_code == 0


def test_the_result_may_be_an_array():
    done = run("w*x", "w=[1,2]", "x=3", "-o", "-")
    assert done.exit_code == 0
    assert "not computed" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x*x", "x=3", "-o", "a.jpg"], ["'a.jpg'", ".svg", "-o graph.svg"]),
        (["x*x", "x=3", "-o", "a"], ["'a' ends in none of"]),
        (["x*x", "x=3"], ["where to: write -o graph.svg"]),
        (["x*x", "x=3", "-o", "no/such/a.svg"], ["there is no folder"]),
        (["-o", "-"], ["an expression or --mlp"]),
        (["x*x", "x=3", "--mlp", "2,2", "-o", "-"], ["one of them"]),
        (["x*y", "x=3", "-o", "-"], ["y has no value"]),
        (["--mlp", "2,q", "-o", "-"], ["'2,q'", "2,16,16,2"]),
        (["--mlp", "2", "-o", "-"], ["at least inputs and outputs"]),
        (["--mlp", "2,2", "--activation", "rlu", "-o", "-"], ["did you mean 'relu'"]),
        (["--mlp", "2,2", "--open", "layer.0", "-o", "-"], ["did you mean 'layers.0'"]),
        (["--mlp", "2,2", "--batch", "0", "-o", "-"], ["--batch", "equal to 1"]),
    ],
)
def test_misuse(arguments, said):
    done = run(*arguments)
    assert done.exit_code == 2
    flat = " ".join(done.output.split())
    for part in said:
        assert part in flat
