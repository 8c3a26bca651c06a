"""Stepping in a terminal: a real one (a pty), in which keys are pressed; and a pipe."""

import os
import re
import subprocess
import sys

import pytest
from pseudo_terminal import Terminal

PROGRAM = """
import numpy as np
import microgd as mg

w = mg.tensor(0.5, requires_grad=True, name="w")
debug = mg.explain.debug((mg.tanh(w * 2) * w + w) * 3)
debug.break_when(lambda step: step.accumulates)
debug.play()
print("left at", debug.current.number)
"""
LEFT = re.compile(r"left at (\d)")


def page(step):
    """What the screen shows at a step."""
    return rf"step {step} of 5(.|\n)*?step {step}: "


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_keys_step_forth_and_back(columns):
    terminal = Terminal(columns, PROGRAM)
    terminal.wait_for(page(1))
    for keys, step in [
        (b"n", 2), (b"\x1b[C", 3), (b" ", 4), (b"p", 3), (b"\x1b[D", 2), (b"\x1bOC", 3),
        (b"G", 5), (b"n", 5), (b"g", 1), (b"p", 1), (b"c", 3), (b"c", 5), (b"nnppp", 2),
        (b"\x1b[B", 3), (b"\x1b[A", 2), (b"\x1b[F", 5), (b"\x1b[H", 1), (b"?zn", 2),
    ]:  # fmt: skip
        terminal.press(keys)
        terminal.wait_for(page(step))
    terminal.press(b"q")
    said = terminal.wait_for(LEFT)
    assert "left at 2" in said
    assert "\x1b[?1049l" in said, "the screen is as before"
    assert "step 2: " in said, "the current step stays on the screen"
    assert terminal.close() == 0


@pytest.mark.parametrize("keys", [b"q", b"\x03", b"\x04"])
def test_ways_to_leave(keys):
    terminal = Terminal(60, PROGRAM)
    terminal.wait_for(page(1))
    terminal.press(keys)
    terminal.wait_for(LEFT)
    assert terminal.close() == 0


def test_a_low_terminal_shows_the_keys():
    terminal = Terminal(60, PROGRAM, lines=6)
    assert "q quit" in terminal.wait_for(r"q quit")
    terminal.press(b"q")
    terminal.wait_for(LEFT)
    assert terminal.close() == 0


def test_the_terminal_collects_keys_again():
    program = (
        PROGRAM + "import termios\nprint('echo', bool(termios.tcgetattr(0)[3] & termios.ECHO))"
    )
    terminal = Terminal(60, program)
    terminal.wait_for(page(1))
    terminal.press(b"q")
    terminal.wait_for(r"echo True")
    assert terminal.close() == 0


def in_a_pipe(columns, program=PROGRAM):
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        check=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"},
    )
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_in_a_pipe_it_prints_plain_lines(columns):
    said = in_a_pipe(columns)
    assert "\x1b" not in said
    assert re.findall(r"^step (\d):", said, re.MULTILINE) == list("12345")
    assert max(map(len, said.splitlines())) <= columns
    assert "left at 5" in said


def test_a_pipe_gets_the_steps_to_come():
    said = in_a_pipe(
        80, PROGRAM.replace("debug.play()", "debug.step(); debug.step(); debug.play()")
    )
    assert re.findall(r"^step (\d):", said, re.MULTILINE) == list("345")


def test_a_recording_plays_as_well():
    program = PROGRAM.replace(
        "debug.play()", "debug.run(); mg.explain.forward(debug._book.loss).play()"
    )
    said = in_a_pipe(80, program)
    assert re.findall(r"^step \d: (\S+) =", said, re.MULTILINE) == ["v1", "v2", "v3", "v4", "v5"]
