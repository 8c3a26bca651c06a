"""The table of calculus: every operation with its derivatives, each declared once.

`TABLE` holds the operations by name, `FUNCTIONS` these and the functions composed of them.
"""

from collections.abc import Callable
from typing import Any

from microgd.op import Op
from microgd.ops import elementwise, linalg, reduction, shape, softmax

_MODULES = (elementwise, reduction, softmax, linalg, shape)

TABLE: dict[str, Op] = {
    op.name: op for module in _MODULES for op in vars(module).values() if isinstance(op, Op)
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: vars(module)[name] for module in _MODULES for name in module.__all__
}
