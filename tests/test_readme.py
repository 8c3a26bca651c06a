"""What the README shows is what happens."""

import io
import re
import subprocess
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# A Python block, and the block of plain text that follows it at once, if one does
EXAMPLES = re.findall(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", README, re.DOTALL)
COMMANDS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def test_there_is_something_to_run():
    assert len(EXAMPLES) == README.count("```python") > 0
    assert sum(bool(output) for _, output in EXAMPLES) == README.count("```text") > 0


@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_example_prints_what_the_readme_says(code, output):
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == output


def test_commands_stand_alone_and_do_what_the_readme_says():
    tour, tests, lessons = (command.strip() for command in COMMANDS)
    fresh = "python3 -m venv .venv && . .venv/bin/activate && python -m pip install "
    assert tour == fresh + ". && microgd tour"
    assert tests == fresh + '-e ".[test]" && python -m pytest -n auto'
    assert lessons == fresh + '".[tutorials]" && microgd learn'


def test_the_lesson_that_the_readme_runs_as_a_script_is_there():
    (name,) = re.findall(r"`python lessons/(\S+)`", README)
    assert (ROOT / "tutorials" / name).is_file()


@pytest.mark.parametrize(("number", "command"), list(enumerate(COMMANDS, 1)))
def test_gate_reads_these_very_commands(number, command):
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    reader = re.search(r"^readme\(\) \{.*?^\}", gate, re.DOTALL | re.MULTILINE)
    assert reader, "the gate reads its commands out of the README"
    assert f"paste_from_readme {number}" in gate
    script = f'checkout="$1"\n{reader[0]}\nreadme {number}'
    bash = ["bash", "-c", script, "bash", str(ROOT)]
    assert subprocess.run(bash, capture_output=True, text=True, check=True).stdout == command
