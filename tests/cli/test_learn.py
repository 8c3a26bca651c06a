"""`microgd learn`: the table, the copies, and the page as a process of its own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from microgd import learn
from microgd.cli import app, serve

COMMAND = [sys.executable, "-m", "microgd", "learn"]
BARE = "import sys; sys.modules.update(marimo=None, matplotlib=None); import microgd.cli as c; "
posix = pytest.mark.skipif(os.name != "posix", reason="no SIGINT for one process on Windows")


def run(*args, columns=80, code=0):
    done = CliRunner().invoke(app, ["learn", *map(str, args)], env={"COLUMNS": str(columns)})
    assert done.exit_code == code, done.output
    return " ".join(done.output.split()) if code else done.output


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_every_lesson_is_listed_with_its_line_and_its_minutes(columns):
    said = run(columns=columns)
    assert max(map(len, said.splitlines())) <= min(columns, 88)
    flat = " ".join(re.sub(r"\d+ min$", "", said, flags=re.MULTILINE).split())
    for lesson in learn.lessons():
        assert f"{lesson.title} {lesson.about}" in flat
        assert re.search(rf"^ ?{lesson.number}  .* {lesson.minutes} min$", said, re.MULTILINE)


def test_the_list_needs_neither_marimo_nor_matplotlib():
    program = BARE + "sys.argv = ['microgd', 'learn']; c.main()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert learn.lessons()[-1].title in done.stdout
    assert done.stdout.endswith(
        "Open the first with 'microgd learn 1'.\n"
        "The package marimo is still missing for that: pip install 'microgd[tutorials]'\n\n"
    )
    assert done.stderr == ""


def test_what_is_there_is_not_missing():
    assert "missing" not in run()


@pytest.mark.parametrize("missing", ["marimo", "matplotlib"])
def test_a_lesson_without_the_extra_says_what_to_install(missing):
    program = f"import sys; sys.modules[{missing!r}] = None; import microgd.cli as c; c.main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "learn", "1"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"microgd: error: learn: the package {missing} is not installed;"
        " pip install 'microgd[tutorials]'\n"
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["99"], r"learn: there is no lesson 99; they go from 1 to \d+"),
        (["0"], r"there is no lesson 0"),
        (["four"], r"'NUMBER'.*integer"),
        (["--edit"], r"say which lesson to open, as in 'microgd learn 1'"),
        (["--port", "8000"], r"say which lesson to open"),
        (["--no-browser"], r"say which lesson to open"),
        (["1", "--copy", "x"], r"--copy takes all lessons: leave out the number, or --copy"),
        (["1", "--port", "0"], r"'--port': .*1"),
    ],
)
def test_what_is_not_understood_exits_2_and_says_the_way_out(args, message):
    assert re.search(message, run(*args, code=2))


def test_the_files_are_handed_over_as_they_are(tmp_path):
    to = tmp_path / "a" / "b"
    said = run("--copy", to)
    assert {path.name: path.read_bytes() for path in to.iterdir()} == {
        lesson.path.name: lesson.path.read_bytes() for lesson in learn.lessons()
    }
    assert f"Wrote {len(learn.lessons())} lessons into" in said
    for command in ("marimo edit 01_", "python 01_", "marimo export ipynb 01_"):
        assert command in said


def test_files_without_the_extra_say_what_to_install(tmp_path):
    program = BARE + f"sys.argv = ['microgd', 'learn', '--copy', {str(tmp_path)!r}]; c.main()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert "pip install 'microgd[tutorials]'" in done.stdout
    assert len(list(tmp_path.iterdir())) == len(learn.lessons())


def test_what_lies_there_is_not_overwritten(tmp_path):
    mine = tmp_path / learn.lessons()[-1].path.name
    mine.write_text("mine")
    done = CliRunner().invoke(app, ["learn", "--copy", str(tmp_path)])
    assert isinstance(done.exception, FileExistsError)
    assert str(done.exception) == f"learn: {mine} is there already; give another folder"
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_port_in_use_is_said_before_anything_starts():
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["learn", "1", "--port", str(port)])
        assert serve.free_port(port) > port
    assert f"learn: port {port} is in use" in str(done.exception)


def test_if_no_port_is_free_it_says_so():
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"no port from {port} to {port} is free; give another"):
            serve.free_port(port, attempts=1)


@contextmanager
def serving(*args, cwd, ended_by=signal.SIGINT):
    """The command, once it has said where the page is; that address."""
    home = cwd / "home"
    home.mkdir()
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "HOME": str(home)}
    environment |= {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))}
    with subprocess.Popen(
        [*COMMAND, *args, "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=cwd,
        env={name: value for name, value in environment.items() if not name.startswith("XDG_")},
        # as on a terminal, also where whoever started the tests has SIGINT ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as running:
        said = ""
        while not (found := re.search(r"http://\S+", said)):
            line = running.stdout.readline()
            assert line, running.stderr.read()
            said += line
        assert running.stdout.readline() == "Ctrl-C ends it.\n"
        try:
            yield said, found[0]
        finally:
            running.send_signal(ended_by)
            rest, complaints = running.communicate(timeout=60)
    assert running.returncode == 130
    assert (rest, complaints) == ("", "")
    with pytest.raises(urllib.error.URLError, match="refused"):
        fetch(found[0])


def fetch(address):
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
    )
    with opener.open(address, timeout=30) as answer:
        return answer.read().decode()


@posix
@pytest.mark.parametrize("ended_by", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_lesson_is_a_page_until_it_is_ended(tmp_path, ended_by):
    lesson = learn.find(1)
    before = sorted(lesson.path.parent.iterdir()), lesson.path.stat().st_mtime_ns
    with serving("1", cwd=tmp_path, ended_by=getattr(signal, ended_by)) as (said, address):
        assert said.startswith(f"1. {lesson.title}: http://127.0.0.1:")
        assert lesson.title in fetch(address)
    assert (sorted(lesson.path.parent.iterdir()), lesson.path.stat().st_mtime_ns) == before
    assert [path.name for path in tmp_path.iterdir()] == ["home"], "nothing else is written"


@posix
def test_nobody_opens_the_page_without_its_secret(tmp_path):
    with serving("1", cwd=tmp_path) as (_, address):
        bare = address.partition("?")[0]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            fetch(bare + "api/status")
        assert learn.find(1).title not in fetch(bare)


@posix
def test_edit_opens_a_copy_and_keeps_what_was_written_into_it(tmp_path):
    lesson, mine = learn.find(1), tmp_path / learn.find(1).path.name
    with serving("1", "--edit", cwd=tmp_path) as (said, address):
        assert said.startswith(f"Copied the lesson to {mine}\n1. {lesson.title}: http://")
        assert mine.name in fetch(address)
    assert mine.read_bytes() == lesson.path.read_bytes()
    mine.write_text(mine.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    shutil.rmtree(tmp_path / "home")
    with serving("1", "--edit", cwd=tmp_path) as (said, _):
        assert said.startswith(f"Going on with {mine}\n")
    assert mine.read_text(encoding="utf-8").endswith("# mine\n")


def test_marimo_that_fails_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(serve.sys, "executable", shutil.which("false") or "false")
    done = CliRunner().invoke(app, ["learn", "1", "--no-browser"])
    assert "learn: marimo ended with exit code 1" in str(done.exception)
