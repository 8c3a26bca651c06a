"""The words of expressions: functions of the table of calculus and of networks, and pi."""

import math
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from microgd import ops
from microgd.nn import functional, losses
from microgd.op import Local, Op

_NOT_FROM_TEXT = {"astype", "broadcast_to", "getitem", "pad", "scatter", "split"}
_FROM_NETWORKS = ("elu", "erf", "gelu", "leaky_relu", "linear", "silu", "softplus")

NAMES = {"pi": math.pi, "inf": math.inf, "nan": math.nan}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: f for name, f in ops.FUNCTIONS.items() if name not in _NOT_FROM_TEXT},
    **{name: getattr(functional, name) for name in _FROM_NETWORKS},
    **{name: getattr(losses, name) for name in losses.__all__},
    "abs": ops.FUNCTIONS["absolute"],
}

# Whose result has the shape to which the inputs broadcast
ELEMENTWISE = {
    f
    for f in FUNCTIONS.values()
    if isinstance(f, Op) and (isinstance(f.derivatives[0], Local) or f.name == "where")
}


# What Python has and expressions have not, by the name of its syntax
FOREIGN = {
    "BoolOp": "`and` or `or`",
    "Dict": "a dict",
    "IfExp": "`if`",
    "JoinedStr": "an f-string",
    "Lambda": "a lambda",
    "ListComp": "a comprehension",
    "GeneratorExp": "a comprehension",
    "NamedExpr": ":=",
    "Set": "a set",
    "Slice": "a range outside of x[...]",
    "Starred": "*",
}


def suggestion(name: str, known: Iterable[str]) -> str:
    """The known name that is nearest, as the end of an error; nothing where none is near.

    >>> suggestion("rleu", FUNCTIONS)
    "; did you mean 'relu'?"
    """
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
