"""`microgd train`, called in this process: what it trains is what one would write in Python."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microgd import data, nn, optim
from microgd.cli import app
from microgd.cli.training.toolbox import (
    ACTIVATIONS,
    INITS,
    LOSSES,
    OPTIMIZERS,
    PACINGS,
    SCHEDULES,
)
from microgd.train import evaluate, fit
from microgd.train.archive import unpack

QUICK = ["moons:n=40", "--hidden", "4", "--epochs", "4"]


def invoke(*args, columns=80):
    env = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["train", *map(str, args)], env=env)


def run(*args, columns=80):
    done = invoke(*args, columns=columns)
    assert done.exit_code == 0, done.output
    return done.stdout


def document(*args):
    return json.loads(run(*args, "--json"))


def test_it_is_the_run_that_one_would_write():
    found = document(
        "moons:n=100,noise=0.2", "--hidden", "8,6", "--activation", "tanh", "--optimizer",
        "sgd:0.1,momentum=0.9,nesterov", "--epochs", 3, "--batch-size", 16, "--seed", 7,
    )  # fmt: skip
    whole = data.moons(100, noise=0.2, rng=7)
    train, held_out = data.train_test_split(whole, test=0.2, rng=7, stratify=True)
    model = nn.MLP([2, 8, 6, 2], "tanh", rng=7)
    rule = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    history = fit(
        model, train, rule, epochs=3, batch_size=16, rng=7, validation=held_out, progress=False
    )
    assert found["history"].keys() == set(history.columns)
    for name, column in found["history"].items():
        assert column == history[name].tolist(), name
    for name, part in (("training", train), ("validation", held_out)):
        assert found["result"][name] == evaluate(model, part)
    assert found["network"] == {"sizes": [2, 8, 6, 2], "parameters": 92}
    assert found["data"]["classes"] == ["upper moon", "lower moon"]
    assert (found["epochs"], found["steps"], found["ending"]) == (3, 15, "done")


def test_float32_stays_float32():
    found = document(*QUICK, "--dtype", "float32")
    values = np.array(found["history"]["loss"])
    assert found["options"]["dtype"] == "float32"
    assert found["history"]["loss"] != document(*QUICK)["history"]["loss"]
    np.testing.assert_allclose(values, document(*QUICK)["history"]["loss"], rtol=1e-5)


def test_every_array_of_a_float32_run_is_one(tmp_path):
    path = tmp_path / "run.npz"
    run(
        *QUICK, "--dtype", "float32", "--norm", "batch", "--clip-norm", 1, "--grad-noise", 0.1,
        "--schedule", "cosine", "--early-stopping", 3, "--loss", "mse", "--checkpoint", path,
    )  # fmt: skip
    states = unpack(path)[1]

    def arrays(value):
        if isinstance(value, dict):
            for part in value.values():
                yield from arrays(part)
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            yield value.dtype

    for part in (states["model"], states["optimizer"], states["EarlyStopping"]):
        assert set(arrays(part)) == {np.dtype(np.float32)}


# Every member of the toolbox


SCHEDULE_OPTIONS = {
    "step": "step:1", "multistep": "multistep:1", "exponential": "exponential:0.9",
    "inverse_time": "inverse-time:0.5", "restarts": "restarts:2,T_mult=2",
    "cyclic": "cyclic:max_lr=0.1,step_size_up=2", "plateau": "plateau:patience=0,threshold=0.9",
}  # fmt: skip
MEMBERS = [
    *(["--optimizer", name] for name in OPTIMIZERS),
    *(["--activation", name] for name in ACTIVATIONS),
    *(["--init", name] for name in INITS),
    *(["--loss", name] for name in LOSSES),
    *(["--schedule", SCHEDULE_OPTIONS.get(name, name)] for name in SCHEDULES),
    *(["--curriculum", name] for name in PACINGS),
    ["--norm", "batch"],
    ["--norm", "layer"],
    ["--dropout", "0.5"],
    ["--residual", "--hidden", "4,4"],
    ["--hidden", "none"],
    ["--lr", "0.1"],
    ["--lr", "0.1,0.2"],
    ["--momentum", "0.9", "--optimizer", "sgd"],
    ["--weight-decay", "0.1"],
    ["--label-smoothing", "0.1"],
    ["--clip-norm", "0.01"],
    ["--clip-norm", "0.01,norm_type=inf"],
    ["--clip-value", "0.001"],
    ["--grad-noise", "0.3,gamma=0.5"],
    ["--early-stopping", "1,monitor=accuracy,min_delta=0.9"],
    ["--curriculum", "step:0.5,by=teacher,each=step"],
    ["--batch-size", "all"],
    ["--no-shuffle"],
    ["--schedule", "warmup:for=1", "--schedule", "cosine"],
    ["--schedule", "warmup:for=1,each=step", "--schedule", "polynomial:power=2,each=step"],
    ["--activation", "leaky-relu:0.2"],
    ["--init", "normal:std=0.1"],
    ["--optimizer", "adam:betas=0.5,0.9,amsgrad"],
    ["--seed", "3"],
    ["--validation", "0.5"],
    ["--dtype", "float32"],
]


@pytest.fixture(scope="module")
def plain():
    """Without any."""
    found = document(*QUICK)
    return found["history"], found["result"]


ALIKE = {  # what goes without saying; and amsgrad, until squares shrink, is adam
    "adam", "amsgrad", "relu", "kaiming_normal", "cross_entropy",
}  # fmt: skip


@pytest.mark.parametrize("member", MEMBERS, ids=" ".join)
def test_every_member_trains_and_tells(member, plain):
    """It works, it changes what is trained, and the output says that it was there."""
    found = document(*QUICK, *member)
    losses = found["history"]["loss"]
    assert all(np.isfinite(losses))
    same = (found["history"], found["result"]) == plain
    assert same == (member[1:] in [[name] for name in ALIKE]), "it has an effect"
    if member[1:] == ["nll"]:
        np.testing.assert_allclose(losses, plain[0]["loss"], rtol=1e-12)


@pytest.mark.parametrize(
    "name", [name for name, loss in LOSSES.items() if not loss.quantities], ids=str
)
def test_losses_for_classes_learn_them(name):
    found = document("moons", "--loss", name, "--lr", "0.02", "--epochs", "15")
    assert found["result"]["validation"]["accuracy"] > 0.8


def test_rates_per_layer_are_told_apart():
    found = document(*QUICK, "--lr", "0.1,0.02", "--optimizer", "sgd", "--norm", "layer")
    assert set(found["history"]["lr.0"]) == {0.1}
    assert set(found["history"]["lr.1"]) == {0.02}


def test_a_chain_of_schedules():
    found = document(
        *QUICK[:-1], 8, "--lr", "0.8", "--schedule", "warmup:start_factor=0.5,for=2",
        "--schedule", "cosine:for=4", "--schedule", "constant:factor=0.1,total_iters=9",
    )  # fmt: skip
    cosine = [0.4 * (1 + np.cos(np.pi * t / 4)) for t in range(4)]
    expected = [0.4, 0.6, *cosine, 0.08, 0.08]
    np.testing.assert_allclose(found["history"]["lr"], expected, rtol=1e-12)


def test_the_clipped_gradient_and_the_one_before():
    found = document(*QUICK, "--clip-norm", "0.01")["history"]
    parts = [column for name, column in found.items() if name.startswith("grad_norm.")]
    np.testing.assert_allclose(np.linalg.norm(parts, axis=0), 0.01, rtol=1e-3)
    assert min(found["grad_norm"]) > 0.05


def test_early_stopping_takes_the_best_weights_and_says_so():
    args = ["moons:n=60,noise=0.4", "--lr", "0.1", "--epochs", 200, "--early-stopping", 3]
    found = document(*args)
    losses = found["history"]["val_loss"]
    assert found["ending"] == "early"
    assert found["epochs"] == found["best_epoch"] + 3 == len(losses)
    assert found["result"]["validation"]["loss"] == min(losses)
    text = " ".join(run(*args).split())
    assert f"Stopped early, after {found['epochs']} of 200 epochs" in text
    assert f"The weights are those of epoch {found['best_epoch']}, the best one." in text


def test_without_validation_the_training_loss_is_watched():
    found = document(*QUICK, "--validation", 0, "--early-stopping", 1, "--schedule", "plateau")
    assert "val_loss" not in found["history"]
    assert found["data"]["validation"] == 0
    assert list(found["result"]) == ["training"]


def test_few_rows_are_all_learned_from():
    found = document("xor", "--epochs", 300, "--lr", "0.05", "--batch-size", "all", "--hidden", 8)
    assert found["data"] | {"features": 0} == {
        "name": "xor", "training": 4, "validation": 0, "features": 0,
        "classes": ["equal", "different"],
    }  # fmt: skip
    assert found["result"]["training"]["accuracy"] == 1.0


def test_a_last_batch_of_one_is_left_out_where_it_has_no_variance():
    args = ["--validation", 0, "--norm", "batch", "--epochs", 1]
    assert document("moons:n=33", *args)["steps"] == 1
    assert document("moons:n=34", *args)["steps"] == 2
    found = document("moons:n=40", *args, "--batch-size", 6, "--curriculum", "linear:0.325")
    assert found["steps"] == 2, "13 rows"


# Sequences


SEQUENCES = [
    ["digits", "--model", "rnn"],
    ["digits", "--model", "lstm:num_layers=2,dropout=0.1"],
    ["digits", "--model", "gru:bidirectional", "--norm", "layer", "--lr", "0.01,0.02,0.03"],
    ["digits", "--model", "rnn:nonlinearity=relu", "--steps", "4"],
    ["digits:scale=false", "--model", "gru", "--embedding", "3", "--batch-size", "256"],
]


@pytest.mark.parametrize("args", SEQUENCES, ids=" ".join)
def test_recurrent_networks_read_sequences(args):
    found = document(*args, "--hidden", "6,5", "--epochs", 1)
    assert np.isfinite(found["result"]["training"]["loss"])
    inputs = 3 if "--embedding" in args else 16 if "--steps" in args else 8
    assert found["network"]["sizes"] == [inputs, 6, 5, 10]


def test_a_recurrent_network_learns_digits_row_by_row():
    found = document("digits", "--model", "gru", "--hidden", 16, "--lr", "0.01", "--epochs", 4)
    assert found["result"]["validation"]["accuracy"] > 0.85
    same = nn.Sequential(
        nn.FinalState(nn.GRU(8, 16, batch_first=True, rng=0)), nn.MLP([16, 10], rng=1)
    )
    assert found["network"]["parameters"] == sum(p.size for p in same.parameters())


def test_sequences_of_ones_own_and_words_as_numbers(tmp_path):
    rng = np.random.default_rng(0)
    words = rng.integers(0, 9, (80, 5))
    np.savez(tmp_path / "words.npz", x=words, y=np.where((words == 3).any(axis=1), "has", "lacks"))
    args = ["--model", "gru", "--embedding", 4, "--lr", "0.05", "--epochs", 25, "--hidden", 8]
    found = document(tmp_path / "words.npz", *args)
    assert found["network"]["parameters"] == 9 * 4 + 3 * (8 * 4 + 8 * 8 + 8 + 8) + 8 * 2 + 2
    assert found["result"]["training"]["accuracy"] > 0.9
    np.savez(tmp_path / "waves.npz", x=rng.normal(size=(40, 6, 2)), y=rng.normal(size=40))
    found = document(tmp_path / "waves.npz", "--model", "rnn", "--epochs", 1)
    assert found["network"]["sizes"] == [2, 32, 32, 1]


# Files of one's own


@pytest.fixture
def fruit(tmp_path):
    """Two kinds told apart by weights of some hundred grams."""
    rng = np.random.default_rng(0)
    rows = [(round(rng.normal(m, 9), 1), round(rng.normal(7, 1), 2), kind)
            for m, kind in ((150, "apple"), (90, "lime")) for _ in range(30)]  # fmt: skip
    path = tmp_path / "fruit.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("weight", "width", "kind"), *rows])
    return path


def test_a_table_of_ones_own(fruit):
    found = document(fruit, "--epochs", 30, "--lr", "0.05")
    assert found["data"]["name"] == "fruit"
    assert found["data"]["features"] == ["weight", "width"]
    assert found["data"]["classes"] == ["apple", "lime"]
    assert found["result"]["validation"]["accuracy"] > 0.95
    raw = document(fruit, "--epochs", 30, "--lr", "0.05", "--raw")
    assert raw["history"]["loss"][0] > 5 * found["history"]["loss"][0], "hundreds of grams"


def test_a_quantity_is_learned_in_standard_units_and_judged_in_its_own(tmp_path):
    x = np.random.default_rng(0).uniform(size=(200, 2))
    np.savez(tmp_path / "houses.npz", x=x, y=300_000 + 50_000 * x[:, 0] - 20_000 * x[:, 1])
    args = [tmp_path / "houses.npz", "--hidden", "none", "--lr", "0.1", "--epochs", 40]
    found = document(*args)
    assert found["history"]["loss"][0] < 10
    assert found["history"]["val_mae"][0] > 2_000
    assert found["result"]["validation"]["mae"] < 100
    dropped = document(*args[:1], "--task", "regression", "--epochs", 1)
    assert dropped["network"]["sizes"][-1] == 1


def test_columns_by_name_and_number(fruit):
    for target in ("weight", "1", "-3"):
        found = document(fruit, "--target", target, "--drop", "kind", "--epochs", 1)
        assert found["data"]["features"] == ["width"]
        assert found["data"]["classes"] == []


# What it writes


def test_the_history_as_a_table(tmp_path):
    path = tmp_path / "run.csv"
    text = run(*QUICK, "--history", path, "--every", "step")
    found = document(*QUICK, "--every", "step")["history"]
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(found)
    for name, column in found.items():
        assert [float(row[name]) if row[name] else None for row in rows] == column
    assert f"wrote {path}" in text.replace("\n", "")


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["moons:n=40", "--hidden", "8"], ["of 8 points right", "layers.2"]),
        (["digits", "--hidden", "8"], ["layers.0.weight (8, 64)"]),
        (["digits", "--model", "lstm", "--hidden", "4"], ["layers.0.weight (10, 4)"]),
        (["line:n=40"], ["prediction", "mae"]),
        (["moons:n=40", "--schedule", "cosine", "--every", "step"], ["learning rate"]),
    ],
)
def test_the_page(args, parts, tmp_path):
    path = tmp_path / "run.html"
    run(*args, "--epochs", "2", "--html", path)
    page = path.read_text(encoding="utf-8")
    assert page.count("BEGIN bokeh.min.js") == 1
    shown = ["loss", "grad_norm", "gradients of the parameters", "Content-Security-Policy", *parts]
    for part in shown:
        assert part in page, part
    ours = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert "://" not in ours


def test_the_page_changes_no_number(tmp_path):
    assert document(*QUICK, "--html", tmp_path / "a.html") == document(*QUICK)


# How it looks


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_it_fits_at_any_width(columns):
    text = run(*QUICK, "--schedule", "cosine", "--clip-norm", "1", columns=columns)
    lines = text.splitlines()
    assert max(map(len, lines)) <= min(columns, 88)
    assert [line for line in lines if line != line.rstrip()] == []
    for word in ("data", "network", "loss", "optimizer", "schedule", "remedies", "training"):
        assert any(line.startswith(f"{word} ") for line in lines), word


def test_quiet_is_the_result_only():
    done = invoke(*QUICK, "--quiet")
    assert done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines() if line] == [
        "loss", "training", "validation",
    ]  # fmt: skip


def test_what_is_printed_is_what_was_measured():
    text, found = run(*QUICK), document(*QUICK)
    for part in ("training", "validation"):
        values = found["result"][part]
        line = [line for line in text.splitlines() if line.startswith(f"{part} ")][-1]
        assert line.split() == [
            part, f"{values['loss']:.4f}", f"{100 * values['accuracy']:.1f}", "%",
        ]  # fmt: skip


def test_help_in_eighty_columns():
    text = run("--help")
    assert max(map(len, text.splitlines())) <= 80
    for panel in ("Data:", "Network and loss:", "Optimizer and schedule:", "Remedies:",
                  "Training:", "Files and output:", "Examples:"):  # fmt: skip
        assert panel in text
    assert "<float" not in text


def test_the_examples_of_the_help_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", x=np.random.default_rng(0).normal(size=(30, 2)), y=np.arange(30) % 3)
    rows = ["length,species", *(f"{i},{'ab'[i % 2]}" for i in range(30))]
    Path("iris.csv").write_text("\n".join(rows))
    examples = re.findall(r"^ +microgd train (.*)$", run("--help"), re.MULTILINE)
    assert len(examples) >= 5
    for example in examples:
        run(*example.split(), "--epochs", "6" if "warmup" in example else "1")


def test_the_toolbox_lists_every_member_with_its_options():
    text = run("--toolbox", columns=100)
    for table in (OPTIMIZERS, ACTIVATIONS, INITS, LOSSES, SCHEDULES, PACINGS):
        for name in table:
            assert re.search(rf"^  {name} ", text, re.MULTILINE), name
    for said in ("lr=0.001, betas=0.9,0.999, eps=1e-08", "nesterov=true", "by=distance|teacher",
                 "T_max=(as long as it holds)", "--grad-noise", "eta, gamma=0.55"):  # fmt: skip
        assert said in text
    assert max(map(len, text.splitlines())) <= 88
