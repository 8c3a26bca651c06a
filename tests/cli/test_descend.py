"""`microgd descend`, called in this process: its tables, its documents, its pages."""

import json
import re

import pytest
from typer.testing import CliRunner

from microgd.cli import app
from microgd.descent import SURFACES, directions, race, rates, sampled


def run(*args, columns=80, code=0):
    done = CliRunner().invoke(app, ["descend", *args], env={"COLUMNS": str(columns)})
    assert done.exit_code == code, done.output
    return done.output


def test_the_table_says_what_the_race_found():
    said = run("ravine", "--optimizers", "sgd,momentum,nesterov,adam")
    found = race("ravine", "sgd,momentum,nesterov,adam")
    assert "descent is stable up to 2/L = 0.04" in said
    assert said.index("2/L") < said.index("rule")
    for one in found.runs:
        row = re.search(rf"^{one.name} .*$", said, re.MULTILINE)[0]
        assert f" {one.reached(found.goal)} " in row
        assert f"{one.losses[-1]:.4g}" in row


def test_a_rate_over_the_limit_is_seen_to_leave():
    assert re.search(r"^sgd .* left at \d+", run("--lr", "0.041"), re.MULTILINE)
    assert "left" not in run("--lr", "0.039")


def test_the_document_holds_every_step():
    told = json.loads(
        run("beale", "--optimizers", "adam:0.2", "--steps", "7", "--start", "1,-1", "--noise",
            "0.1", "--clip", "3", "--seed", "5", "--schedule", "cosine", "--json")
    )  # fmt: skip
    from microgd.optim import CosineAnnealingLR

    found = race(
        "beale", "adam:0.2", (1, -1), 7, lambda rule: CosineAnnealingLR(rule, 7), 0.1, clip=3.0,
        rng=5,
    )  # fmt: skip
    one = told["runs"]["adam:0.2"]
    assert one["points"] == found.runs[0].points.tolist()
    assert one["rates"] == found.runs[0].rates.tolist()
    assert one["state"]["exp_avg_sq"] == found.runs[0].state["exp_avg_sq"].tolist()
    assert (told["start"], told["curvature"]) == ([1.0, -1.0], found.curvature)
    assert one["reached"] == found.runs[0].reached(found.goal)


def test_a_run_that_diverges_is_still_a_document():
    told = json.loads(run("exp(x**4) + y**2", "--lr", "10", "--start", "1.5,1", "--json"))
    assert told["runs"]["sgd"]["diverged"] is not None
    assert told["minima"] == []


def test_the_surfaces_are_listed():
    said = run("--list")
    assert [line.split()[0] for line in said.splitlines() if line and line[0] != " "][1:] == list(
        SURFACES
    )


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "args",
    [
        [],
        ["rosenbrock", "--optimizers", "sgd:1,adam", "--steps", "30"],
        ["--study", "angle"],
        ["--study", "rates"],
        ["--study", "clip", "--steps", "20"],
        ["--study", "batches"],
        ["--list"],
    ],
)
def test_it_fits(columns, args):
    said = run(*args, columns=columns)
    assert max(map(len, said.splitlines())) <= columns
    assert "…" not in said


def test_an_expression_is_a_surface():
    said = run("(x - 1)**2 + 3*sin(y)**2", "--start", "2,1", "--box", "-3,3,-2,2", "--steps", "5")
    assert "f(x, y) = (x - 1)**2 + 3*sin(y)**2" in said
    assert "stable up to 2/L = 1" in said
    assert "sgd" in run("--", "-cos(x) - cos(y)")


@pytest.mark.parametrize(
    "schedule",
    ["step:10", "multistep:5", "exponential:0.9", "inverse_time:0.1", "polynomial", "cosine",
     "warmup", "constant", "restarts:10", "cyclic:max_lr=1", "onecycle", "plateau"],
)  # fmt: skip
def test_every_schedule_of_training_can_be_seen(schedule):
    told = json.loads(
        run("bowl", "--optimizers", "momentum", "--schedule", schedule, "--steps", "30", "--json")
    )
    steps = told["runs"]["momentum"]["rates"]
    assert len(set(steps)) > 1 or schedule == "plateau"


# --- studies -------------------------------------------------------------------------------------


def test_the_study_of_angles():
    said = run("beale", "--study", "angle", "--start", "0.5,1.5")
    found = directions("beale", (0.5, 1.5))
    rows = [line.split() for line in said.splitlines() if re.match(r" *-?\d+ ", line)]
    assert [int(row[0]) for row in rows] == list(range(-180, 181, 30))
    for row, slope in zip(rows, found.slopes[::6], strict=True):
        assert float(row[1]) == pytest.approx(slope, rel=1e-5, abs=1e-5 * found.length)
        assert row[1] == row[2]
    told = json.loads(run("beale", "--study", "angle", "--start", "0.5,1.5", "--json"))
    assert told["slopes"] == found.slopes.tolist()
    assert told["gradient"] == found.gradient.tolist()


