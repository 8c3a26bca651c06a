"""Readable in an evening: the engine's budget of lines, which no dense line may stretch."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "microgd"
FILES = sorted(PACKAGE.rglob("*.py"))

# Floors 0 to 4; a new file of the engine belongs here
ENGINE_PARTS = [
    "op.py",
    "ops",
    "graph.py",
    "backprop.py",
    "errors.py",
    "dispatch.py",
    "tensor.py",
    "transforms.py",
]
ENGINE = [f for f in FILES if f.relative_to(PACKAGE).parts[0] in ENGINE_PARTS]

every_file = pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def test_engine_is_whole():
    assert {f.relative_to(PACKAGE).parts[0] for f in ENGINE} == set(ENGINE_PARTS)


def test_engine_imports_nothing_that_is_not_counted():
    statements = [s for f in ENGINE for s in ast.walk(ast.parse(f.read_text(encoding="utf-8")))]
    imported = {s.module for s in statements if isinstance(s, ast.ImportFrom) and s.module}
    own = {name.split(".")[1] for name in imported if name.startswith("microgd.")}
    assert own <= {Path(part).stem for part in ENGINE_PARTS}


def test_engine_is_under_1500_lines():
    count = {str(f.relative_to(PACKAGE)): len(lines(f)) for f in ENGINE}
    assert sum(count.values()) < 1500, f"{sum(count.values())} lines: {count}"


@every_file
def test_a_file_is_under_400_lines(file):
    assert len(lines(file)) < 400


@every_file
def test_no_line_is_over_100_characters(file):
    assert [n for n, line in enumerate(lines(file), 1) if len(line) > 100] == []


def crowded(source: str) -> list[int]:
    """Numbers of the lines on which a second statement starts."""
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    starts = [node.lineno for node in statements if ast.unparse(node) != "..."]  # of an overload
    return sorted({n for n in starts if starts.count(n) > 1})


def test_crowded_finds_what_it_is_for():
    assert crowded("a = 1; b = 2") == [1]
    assert crowded("x = 0\nif x: y = 1\nelse:\n    y = 2") == [2]
    assert crowded("def f(): return 1") == [1]
    assert crowded("def f(x: int) -> int: ...") == []
    assert crowded("class A:\n    def f(self):\n        return 1") == []


@every_file
def test_no_line_holds_two_statements(file):
    assert crowded(file.read_text(encoding="utf-8")) == []
