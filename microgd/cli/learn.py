"""`microgd learn`: the lessons, listed, opened as pages, or handed over as files."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microgd.cli import serve
from microgd.draw.terminal import console, paragraph
from microgd.learn import Lesson, copy, find, lessons

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = """\b
Examples:
  microgd learn                 the lessons, and how long they take
  microgd learn 4               opens the fourth in the browser
  microgd learn 4 --edit        a copy of it in this folder, to change
  microgd learn --copy lessons  all of them, into a folder of yours
"""
FIRST_PORT = 2718
NEEDED = ("marimo", "matplotlib")  # for the pages; the list does without
INSTALL = "pip install 'microgd[tutorials]'"


def learn(
    number: Annotated[
        int | None, typer.Argument(metavar="NUMBER", help="The lesson to open; without it, a list.")
    ] = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Open a copy, made in this folder, with its code.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--copy", metavar="DIR", help="Copy all lessons there, as Python files."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Where the page is served.", show_default="the first free one"
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Say where the page is, and open no browser.")
    ] = False,
) -> None:
    """Step through the lessons, from a slope to stale gradients."""
    if number is None:
        if edit or port is not None or no_browser:
            raise typer.BadParameter("say which lesson to open, as in 'microgd learn 1'")
        _hand_over(to) if to else _list()
        return
    if to:
        raise typer.BadParameter("--copy takes all lessons: leave out the number, or --copy")
    try:
        lesson = find(number)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    _open(lesson, edit, port, browser=not no_browser)


def _list() -> None:
    """The table of all lessons."""
    every, screen = lessons(), console()
    paragraph(screen, listing(every))
    hours = sum(lesson.minutes for lesson in every) / 60
    said = f"About {hours:.1f} hours in all. Open the first with 'microgd learn {every[0].number}'."
    paragraph(screen, f"{said}{_still_missing()}")


def listing(every: list[Lesson]) -> "Table":
    """Number, title, a line and minutes of each lesson; a narrow window breaks the lines."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("right", "left", "right"):
        grid.add_column(justify=justify)
    for lesson in every:
        what = Text.assemble((lesson.title, "bold"), "\n", lesson.about)
        grid.add_row(str(lesson.number), what, f"{lesson.minutes} min")
    return grid


def _hand_over(to: Path) -> None:
    """Copy all lessons, and say what can be done with them."""
    paths = copy(to)
    first = paths[0].name
    paragraph(
        console(),
        f"Wrote {len(paths)} lessons into {to}. What to do with one, in that folder:\n"
        f"  marimo edit {first}   open it, read its code, change it\n"
        f"  python {first}        print the essentials\n"
        f"  marimo export ipynb {first} -o {Path(first).stem}.ipynb\n"
        f"                          make a Jupyter notebook of it{_still_missing()}",
    )


def _missing() -> str | None:
    """The first package without which no lesson opens, if there is one."""
    return next((name for name in NEEDED if find_spec(name) is None), None)


def _still_missing() -> str:
    """What to install before a lesson opens; nothing where all is there."""
    package = _missing()
    return f"\nThe package {package} is still missing for that: {INSTALL}" if package else ""


def _open(lesson: Lesson, edit: bool, port: int | None, browser: bool) -> None:
    """Serve the page until Ctrl-C."""
    if package := _missing():
        raise ModuleNotFoundError(f"learn: the package {package} is not installed; {INSTALL}")
    path = lesson.path
    if edit:
        path = Path(lesson.path.name)
        kept = path.exists()
        if not kept:
            copy(".", [lesson])
        typer.echo(f"{'Going on with' if kept else 'Copied the lesson to'} {path.resolve()}")
    options = ["edit", "--skip-update-check"] if edit else ["run", "--include-code"]
    place = serve.free_port(FIRST_PORT) if port is None else serve.checked_port(port)
    with serve.marimo([*options, str(path)], place, browser) as address:
        typer.echo(f"{lesson.number}. {lesson.title}: {address}\nCtrl-C ends it.")
