"""How a record shows itself: the one place that reaches up to `microgd.draw`.

Records know nothing of pictures. When one is asked for, what draws it is looked up here by name
and at that moment, so that recording stays light and no floor imports from a higher one.
"""

from importlib import import_module
from typing import Any


def drawing(module: str, function: str) -> Any:
    """A function of `microgd.draw`: ``drawing("stepper", "page")``."""
    return getattr(import_module(f"microgd.draw.{module}"), function)
