"""Packages that load a name when it is first asked for, so that importing them costs little."""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class _Lazy(ModuleType):
    """A package that offers what stands in its files, by their names in `__home__`."""

    __home__: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        if name not in self.__home__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        file = self.__home__[name]
        if not file:
            return import_module(f"{self.__name__}.{name}")
        return getattr(import_module(f"{self.__name__}.{file}"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        # What is offered under its file's own name, as `graph` of graph.py, is not hidden by it
        if not (isinstance(value, ModuleType) and self.__home__.get(name)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__home__})


def offer(package: str, home: Mapping[str, str]) -> None:
    """Let a package offer each name of `home` from the file named there; "" offers a whole module.

    >>> import microgd
    >>> microgd.explain.paths  # the function, of the file microgd/explain/paths.py
    <function paths at ...>
    """
    module = sys.modules[package]
    vars(module)["__home__"] = home
    module.__class__ = _Lazy
