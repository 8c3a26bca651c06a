"""`microgd train` as its own process: killed at random moments and gone on, to the bit."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from microgd.train import CheckpointError
from microgd.train.archive import unpack

COMMAND = [sys.executable, "-m", "microgd", "train"]
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "MICROGD_DEBUG", "PYTHONIOENCODING"}
}
# All that remembers something: moments, running statistics, generators, a schedule, the remedies
RUN = [
    "moons:n=120,noise=0.3", "--hidden", "8,8", "--norm", "batch", "--dropout", "0.1", "--residual",
    "--optimizer", "adam:amsgrad", "--weight-decay", "0.01", "--lr", "0.01",
    "--schedule", "warmup:for=20,each=step", "--schedule", "restarts:30,T_mult=2,each=step",
    "--clip-norm", "1", "--clip-value", "0.5", "--grad-noise", "0.001",
    "--early-stopping", "200", "--curriculum", "root:0.3,end=40,by=teacher",
    "--batch-size", "8", "--epochs", "60", "--quiet",
]  # fmt: skip


def start(*args, cwd, **environment):
    return subprocess.Popen(
        [*COMMAND, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
    )


def finished(*args, cwd, **environment):
    with start(*args, cwd=cwd, **environment) as process:
        out, err = process.communicate()
    return process.returncode, out, err


def steps(path):
    """How far a checkpoint has come; it is whole at every moment."""
    try:
        return unpack(path)[1]["history"]["step"]
    except CheckpointError as error:
        assert "cannot read" in str(error), "torn"  # noqa: PT017
        return -1


# And the rest: a recurrent network, dropout between its layers, a rate for each layer, a plateau,
# RMSprop's means, float32, a row for each step
OTHER = [
    "moons:n=60,noise=0.3", "--model", "lstm:num_layers=2,dropout=0.2", "--hidden", "4,4",
    "--optimizer", "rmsprop:centered,momentum=0.5", "--lr", "0.01,0.005,0.01",
    "--norm", "layer", "--schedule", "plateau:patience=1,factor=0.7", "--label-smoothing", "0.1",
    "--dtype", "float32", "--every", "step", "--batch-size", "16", "--epochs", "40", "--quiet",
]  # fmt: skip


@pytest.mark.parametrize(
    ("run", "every", "kills"),
    [
        (RUN, "7", 4),
        (OTHER, "epoch", 4),
        pytest.param(RUN, "epoch", 20, marks=pytest.mark.slow),
        pytest.param(OTHER, "5", 20, marks=pytest.mark.slow),
    ],
)
def test_killed_at_random_moments_and_gone_on_it_is_the_uninterrupted_run(
    run, every, kills, tmp_path
):
    keep = [*run, "--checkpoint-every", every]
    straight = [*keep, "--checkpoint", "straight.npz", "--history", "straight.csv"]
    assert finished(*straight, cwd=tmp_path)[::2] == (0, "")
    path, draw = tmp_path / "killed.npz", random.Random(every)  # noqa: S311
    killed = [*keep, "--checkpoint", path.name, "--history", "killed.csv", "--resume"]
    seen = [-1]
    for _ in range(kills):
        with start(*killed, cwd=tmp_path) as process:
            deadline = time.monotonic() + 60
            while steps(path) <= seen[-1] and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            time.sleep(draw.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        seen.append(steps(path))
    assert len(set(seen)) > 3, "it was killed on its way, several times"
    assert finished(*killed, cwd=tmp_path)[::2] == (0, "")
    for name in ("npz", "csv"):
        whole, pieced = (
            (tmp_path / f"{who}.{name}").read_bytes() for who in ("straight", "killed")
        )
        assert whole == pieced
    assert not list(tmp_path.glob(".*.tmp")), "nothing half-written is left"


@pytest.fixture
def interruptible():
    """As on a terminal, also where whoever started the tests has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


LONG = ["moons", "--hidden", "8", "--epochs", "100000"]


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_saves_says_how_to_go_on_and_exits_130(tmp_path):
    path = tmp_path / "my run.npz"
    with start(*LONG, "--checkpoint", path, "--history", "run.csv", cwd=tmp_path) as process:
        while not path.exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    step = steps(path)
    assert f"interrupted after step {step}," in err
    command = err.splitlines()[-1].strip()
    assert (
        command
        == f"microgd train {' '.join(LONG)} --checkpoint '{path}' --history run.csv --resume"
    )
    assert re.search(r"^training +\d", out, re.MULTILINE), "what it has learned so far"
    assert len((tmp_path / "run.csv").read_text().splitlines()) > 1


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_without_a_checkpoint_says_so(tmp_path):
    with start(*LONG, cwd=tmp_path) as process:
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert "nothing was saved; --checkpoint FILE would keep such a run" in err
    assert "Traceback" not in err


def test_in_a_pipe_it_is_plain_text_with_lines_of_progress(tmp_path):
    code, out, err = finished("moons:n=40", "--epochs", "3", cwd=tmp_path)
    assert code == 0
    assert "\x1b" not in out + err
    assert "\r" not in out + err
    lines = err.splitlines()
    assert [line.split()[1] for line in lines] == ["1/3", "2/3", "3/3"]
    for part in ("loss", "grad_norm", "val_accuracy"):
        assert all(f" {part} " in line for line in lines)


def test_json_is_one_document_to_the_bit(tmp_path):
    first, second = (finished("moons:n=40", "--json", cwd=tmp_path) for _ in range(2))
    assert first == second
    assert first[0] == 0
    assert first[2] == ""
    assert first[1].startswith("{")


def test_colours_only_where_they_are_wanted(tmp_path):
    def shown(*options, **environment):
        return finished("moons:n=40", "--epochs", "1", *options, cwd=tmp_path, **environment)[1]

    assert "\x1b[1m" in shown(FORCE_COLOR="1")
    assert "\x1b[3" not in shown(FORCE_COLOR="1", NO_COLOR="1")


def test_an_error_is_one_line_and_exits_1(tmp_path):
    (tmp_path / "wild.csv").write_text("".join(f"{i},{i / 3}\n" for i in range(30)))
    args = ["wild.csv", "--raw", "--optimizer", "sgd:1e6", "--quiet"]
    code, out, err = finished(*args, cwd=tmp_path)
    assert (code, out) == (1, "")
    assert re.fullmatch(r"microgd: error: fit: the loss is inf in epoch \d+, .*\n", err)


def test_an_encoding_without_bars_is_no_error(tmp_path):
    code, out, err = finished("moons:n=40", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (code, out.isascii(), err.isascii()) == (0, True, True)


def test_a_reader_who_leaves_is_no_error(tmp_path):
    with start("moons:n=40", "--quiet", cwd=tmp_path) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
