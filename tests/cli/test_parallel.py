"""`microgd parallel`: its tables, its lines, its documents, its pages, and what it refuses."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from microgd import nn, parallel
from microgd.cli import app
from microgd.cli.parallels import live
from microgd.cli.parallels.live import Live
from microgd.parallel import Event
from microgd.train import load_checkpoint

MOONS = ["--data", "moons:n=120", "--hidden", "8", "--epochs", "3"]
QUICK = [*MOONS, "--backend", "simulated"]
COMMAND = [sys.executable, "-m", "microgd", "parallel"]
LONG = [*MOONS[:4], "--epochs", "100000"]


def invoke(*args, columns=80):
    return CliRunner().invoke(
        app, ["parallel", *map(str, args)], env={"COLUMNS": str(columns), "NO_COLOR": "1"}
    )


def run(*args, columns=80):
    done = invoke(*args, columns=columns)
    assert done.exit_code == 0, done.output
    return done


def refused(*args):
    """What is said of a command that is not understood."""
    done = invoke(*args)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return " ".join(done.stderr.split())


# --- what it prints ------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", parallel.algorithms.NAMES)
def test_every_algorithm_trains_and_tells_of_every_worker(algorithm):
    done = run(algorithm, *QUICK)
    rows = re.findall(r"^(0|1|all) +(\d+) ", done.stdout, re.MULTILINE)
    assert [name for name, _ in rows] == ["0", "1", "all"]
    assert sum(int(n) for _, n in rows[:2]) == int(rows[2][1]) > 0
    assert re.search(r"Training data: loss [\d.]+, accuracy [\d.]+ %\.", done.stdout)


def test_a_log_has_a_line_for_each_worker_at_milestones():
    said = run(*QUICK, "--workers", "3", "--epochs", "20").stderr
    lines = re.findall(r"^ +[\d.]+  worker (\d) +(\d+) updates +\S+/s +stale", said, re.MULTILINE)
    assert [int(me) for me, _ in lines] == [0, 1, 2] * (len(lines) // 3)
    sums = [sum(int(n) for _, n in lines[k : k + 3]) for k in range(0, len(lines), 3)]
    assert sums == [10, 20, 50]
    assert re.findall(r"loss (0\.\d{4})", said)


def test_quiet_leaves_the_table_only():
    done = run(*QUICK, "--quiet")
    assert done.stderr == ""
    assert done.stdout.split()[0] == "worker"
    assert "Training data" not in done.stdout


def test_the_document_is_the_record():
    done = run("hogwild", *QUICK, "--json", "--option", "write=0.5", "--lr", "0.05")
    told = json.loads(done.stdout)
    assert done.stderr == ""
    pushes = [event for event in told["events"] if event["kind"] == "push"]
    assert told["summary"]["updates"] == len(pushes)
    assert told["settings"]["lr"] == 0.05
    assert told["settings"]["write"] == 0.5
    assert told["result"]["training"]["accuracy"] > 0.5


def test_a_run_repeats_to_the_bit_where_it_is_simulated():
    one, two, other = (run(*QUICK, "--json", "--seed", seed).stdout for seed in (3, 3, 4))
    assert one == two != other


def test_a_loss_that_is_not_finite_is_still_a_document():
    told = json.loads(run(*QUICK, "--json", "--lr", "1e200").stdout)
    assert told["summary"]["refused"] > 0
    assert told["result"]["training"]["loss"] is None
    rows = run(*QUICK, "--lr", "1e200").stdout
    assert re.search(r"^all .* \d+$", rows, re.MULTILINE)
    assert "refused" in rows


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "args",
    [QUICK, [*QUICK, "--workers", "9"], ["hogwild", *QUICK], ["--list"],
     ["--surface", "bowl"], ["--densities", "0.5"]],
)  # fmt: skip
def test_it_fits(columns, args):
    said = run(*args, columns=columns).stdout
    assert max(map(len, said.splitlines())) <= columns
    assert "…" not in said


def test_the_list_has_everything_with_its_defaults():
    said = run("--list", columns=120).stdout
    for name in (*parallel.algorithms.NAMES, *parallel.delays.DELAYS, "processes", "ray"):
        assert re.search(rf"^  {name}\b", said, re.MULTILINE)
    assert "lr=0.1, rho=1, tau=1, momentum=0.9, order=asynchronous" in said
    assert "delay=exponential, latency=0, write=0.1" in said


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("easgd:0.2,rho=2", [], {"lr": 0.2, "rho": 2.0}),
        ("easgd:rho=2", ["--option", "tau=3", "--lr", "0.05"], {"rho": 2, "tau": 3, "lr": 0.05}),
        ("EAMSGD", [], {"momentum": 0.9}),
        ("adaptive_revision", [], {"naive": False}),
        ("downpour", ["--option", "adagrad=true"], {"adagrad": True}),
        ("easgd", ["--option", "order=round-robin"], {"order": "round-robin"}),
        ("downpour", ["--option", "latency=0.5", "--delay", "pareto"],
         {"latency": 0.5, "delay": "pareto"}),
        ("downpour", ["--shards", "3"], {"shards": 3}),
    ],
)  # fmt: skip
def test_options_reach_the_algorithm_and_the_backend(text, options, expected):
    told = json.loads(run(text, *QUICK, *options, "--json").stdout)["settings"]
    assert {key: told[key] for key in expected} == expected


def test_the_page_says_what_wrote_it(tmp_path):
    path = tmp_path / "run.html"
    done = run("downpour", *QUICK, "--html", path)
    assert f"wrote {path}" in done.stdout.replace("\n", "")
    text = path.read_text(encoding="utf-8")
    assert "who saw which version" in text
    assert "Written by <code>microgd" in text


# --- studies -------------------------------------------------------------------------------------


def test_workers_on_a_surface(tmp_path):
    path = tmp_path / "springs.html"
    told = json.loads(
        run("--surface", "himmelblau", "--workers", 3, "--html", path, "--json").stdout
    )
    pushes = [event for event in told["events"] if event["kind"] == "push"]
    assert told["algorithm"] == "EASGD"
    assert all(len(event["place"]) == len(event["centre"]) == 2 for event in pushes)
    assert '"springs":[[0,1],[0,2],[0,3]]' in path.read_text(encoding="utf-8")


def test_an_algorithm_with_options_is_taken_to_the_surface_as_it_is():
    told = json.loads(run("easgd:rho=3", "--surface", "bowl", "--json").stdout)
    assert (told["settings"]["rho"], told["settings"]["lr"]) == (3.0, 0.1)
    assert json.loads(run("downpour", "--surface", "bowl", "--json").stdout)["algorithm"] == (
        "Downpour"
    )


def test_more_is_lost_where_the_data_are_denser(tmp_path):
    path = tmp_path / "lost.html"
    told = json.loads(run("--densities", "0.05,0.3,1", "--html", path, "--json").stdout)
    shares = [one["lost"] / one["written"] for one in told["densities"].values()]
    assert shares == sorted(shares)
    assert "lost writes against density" in path.read_text(encoding="utf-8")


# --- refused -------------------------------------------------------------------------------------

REFUSALS = [
    (["hogwld"], "'hogwld' is unknown; did you mean 'hogwild'? There are hogwild, downpour"),
    (["easgd:rh=2"], "easgd: option 'rh' is unknown; did you mean 'rho'? There are lr, rho, tau"),
    (["--option", "n_psh=5"], "option 'n_psh' is unknown; did you mean 'n_push'"),
    (["--option", "n_push"], "'n_push' is no KEY=VALUE"),
    (["--option", "n_push=0"], "Downpour: n_push is 0; give 1 or more"),
    (["--lr", "-1"], "--lr"),
    (["--workers", "0"], "--workers"),
    (["--shards", "0"], "--shards"),
    (["--epochs", "0"], "--epochs"),
    (["--backend", "rays"], "--backend: 'rays' is unknown; did you mean 'ray'?"),
    (["--backend", "processes", "--delay", "pareto"], "not for --backend processes, but for"),
    (["--backend", "simulated", "--address", "auto"], "not for --backend simulated, but for ray"),
    (["--backend", "simulated", "--delay", "paretto"], "did you mean 'pareto'?"),
    (["--backend", "simulated", "--checkpoint", "a"], "but for processes and ray"),
    (["--backend", "simulated", "--shards", "100000"], "shards is 100000, and"),
    (["--backend", "simulated", "--workers", "5000"], "workers is 5000, and there are"),
    (["model-parallel", "--workers", "9", "--backend", "simulated"], "give at most 2"),
    (["hogwild", "--backend", "ray"], "actors of Ray share none"),
    (["--data", "moonz"], "'moonz' is unknown; did you mean 'moons'"),
    (["--html", "no/such/folder.html"], "there is no folder"),
    (["--surface", "bowel"], "did you mean 'bowl'"),
    (["--surface", "bowl", "--backend", "processes"], "for --backend simulated"),
    (["model-parallel", "--surface", "bowl"], "no chain of layers"),
    (["--densities", "0"], "'0' are no densities; give shares from 0.005 to 1"),
    (["--densities", "few"], "'few' are no densities"),
    (["easgd", "--densities", "1"], "for hogwild, simulated"),
]


@pytest.mark.parametrize(("args", "message"), REFUSALS, ids=[" ".join(a) for a, _ in REFUSALS])
def test_what_cannot_work_is_refused_before_the_work(args, message):
    assert message in refused(*args, "--quiet")


# --- progress on a terminal ----------------------------------------------------------------------


def test_a_tally_is_of_the_last_updates():
    shown = Live(1, loud=False)
    for k in range(50):
        shown(Event(float(k), 0, "push", loss=float(k >= 30), staleness=2.0))
    said = "  ".join(shown.tallies[0].said(49.0))
    assert re.search(r" 50 updates +1.02/s +staleness 2 +loss 1.0000$", said)
    shown(Event(50.0, 0, "died"))
    assert shown.tallies[0].said(50.0)[-1] == "died"
    shown(Event(51.0, 0, "replaced"))
    assert shown.tallies[0].said(51.0)[-1].startswith("loss")


def test_a_log_hears_of_a_slow_run_all_the_same(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(live, "monotonic", lambda: now[0])
    with Live(1) as shown:
        shown(Event(1.0, 0, "push", loss=1.0))
        assert capsys.readouterr().err == ""
        now[0] = live.PAUSE
        shown(Event(2.0, 0, "push", loss=1.0))
    assert "2 updates" in capsys.readouterr().err


def test_a_terminal_gets_lines_that_are_kept_up_to_date(tmp_path):
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60", "TERM": "xterm"}
    with subprocess.Popen(
        [*COMMAND, *QUICK, "--epochs", "100"], stdout=subprocess.DEVNULL, stderr=slave,
        env=environment, cwd=tmp_path,
    ) as process:  # fmt: skip
        os.close(slave)
        said = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            said += part
    os.close(master)
    assert process.returncode == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode())
    assert "worker 0" in plain
    assert "worker 1" in plain
    assert max(len(line) for line in re.split(r"[\r\n]+", plain)) <= 60
    assert b"\x1b[?25h" in said, "the cursor is back"


# --- as its own process --------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["simulated", "processes"])
def test_ctrl_c_tells_what_there_is_and_exits_with_130(backend, tmp_path):
    kept = tmp_path / "kept.npz"
    save = ["--checkpoint", str(kept)] if backend == "processes" else []
    with subprocess.Popen(
        [*COMMAND, *LONG, "--backend", backend, *save], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as process:  # fmt: skip
        first = process.stderr.readline()  # it is at work
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "worker 0" in first
    assert "Interrupted after" in out
    assert "Traceback" not in err
    if save:
        assert f"interrupted; saved in {kept}" in err
        model = nn.MLP([2, 8, 2], rng=0)
        before = model.parameters()[0].data.copy()
        load_checkpoint(kept, model)
        assert (model.parameters()[0].data != before).any()
    else:
        assert "interrupted; nothing was saved" in err


def test_ctrl_c_before_the_first_update_does_not_say_that_it_saved(tmp_path):
    kept = tmp_path / "kept.npz"
    with subprocess.Popen(
        [*COMMAND, *LONG, "--checkpoint", str(kept)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        while not process.stdout.readline().startswith("network"):
            pass
        process.send_signal(signal.SIGINT)  # the workers are starting
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert kept.exists() == ("saved in" in err)


def test_a_second_ctrl_c_tells_what_it_leaves(tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("microgd.cli.parallel.train", stop)
    kept = tmp_path / "kept.npz"
    args = ["downpour", *MOONS, "--checkpoint", kept]
    done = invoke(*args)
    assert (done.exit_code, done.stderr) == (130, "interrupted; nothing was saved\n")
    kept.touch()
    assert invoke(*args).stderr == f"interrupted; {kept} is as it was last saved\n"


def test_processes_are_what_is_used_if_nothing_is_said(tmp_path):
    done = subprocess.run(
        [*COMMAND, "downpour", *MOONS, "--json"], capture_output=True, text=True, check=False,
        cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["backend"] == "processes"
