"""Which program lays pictures out, and what is said where none can."""

import os
import sys
from pathlib import Path

import pytest

from microgd.draw import engine

DOT = "digraph { a -> b }"


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No Graphviz on PATH, none named."""
    monkeypatch.delenv("MICROGD_DOT", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str, prints: str, code: int = 0) -> Path:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\nprint({prints!r})\nsys.exit({code})\n")
    path.chmod(0o755)
    return path


def test_the_wheel_serves_without_a_path(alone):
    (found,) = engine.engines()
    assert Path(found).stem == "graphviz-pure"
    assert engine.render(DOT).startswith(b"<?xml")
    assert engine.render(DOT, "png").startswith(b"\x89PNG")


def test_dot_on_the_path_comes_first(alone):
    program(alone, "dot", "mine")
    assert engine.render(DOT).strip() == b"mine"


def test_a_named_one_comes_before_all(alone, monkeypatch):
    program(alone, "dot", "on the path")
    named = program(alone, "other", "named")
    monkeypatch.setenv("MICROGD_DOT", str(named))
    assert engine.render(DOT).strip() == b"named"


def test_where_one_fails_the_next_is_asked(alone):
    program(alone, "dot", "", code=1)
    assert engine.render(DOT).startswith(b"<?xml")


def test_none_works(alone, monkeypatch):
    missing = os.fspath(alone / "missing")
    monkeypatch.setenv("MICROGD_DOT", missing)
    with pytest.raises(RuntimeError) as error:
        engine.render(DOT)
    for part in ("cannot make svg", missing, "MICROGD_DOT"):
        assert part in str(error.value)


def test_no_program_at_all(alone, monkeypatch):
    monkeypatch.setattr(engine, "_of_the_wheel", lambda: None)
    with pytest.raises(RuntimeError, match=r"no dot program was found.*graphviz\.org"):
        engine.render(DOT)


def test_pdf_says_what_to_do(alone):
    with pytest.raises(RuntimeError, match=r"save as svg and print"):
        engine.render(DOT, "pdf")


def test_an_unknown_format():
    with pytest.raises(ValueError, match="'jpg' is unknown; there are svg, png, pdf"):
        engine.render(DOT, "jpg")
