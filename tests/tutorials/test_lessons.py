"""Every lesson: as a script, as a file of marimo's, in its form, and as a notebook for Jupyter."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import microgd
from microgd import learn

LESSONS = {lesson.path.stem: lesson for lesson in learn.lessons()}
LAST = 15  # the closing page
IN_JUPYTER = ("04", "07")  # the other ones with `-m slow`
MAY_BE_LOADED = {"microgd", "marimo", "numpy"}  # and what Python brings along

EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""

each_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


def python(*args, cwd):
    """Run Python as a person would, away from any checkout."""
    quiet = {"PYTHONWARNINGS": "error", "PYTHONPATH": str(Path(microgd.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, *map(str, args)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"} | quiet,
        timeout=30,  # seconds: so long may a lesson take
    )


def calls(tree, name):
    """The calls of `name`, as learn.guess, in a lesson."""
    return [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and _full(node.func) == name
    ]


def _full(node):
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def prose(tree):
    """All that a lesson says in strings."""
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return "\n".join(said for said in strings if isinstance(said, str))


@pytest.fixture
def tree(lesson):
    return ast.parse(lesson.path.read_text(encoding="utf-8"))


def test_there_are_fourteen_lessons_and_a_closing_page():
    assert [lesson.number for lesson in learn.lessons()] == list(range(1, LAST + 1))


@each_lesson
def test_as_a_script_it_prints_its_story(lesson, tmp_path):
    done = python(lesson.path, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) >= 3
    assert "<" + "marimo" not in done.stdout, "an element of a page"
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_marimo_finds_nothing_wrong(tmp_path):
    paths = [lesson.path for lesson in LESSONS.values()]
    done = python("-W", "default", "-m", "marimo", "check", "--strict", *paths, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@each_lesson
def test_it_takes_from_ten_to_twenty_minutes(lesson):
    assert 10 <= lesson.minutes <= 20


@each_lesson
def test_the_page_is_called_as_the_lesson(lesson, tree):
    (app,) = calls(tree, "marimo.App")
    titles = {keyword.arg: keyword.value.value for keyword in app.keywords}
    assert titles["app_title"] == f"{lesson.number}. {lesson.title}"
    assert f"# {lesson.number}. {lesson.title}\n" in prose(tree)


@each_lesson
def test_one_guesses_and_breaks_and_is_checked(lesson, tree):
    assert len(calls(tree, "learn.guess")) >= 2
    assert len(calls(tree, "learn.reveal")) == len(calls(tree, "learn.guess"))
    assert calls(tree, "mo.ui.slider")
    assert 2 <= len(calls(tree, "learn.check")) <= 3
    assert calls(tree, "learn.say")


@each_lesson
def test_it_ends_with_three_sentences_to_remember_and_its_sources(lesson, tree):
    said = prose(tree)
    to_remember = re.search(
        r"^ *## What to remember\n(.+?)(?=^ *##|\Z)", said, re.MULTILINE | re.DOTALL
    )[1]
    to_remember = re.sub(r"^ *(\d\.|-) ", "", to_remember, flags=re.MULTILINE)
    assert len(re.findall(r"[.?](?=\s|\*|$)", to_remember.strip())) == 3, to_remember
    sources = said[said.index("Sources") :]
    assert re.search(r"\b(18|19|20)\d\d\b", sources), "a year"
    assert "https://" in sources


@each_lesson
def test_it_leads_to_the_next_one(lesson, tree):
    last = lesson.number == LAST
    assert (f"microgd learn {lesson.number + 1}" in prose(tree)) != last


@each_lesson
def test_it_stands_on_the_public_api(lesson, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [node.module, *(name.name for name in node.names)]
            assert node.level == 0
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        else:
            continue
        top = names[0].partition(".")[0]
        assert top in MAY_BE_LOADED | sys.stdlib_module_names
        assert not [part for name in names for part in name.split(".") if part.startswith("_")]
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not [name for name in attributes if re.match(r"_(?!_)", name)], "a private name"


@each_lesson
def test_it_reaches_for_no_network(lesson):
    code = lesson.path.read_text(encoding="utf-8")
    for part in ("<script", "<link", '<img src="http', "urllib", "requests.get", "socket"):
        assert part not in code


@each_lesson
def test_it_becomes_a_notebook_in_the_order_of_the_page(lesson, tmp_path):
    notebook = _converted(lesson, tmp_path).read_text(encoding="utf-8")
    assert f"# {lesson.number}. {lesson.title}" in notebook


@pytest.mark.parametrize(
    "lesson",
    [
        pytest.param(lesson, marks=() if name.startswith(IN_JUPYTER) else pytest.mark.slow, id=name)
        for name, lesson in LESSONS.items()
    ],
)
def test_jupyter_runs_it(lesson, tmp_path):
    path = _converted(lesson, tmp_path)
    done = python("-W", "default", "-c", EXECUTE, path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    notebook = path.read_text(encoding="utf-8")
    assert "Set `.value` of this question" in notebook, "there is a guess to be made"
    assert "image/png" in notebook, "a chart is shown"
    assert '"name": "stderr"' not in notebook


def _converted(lesson, folder):
    path = folder / "lesson.ipynb"
    done = python(
        "-W", "default", "-m", "marimo", "export", "ipynb", lesson.path, "-o", path,
        "--sort", "top-down", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path
