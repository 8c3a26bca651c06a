"""The front door: light to open, and everything behind it explains itself."""

import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from types import ModuleType

import pytest

import microgd

PACKAGES = [m.name for m in pkgutil.iter_modules(microgd.__path__) if m.ispkg]
ROOMS = ["microgd", *(f"microgd.{name}" for name in PACKAGES)]


def modules_after(statement: str) -> set[str]:
    """What a fresh interpreter has loaded after `statement`."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_import_loads_numpy_and_nothing_else_heavy():
    added = modules_after("import microgd") - modules_after("import numpy")
    others = {name.split(".")[0] for name in added} - sys.stdlib_module_names
    assert others <= {"microgd", "numpy"}
    assert "numpy.random" not in added, "14 ms, for people who may only differentiate"
    assert "asyncio" not in added
    assert "multiprocessing" not in added


def public(room: str) -> list[tuple[str, object]]:
    return [
        (name, value)
        for name, value in vars(importlib.import_module(room)).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", "microgd").startswith("microgd")
    ]


@pytest.mark.parametrize(
    ("place", "value"),
    [pytest.param(f"{room}.{name}", value) for room in ROOMS for name, value in public(room)],
)
def test_public_names_have_a_docstring(place, value):
    if not callable(value):
        return
    said = vars(value).get("__doc__") if isinstance(value, type) else inspect.getdoc(value)
    assert said, f"{place} has no docstring"
    first = inspect.cleandoc(said).split("\n\n", 1)[0]
    assert first.rstrip().endswith((".", ":")), f"{place}: no sentence, but {first!r}"


@pytest.mark.parametrize("name", [n for n in dir(microgd.Tensor) if not n.startswith("_")])
def test_public_parts_of_a_tensor_are_described(name):
    owner = next(c for c in microgd.Tensor.__mro__ if name in vars(c))
    a_slot = inspect.ismemberdescriptor(vars(owner)[name])  # has no docstring of its own
    if a_slot:
        described = " ".join(c.__doc__ or "" for c in microgd.Tensor.__mro__)
        assert name in re.findall(r"\w+", described)
    else:
        assert inspect.getdoc(vars(owner)[name])
