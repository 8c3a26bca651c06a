"""`microgd flow`, called in this process: its tables, its document, its page."""

import json
import math

import pytest
from typer.testing import CliRunner

from microgd import data, nn
from microgd.cli import app
from microgd.explain.flow import flow


def run(*args, columns=80, code=0):
    done = CliRunner().invoke(app, ["flow", *args], env={"COLUMNS": str(columns)})
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def document():
    return json.loads(run("--depth", "6", "--activation", "sigmoid,tanh,relu", "--json"))


def test_the_document_is_what_flow_measures(document):
    assert document["options"] == {
        "data": "digits",
        "depth": 6,
        "width": 64,
        "activation": ["sigmoid", "tanh", "relu"],
        "init": "kaiming_normal",
        "seed": 0,
    }
    for name, network in document["networks"].items():
        model = nn.MLP([64, *[64] * 5, 10], name, init="kaiming_normal", rng=0)
        expected = flow(model, data.digits())
        assert network["loss"] == expected.loss
        assert network["factor"] == expected.factor
        assert [row["gain"] for row in network["rows"]] == [row.gain for row in expected]
        assert [layer["predicted"] for layer in network["layers"]] == [
            layer.predicted for layer in expected.layers
        ]


def test_gains_multiply_and_parts_too(document):
    for network in document["networks"].values():
        gains = [row["gain"] for row in network["rows"]]
        assert math.prod(gains) == pytest.approx(network["factor"], rel=1e-12)
        for layer in network["layers"]:
            parts = layer["weight_part"] * layer["activation_part"]
            assert parts == pytest.approx(layer["gain"], rel=1e-12)


def test_the_networks_part_at_the_first_activation(document):
    assert document["parting"] == "layers.1"
    diseases = {
        name: [finding["disease"] for finding in network["findings"]]
        for name, network in document["networks"].items()
    }
    assert diseases == {"sigmoid": ["vanishing"], "tanh": [], "relu": []}


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_it_fits(columns):
    said = run("--depth", "4", columns=columns)
    assert max(map(len, said.splitlines())) <= columns
    assert "…" not in said
    assert "vanishing: layers.0 gets" in " ".join(said.split())
    assert "layers.1 <" in said


def test_one_network_and_what_is_meant_for_it():
    said = run("--activation", "tanh", "--init", "meant", "--data", "moons", "--width", "8")
    assert "healthy" in said
    assert " <" not in said


def test_the_page_works_offline(tmp_path):
    page = tmp_path / "flow.html"
    said = run("--depth", "3", "--html", str(page))
    assert "open it in a browser" in said
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "src=" not in text.split("<script", 1)[0]
    assert "cdn." not in text.split("</script>")[-2]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--activation", "sigmod"], "did you mean 'sigmoid'?"),
        (["--activation", "softmax"], "'softmax' is unknown"),
        (["--init", "he"], "--init 'he' is unknown"),
        (["--data", "diggits"], "did you mean 'digits'?"),
        (["--depth", "1"], "'--depth'"),
        (["--width", "0"], "'--width'"),
        (["--html", "/nowhere/at/all.html"], "there is no folder"),
    ],
)
def test_what_is_not_understood(args, said):
    assert said in " ".join(run(*args, code=2).split())
