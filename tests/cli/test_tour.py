"""The tour, called in this process: what it says, and the numbers behind it."""

import itertools
import json
import math
import re

import pytest
from typer.testing import CliRunner

from microgd.cli import app

SHORT = ["--depth", "3", "--epochs", "1"]


def run(*args: str, columns: int = 80) -> str:
    done = CliRunner().invoke(app, ["tour", *args], env={"COLUMNS": str(columns)})
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def document():
    """The tour as a person takes it, without options."""
    return json.loads(run("--json"))


def loss(w, x, b, y):
    """The neuron once more, by hand."""
    return (math.tanh(w * x + b) - y) ** 2


def test_neuron_is_what_calculus_says(document):
    neuron = document["neuron"]
    w, x, b, y = (neuron["inputs"][name] for name in "wxby")
    a = math.tanh(w * x + b)
    slope = 2 * (a - y) * (1 - a * a)
    assert neuron["forward"][-1]["value"] == pytest.approx(loss(w, x, b, y), rel=1e-14)
    found = {check["weight"]: check for check in neuron["checks"]}
    assert found["w"]["backward"] == pytest.approx(slope * x, rel=1e-14)
    assert found["b"]["backward"] == pytest.approx(slope, rel=1e-14)


def test_neuron_is_what_finite_differences_say(document):
    inputs = document["neuron"]["inputs"]
    for check in document["neuron"]["checks"]:
        h, name = 1e-5, check["weight"]
        more = loss(**{**inputs, name: inputs[name] + h})
        less = loss(**{**inputs, name: inputs[name] - h})
        assert check["backward"] == pytest.approx((more - less) / (2 * h), abs=1e-9)
        assert check["finite_differences"] == pytest.approx(check["backward"], abs=1e-8)
        assert check["finite_differences"] != check["backward"], "measured, not copied"


def test_each_step_is_upstream_times_local(document):
    edges = document["neuron"]["edges"]
    assert [edge["input"] for edge in edges] == ["e", "a", "z", "p", "b", "w"]
    values = {step["name"]: step["value"] for step in document["neuron"]["forward"]}
    names = values | document["neuron"]["inputs"]
    arrived = {"loss": 1.0}
    for edge in edges:
        assert edge["upstream"] == arrived[edge["output"]]
        assert edge["local"] == eval(edge["written"], {}, names)  # noqa: S307 (ours)
        assert edge["contribution"] == edge["upstream"] * edge["local"]
        arrived[edge["input"]] = edge["contribution"]
    for check in document["neuron"]["checks"]:
        assert check["backward"] == arrived[check["weight"]]


def test_sigmoid_vanishes_and_relu_learns(document):
    sigmoid, relu = (document["networks"][name] for name in ("sigmoid", "relu"))
    assert len(sigmoid["before"]["layers"]) == len(relu["before"]["layers"]) == 10
    assert sigmoid["before"]["layers"][0]["share"] < 1e-4
    assert sigmoid["after"]["accuracy"] < 0.2
    assert 0.1 < relu["before"]["layers"][0]["share"] < 10
    assert relu["after"]["accuracy"] > 0.9
    assert document["data"] == {"training": 1437, "test": 360}


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_factors_lead_from_the_last_layer_to_each(document, name, when):
    layers = document["networks"][name][when]["layers"]
    last = layers[-1]
    assert (last["factor"], last["share"]) == (None, 1.0)
    for layer, after in itertools.pairwise(layers):
        assert layer["at_output"] == pytest.approx(layer["factor"] * after["at_output"], rel=1e-12)
        assert layer["share"] == pytest.approx(layer["at_output"] / last["at_output"], rel=1e-12)


def test_json_says_which_options_and_every_epoch():
    found = json.loads(run("--json", "--seed", "3", "--depth", "2", "--epochs", "4"))
    assert found["options"] == {"seed": 3, "depth": 2, "epochs": 4}
    for network in found["networks"].values():
        assert len(network["losses"]) == 4
        assert network["losses"] == sorted(network["losses"], reverse=True)


def keys(value):
    """All keys of a document, at any depth."""
    if isinstance(value, dict):
        yield from value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            yield from keys(part)


def test_help_names_every_key_of_the_json(document):
    words = set(re.findall(r"\w+", CliRunner().invoke(app, ["tour", "--help"]).stdout))
    assert set(keys(document)) - set("wxby") <= words


def test_same_seed_same_numbers_other_seed_other_numbers():
    once, again, other = (run("--json", *SHORT, "--seed", seed) for seed in ("7", "7", "8"))
    assert once == again
    one, two = json.loads(once), json.loads(other)
    assert one["neuron"] == two["neuron"]
    assert one["networks"]["relu"]["before"] != two["networks"]["relu"]["before"]


def test_what_is_printed_is_what_was_measured():
    text, found = run(*SHORT), json.loads(run("--json", *SHORT))
    for network in found["networks"].values():
        for when in ("before", "after"):
            assert f"{100 * network[when]['accuracy']:.1f} %" in text
            assert f"{network[when]['loss']:.4f}" in text
            for layer in network[when]["layers"]:
                assert f"{layer['at_output']:.1e}" in text
    for edge in found["neuron"]["edges"]:
        assert re.search(rf"{re.escape(edge['expression'])} .*{edge['contribution']:.4f}", text)


def test_last_layer_stands_first_as_the_gradient_travels():
    rows = re.findall(r"^ +(\d+)(?: last| first)? +\d\.\de", run(*SHORT), re.MULTILINE)
    assert rows == ["3", "2", "1"] * 2


def test_quiet_is_tables_only():
    loud, quiet = run(*SHORT), run(*SHORT, "--quiet")
    assert "chain rule" in loud
    for line in set(loud.splitlines()) - set(quiet.splitlines()):
        assert not re.search(r"\d\.\d\d\d\d|\de-\d\d +\d|█", line), "a row of a table is lost"
    assert len(quiet.split()) < 0.7 * len(loud.split())
    for word in ("chain rule", "Why?", "read downwards", "Is it right?"):
        assert word not in quiet


@pytest.mark.slow  # each is a tour of its own
@pytest.mark.parametrize("taken", ["--depth 20", "--epochs 60", "--seed 1", "--seed 5"])
def test_commands_to_try_next_exist_and_are_new(taken):
    options = {"--depth": "3", "--epochs": "1", **dict([taken.split()])}
    if taken == "--epochs 60":
        options["--depth"] = "2"
    text = run(*itertools.chain(*options.items()))
    offered = re.findall(r"^ +microgd tour (--\w+ \d+)", text, re.MULTILINE)
    assert len(set(offered)) == 3
    assert taken not in offered
    for command in offered:
        assert "What you saw" in run(*command.split(), "--epochs", "1")


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_fits_and_is_whole_at_any_width(columns):
    text = run(*SHORT, columns=columns)
    lines = text.splitlines()
    assert max(map(len, lines)) <= min(columns, 88)
    assert "…" not in text, "a table was cut"
    assert [line for line in lines if line != line.rstrip()] == []
    for number in ("1.5000", "0.3160", "0.2106"):
        assert number in text
    table = [line.split() for line in lines if re.match(r" *(1 first|2|3 last) .*\de-", line)]
    assert len(table) == 6
    assert {len(re.findall(r"\de-\d\d", " ".join(row))) for row in table} == {2}
    assert any("█" in " ".join(row) for row in table) == (columns >= 80)
