"""The command as its own process: exit codes, pipes, signals, encodings."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

import microgd.cli

SHORT = ["--depth", "3", "--epochs", "1"]
COMMAND = [sys.executable, "-m", "microgd"]
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "MICROGD_DEBUG", "PYTHONIOENCODING"}
}


def microgd_process(*args, cwd=None, **environment):
    return subprocess.run(
        [*COMMAND, *args],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env={**ENVIRONMENT, "PYTHONIOENCODING": "utf-8", **environment},
    )


def test_tour_in_a_pipe_is_plain_text():
    done = microgd_process("tour", *SHORT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert not re.search(r"[─━│┃┌╺]", done.stdout)
    assert "epoch " not in done.stdout, "a frame of a progress bar"


def test_json_is_one_document_and_nothing_else_to_the_bit():
    first, second = (microgd_process("tour", "--json", *SHORT) for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    assert set(json.loads(first.stdout)) == {"options", "neuron", "data", "networks"}
    assert first.stdout == second.stdout


def test_colours_only_where_they_are_wanted():
    colour = re.compile(r"\x1b\[[\d;]*3[12]m")
    assert colour.search(microgd_process("tour", *SHORT, FORCE_COLOR="1").stdout)
    assert not colour.search(microgd_process("tour", *SHORT, FORCE_COLOR="1", NO_COLOR="1").stdout)


@pytest.mark.parametrize("args", [["tour", *SHORT], ["tour", "--json", *SHORT]])
def test_a_reader_who_leaves_is_no_error(args):
    with subprocess.Popen(
        [*COMMAND, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as writer:
        writer.stdout.readline()
        writer.stdout.close()
        said = writer.stderr.read()
    assert said == b""


def test_an_encoding_without_blocks_gets_plain_characters():
    done = microgd_process("tour", *SHORT, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "##########" in done.stdout
    assert (
        "0.2106 x 1.5000"
        in microgd_process("tour", *SHORT, PYTHONIOENCODING="ascii", COLUMNS="40").stdout
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["tour", "--dept", "3"], r"No such option: --dept.*--depth"),
        (["tour", "--depth", "1"], r"'--depth': 1 is not from 2 to 50; try --depth 3"),
        (["tour", "--depth", "51"], r"'--depth': 51 is not from 2 to 50"),
        (["tour", "--depth", "deep"], r"'--depth'.*integer"),
        (["tour", "--epochs", "0"], r"'--epochs': 0 is not from 1 to 1000; try --epochs 20"),
        (["tour", "--seed", "-1"], r"'--seed': -1 is not from 0 to \d+; try --seed 1"),
        (["tour", "again"], r"[Uu]nexpected extra argument"),
        (["tuor"], r"No such command 'tuor'"),
    ],
)
def test_what_is_not_understood_exits_2_and_says_the_way_out(args, message):
    done = microgd_process(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"]])
def test_help_names_the_commands(args):
    done = microgd_process(*args)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tour" in done.stdout


def test_help_of_the_tour_has_its_options_and_examples(tmp_path):
    said = microgd_process("tour", "--help").stdout
    for part in ("--seed", "--depth", "--epochs", "--quiet", "--json", "--html", "Examples:"):
        assert part in said
    for example in re.findall(r"^ +microgd (tour[^>\n]*?)(?:  .*| >.*)?$", said, re.MULTILINE):
        arguments = [*example.split(), "--epochs", "1"]
        assert microgd_process(*arguments, cwd=tmp_path).returncode == 0


def test_version():
    done = microgd_process("--version")
    assert re.fullmatch(r"microgd (\d+\.\d+\.\S+|\(not installed\))\n", done.stdout)


@pytest.fixture
def interruptible():
    """As on a terminal, also where whoever started the tests has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT can be sent to a process on Windows")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_exits_130_without_a_traceback():
    command = [*COMMAND, "tour", "--depth", "50", "--epochs", "1000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as running:
        for line in running.stdout:
            if "1 first" in line:  # the next thing that it does is to train
                break
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert running.returncode == 130
    assert "Traceback" not in said


def broken():
    raise ValueError("matmul: (3, 4) @ (5, 2):\n inner sizes 4 and 5 differ")


def test_an_error_of_the_engine_is_one_line(monkeypatch, capsys):
    monkeypatch.delenv("MICROGD_DEBUG", raising=False)
    monkeypatch.setattr(sys, "argv", ["microgd", "tour"])
    monkeypatch.setattr(sys.modules["microgd.cli.tour"], "neuron", broken)
    with pytest.raises(SystemExit) as exit_:
        microgd.cli.main()
    assert exit_.value.code == 1
    said = capsys.readouterr().err
    assert said == "microgd: error: matmul: (3, 4) @ (5, 2): inner sizes 4 and 5 differ\n"


def test_developers_get_the_traceback(monkeypatch):
    monkeypatch.setenv("MICROGD_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["microgd", "tour"])
    monkeypatch.setattr(sys.modules["microgd.cli.tour"], "neuron", broken)
    with pytest.raises(ValueError, match="matmul"):
        microgd.cli.main()
