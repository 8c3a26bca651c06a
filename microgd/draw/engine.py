"""The engine that lays pictures out: which Graphviz runs, and how.

A `dot` named in the environment variable MICROGD_DOT, else the one on PATH, else the one of the
wheel graphviz-pure, which came with microgd. What one cannot do, the next is asked for.
"""

import os
import shutil
import subprocess
import sysconfig
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

FORMATS = ("svg", "png", "pdf")
DPI = 192  # of a png: sharp on a slide

_WAY_OUT = (
    "reinstall microgd (`pip install --force-reinstall graphviz-pure`), install Graphviz"
    " (https://graphviz.org/download), or let MICROGD_DOT name a dot program"
)


def render(dot: str, to: str = "svg") -> bytes:
    """The picture that `dot`, a graph in the DOT language, describes, as a file of format `to`.

    Raises ValueError for an unknown format, RuntimeError if no engine can make it; both say the
    way out.

    >>> render("digraph { a -> b }").startswith(b"<?xml")
    True
    """
    if to not in FORMATS:
        raise ValueError(f"draw: format {to!r:.20} is unknown; there are {', '.join(FORMATS)}")
    failures = []
    for engine in engines():
        command = [engine, "-q", f"-T{to}", *([f"-Gdpi={DPI}"] if to == "png" else [])]
        try:
            done = subprocess.run(  # noqa: S603 (the user's own program, and no shell)
                command, input=dot.encode(), capture_output=True, check=False
            )
        except OSError as error:
            failures.append(f"{engine}: {error.strerror or error}")
            continue
        if done.returncode == 0 and done.stdout:
            return done.stdout
        said = " ".join(done.stderr.decode(errors="replace").split())
        failures.append(f"{engine}: {said or f'exit code {done.returncode}'}"[:300])
    way_out = _WAY_OUT
    if to == "pdf" and failures:  # graphviz-pure makes none
        way_out = "install Graphviz (https://graphviz.org/download), or save as svg and print that"
    tried = "; ".join(failures) or "no dot program was found"
    raise RuntimeError(f"draw: cannot make {to}: {tried}. {way_out[0].upper()}{way_out[1:]}")


def engines() -> list[str]:
    """The programs to try, in this order; where MICROGD_DOT names one, only that.

    >>> len(engines()) > 0
    True
    """
    named = os.environ.get("MICROGD_DOT")
    if named:
        return [shutil.which(named) or named]
    found = [shutil.which("dot"), _of_the_wheel()]
    return [path for path in found if path]


def _of_the_wheel() -> str | None:
    """The program of graphviz-pure: where pip put it, which need not be on PATH."""
    name = "graphviz-pure"
    try:
        installed = files(name) or []
    except PackageNotFoundError:
        installed = []
    places = [Path(str(f.locate())).resolve().parent for f in installed if f.stem == name]
    places.append(Path(sysconfig.get_path("scripts")))
    for place in places:
        found = shutil.which(name, path=str(place))
        if found:
            return found
    return shutil.which(name)
