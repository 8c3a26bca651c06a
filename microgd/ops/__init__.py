"""The table of calculus: every operation with its derivatives, each declared once.

`TABLE` holds the operations by name. `FUNCTIONS` holds what can be called: the operations and
the functions composed of them, by the names under which `microgd` offers them.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from microgd.op import Op
from microgd.ops import elementwise, linalg, reduction, shape, softmax

_MODULES = (elementwise, reduction, softmax, linalg, shape)

TABLE: dict[str, Op] = {
    op.name: op for module in _MODULES for op in vars(module).values() if isinstance(op, Op)
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: function
    for module in _MODULES
    for name, function in vars(module).items()
    if name in module.__all__ and isinstance(function, Op | FunctionType)
}
