"""The shelf: where the lessons lie, what each is about, and copies of them."""

import ast
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import microgd


@dataclass(frozen=True, slots=True)
class Lesson:
    """A notebook: its number, its title, a line on what it is about, minutes, and its file."""

    number: int
    title: str
    about: str
    minutes: int
    path: Path


def folder() -> Path:
    """Where the lessons lie. Raises FileNotFoundError if they were not installed."""
    package = Path(microgd.__file__).parent
    for place in (package / "tutorials", package.parent / "tutorials"):  # installed; a checkout
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the lessons are not beside {package}; install microgd again")


def lessons() -> list[Lesson]:
    """All lessons, in the order in which to take them.

    >>> lessons()[0].title
    'A slope you can measure'
    """
    return [_read(path) for path in sorted(folder().glob("[0-9][0-9]_*.py"))]


def find(number: int) -> Lesson:
    """Lesson `number`. Raises ValueError if there is none."""
    every = lessons()
    for lesson in every:
        if lesson.number == number:
            return lesson
    raise ValueError(f"learn: there is no lesson {number}; they go from 1 to {every[-1].number}")


def copy(to: str | Path, which: Sequence[Lesson] = ()) -> list[Path]:
    """Copy lessons, all if none are given, into a folder, made if need be; where they are now.

    Raises FileExistsError if a file would be overwritten, and OSError if the folder cannot be
    written into; then nothing has been copied.
    """
    place = Path(to)
    pairs = [(lesson.path, place / lesson.path.name) for lesson in which or lessons()]
    for _, path in pairs:
        if path.exists():
            raise FileExistsError(f"learn: {path} is there already; give another folder")
    try:
        place.mkdir(parents=True, exist_ok=True)
        for source, path in pairs:
            shutil.copyfile(source, path)
    except OSError as error:
        for _, path in pairs:
            with suppress(OSError):
                path.unlink()
        why = (error.strerror or str(error)).lower()
        raise OSError(f"learn: {place} cannot be written into: {why}; give another") from error
    return [path for _, path in pairs]


def _read(path: Path) -> Lesson:
    """What the notebook's docstring says: a title, what it is about, and ``Time: N minutes.``."""
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    parts = re.fullmatch(r"(.+?)\n\n(.+?)\n\nTime: (\d+) minutes\.", said, re.DOTALL)
    if parts is None:
        raise ValueError(f"learn: {path.name} does not begin with title, subject and time")
    title, about, minutes = parts.groups()
    return Lesson(int(path.name[:2]), title, " ".join(about.split()), int(minutes), path)