def test_the_study_of_rates():
    said = run("--study", "rates")
    assert "2/L = 2. " in said
    for name, factor in (("too small", 0.9), ("right", 0), ("oscillating", -0.9)):
        assert re.search(rf"^{name} .* {factor:.4f} +{factor:.4f} ", said, re.MULTILINE)
    told = json.loads(run("--study", "rates", "--json"))
    assert told["limit"] == rates().limit
    assert [rate["lr"] for rate in told["rates"].values()] == [r.lr for r in rates().rates]
    assert "near" not in said


def test_the_study_of_rates_says_where_its_limit_holds():
    said = " ".join(run("beale", "--study", "rates", "--steps", "5").split())
    assert "All this holds near (3, 0.5); farther off, beale curves otherwise." in said
    told = json.loads(run("beale", "--study", "rates", "--steps", "5", "--json"))
    assert told["place"] == [3, 0.5]
    assert told["start"] == list(SURFACES["beale"].start), "where the runs start, not where L is"


def test_the_study_of_clipping():
    said = run("--study", "clip")
    assert re.search(r"^sgd  .* left at 93", said, re.MULTILINE)
    clipped = re.search(r"^sgd, clipped at 1  .*$", said, re.MULTILINE)
    assert clipped
    assert "left" not in clipped[0]
    assert "clipped at 1" in run("plateau", "--study", "clip", "--clip", "1", "--steps", "5")


def test_the_study_of_batches():
    said = run("--study", "batches", "--steps", "20")
    assert "2,000" in said
    told = json.loads(run("line", "--study", "batches", "--steps", "20", "--seed", "4", "--json"))
    found = sampled(steps=20, rng=4)
    assert told["sizes"] == found.sizes
    assert told["runs"]["stochastic (1)"]["points"] == found.race[
        "stochastic (1)"
    ].points.tolist()  # fmt: skip


@pytest.mark.parametrize("study", ["race", "angle", "rates", "clip", "batches"])
def test_every_study_has_its_page(study, tmp_path):
    page = tmp_path / "page.html"
    few = ["--steps", "4"] if study != "angle" else []
    said = run("--study", study, *few, "--html", str(page))
    assert "open it in a browser" in said
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    told = run("--study", study, *few, "--html", str(page), "--json")
    assert json.loads(told)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["ravin"], "did you mean 'ravine'?"),
        (["ravin"], "or write an expression"),
        (["x**2 + z"], "column 8: z is not known; variables are x, y"),
        (["x**2 +"], "column"),
        (["ravine", "--box", "0,1,0,1"], "a surface with a name has its view"),
        (["x*y", "--box", "1,0,0,1"], "has no inside"),
        (["x*y", "--box", "1,2"], "has 2 numbers; give 4"),
        (["--start", "1"], "has 1 numbers; give 2"),
        (["--start", "1,a"], "a has no value"),
        (["log(x)", "--start", "-1,0"], "not finite at (-1.0, 0.0)"),
        (["--optimizers", "sgd,adm"], "did you mean 'adam"),
        (["--optimizers", "sgd:fast"], "write adam:0.1"),
        (["--lr", "-1"], "--lr"),
        (["--steps", "0"], "--steps"),
        (["--noise", "-1"], "--noise"),
        (["--schedule", "cosin"], "did you mean 'cosine'?"),
        (["--schedule", "step"], "step_size missing"),
        (["--study", "race "], "did you mean 'race'?"),
        (["--study", "angle", "--noise", "1"], "not for --study angle, which takes --start"),
        (["ravine", "--study", "batches"], "microgd descend line --study batches"),
        (["saddle", "--study", "angle", "--start", "0,0"], "has no direction"),
        (["--html", "/nowhere/at/all.html"], "there is no folder"),
    ],
)
def test_what_is_not_understood(args, said):
    printed = " ".join(run(*args, code=2).split())
    assert said in printed
    assert "Traceback" not in printed


def test_help_has_examples_that_run():
    said = run("--help")
    examples = re.findall(r"^ +microgd descend (.*?)(?:   .*)?$", said, re.MULTILINE)
    assert len(examples) > 8
    from shlex import split

    for example in examples:
        words = [word for word in split(example) if not word.endswith(".html")]
        run(*[word for word in words if word != "--html"])
