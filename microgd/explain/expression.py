"""Expressions as people type them, such as ``relu(w*x + b)``, turned into Tensors with a history.

The text is parsed, never run: what it may contain is listed in this file, all else is an error
that names its place. `microgd.explain.vocabulary` lists the functions.
"""

import ast
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from microgd.explain.vocabulary import ELEMENTWISE, FOREIGN, FUNCTIONS, NAMES, suggestion
from microgd.graph import Array
from microgd.op import Op
from microgd.ops import elementwise, linalg
from microgd.tensor import Tensor

LONGEST = 2_000  # characters of an expression
DEEPEST = 100  # levels of nesting
LARGEST = 1_000_000  # elements of an array on the way

_BINARY: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: elementwise.add,
    ast.Sub: elementwise.subtract,
    ast.Mult: elementwise.multiply,
    ast.Div: elementwise.divide,
    ast.Pow: elementwise.power,
    ast.MatMult: linalg.matmul,
}
_COMPARE: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


class ExpressionError(ValueError):
    """What is wrong with an expression, at which column, and the way out."""


def read(source: str, values: Mapping[str, Any]) -> Tensor:
    """The result of an expression, computed from Tensors that bear the names of `values`.

    All of `values` require a gradient. There are + - * / ** @, comparisons, indexing, lists of
    numbers, pi, and the functions of `microgd.explain.vocabulary`, also as methods.

    Raises ExpressionError for anything else, a name without a value, a value without a use, or
    an array of more than a million elements on the way.

    >>> float(read("relu(w*x + b)", {"w": 2.0, "x": 1.0, "b": 0.5}))
    2.5
    >>> read("relu(w*y)", {"w": 2.0})
    Traceback (most recent call last):
    microgd.explain.expression.ExpressionError: column 8: y has no value; add y=1.0
    """
    tree = _parsed(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in values:
        if name not in used:
            raise ExpressionError(
                f"{name} has a value, but is not in {source!r:.80}{suggestion(name, used)}"
            )
    leaves = {
        name: Tensor(value, requires_grad=True, name=name, dtype=float)
        for name, value in values.items()
    }
    result = _Reader(leaves).value(tree)
    if not isinstance(result, Tensor) or result.op is None:
        raise ExpressionError(
            f"{source!r:.80} is no computation with a gradient; write an operation on names that"
            " have values, as 'w*x' with w=2 x=3"
        )
    return result


def function(source: str, names: Sequence[str]) -> Callable[..., Any]:
    """A function of Tensors, in the order of `names`, from an expression on some of these.

    It is parsed once, and computed at every call.

    Raises ExpressionError for what `read` refuses, or another name.

    >>> function("x**2 + y", ["x", "y"])(Tensor(3.0), Tensor(1.0)).item()
    10.0
    """
    tree = _parsed(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in {*names, *NAMES, *FUNCTIONS}:
            _fail(
                node,
                f"{node.id} is not known{suggestion(node.id, FUNCTIONS)}; variables are"
                f" {', '.join(names)}",
            )
    return lambda *values: _Reader(dict(zip(names, values, strict=True))).value(tree)


def read_value(source: str) -> Array:
    """A number or an array as it is typed: ``0.5``, ``-1``, ``pi/2``, ``[[1, 2], [3, 4]]``.

    Raises ExpressionError for anything else.

    >>> read_value("[1, -2.5]").tolist()
    [1.0, -2.5]
    """
    return _array(_Reader({}).value(_parsed(source)))


def _parsed(source: str) -> ast.expr:
    """The syntax tree. Raises ExpressionError if there is none, or it is too large."""
    if len(source) > LONGEST:
        raise ExpressionError(f"{len(source)} characters are too many; at most {LONGEST} are read")
    text = " ".join(source.splitlines()).strip()
    if not text:
        raise ExpressionError("the expression is empty; write one, as 'relu(w*x + b)'")
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        said = error.msg if error.offset else "the expression ends too early"
        raise ExpressionError(f"column {error.offset or len(text)}: {said}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot be read: {str(error) or 'nested too deeply'}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):  # Python counts bytes, people count characters
            node.col_offset = len(text.encode()[: node.col_offset].decode())
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise ExpressionError(f"nested more than {DEEPEST} levels deep; take a shorter expression")


class _Reader:
    """Computes a syntax tree, from the leaves up."""

    def __init__(self, names: Mapping[str, Tensor]) -> None:
        self.names = names

    def value(self, node: ast.expr) -> Any:
        """A Tensor, an array, a number, or a list of these."""
        read = self._READERS.get(type(node))
        if read is None:
            kind = type(node).__name__
            _fail(node, f"{FOREIGN.get(kind, kind)} is not part of an expression here")
        return read(self, node)

    def _constant(self, node: ast.Constant) -> Any:
        if not isinstance(node.value, int | float | str | None):
            _fail(node, f"{node.value!r:.40} is no real number")
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        if node.id not in NAMES:
            function = f" is a function; write {node.id}(...)"
            missing = f" has no value; add {node.id}=1.0"
            _fail(node, node.id + (function if node.id in FUNCTIONS else missing))
        return NAMES[node.id]

    def _list(self, node: ast.List) -> Any:
        return [self.value(item) for item in node.elts]

    def _tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.value(item) for item in node.elts)

    def _unary(self, node: ast.UnaryOp) -> Any:
        x = self.value(node.operand)
        if isinstance(node.op, ast.UAdd) and isinstance(x, int | float | Tensor):
            return x
        if not isinstance(node.op, ast.USub):
            _fail(node, "of the signs there are + and -")
        return -x if isinstance(x, int | float) else self._apply(node, elementwise.negative, (x,))

    def _binary(self, node: ast.BinOp) -> Any:
        if type(node.op) not in _BINARY:
            _fail(node, "of the operators there are + - * / ** @; a power is x**2")
        operands = self.value(node.left), self.value(node.right)
        return self._apply(node, _BINARY[type(node.op)], operands)

    def _compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1 or type(node.ops[0]) not in _COMPARE:
            _fail(node, "of the comparisons there are < <= > >= == !=, one at a time")
        operands = self.value(node.left), self.value(node.comparators[0])
        numbers = [x.data if isinstance(x, Tensor) else x for x in operands]
        return self._apply(node, _COMPARE[type(node.ops[0])], numbers)

    def _subscript(self, node: ast.Subscript) -> Any:
        x, index = self.value(node.value), self._index(node.slice)
        if isinstance(x, list):
            _fail(node, "take elements of a name, as x[0]")
        return self._guarded(node, "indexing", lambda: x[index])

    def _index(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Tuple):
            return tuple(self._index(part) for part in node.elts)
        if isinstance(node, ast.Slice):
            parts = (node.lower, node.upper, node.step)
            return slice(*(None if part is None else self._index(part) for part in parts))
        index = self.value(node)
        if type(index) is not int:
            _fail(node, "an index is a whole number or a range such as 1:3")
        return index

    def _attribute(self, node: ast.Attribute) -> Any:
        if node.attr != "T":
            _fail(node, f".{node.attr} is not known; there is .T, and functions as methods")
        return self._apply(node, FUNCTIONS["transpose"], (self.value(node.value),))

    def _call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name):
            name, first = node.func.id, []
        elif isinstance(node.func, ast.Attribute):
            name, first = node.func.attr, [node.func.value]
        else:
            _fail(node, "only functions can be called, by their names")
        if name not in FUNCTIONS:
            _fail(node, f"there is no function {name!r}{suggestion(name, FUNCTIONS)}")
        options = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                _fail(keyword.value, "** is not known here; write axis=0")
            options[keyword.arg] = self.value(keyword.value)
        arguments = [self.value(x) for x in [*first, *node.args]]
        if name in {"max", "min"} and len(arguments) > 1:
            _fail(node, f"of two values write {name}imum(x, y); an axis as {name}(x, axis=0)")
        function = FUNCTIONS[name]
        if isinstance(function, Op) and not function.variadic:
            inputs = len(function.arguments)
            for x in [*arguments[inputs:], *options.values()]:
                if isinstance(x, Tensor):
                    _fail(node, f"{name}: its options are numbers, not tensors such as {x.name}")
            known = arguments[:inputs]
            arguments[:inputs] = self._guarded(node, name, lambda: [*map(_operand, known)])
        return self._apply(node, function, arguments, options)

    def _apply(
        self, node: ast.expr, function: Any, inputs: Any, options: Mapping[str, Any] = {}
    ) -> Any:
        """Call a function, unless the result would be too large."""
        name = function.name if isinstance(function, Op) else function.__name__
        if function in _BINARY.values() or function in _COMPARE.values():
            inputs = self._guarded(node, name, lambda: [*map(_operand, inputs)])
        sizes = [_shape(x) for x in inputs]
        if function in ELEMENTWISE or function in _COMPARE.values():
            size = self._guarded(node, name, lambda: math.prod(np.broadcast_shapes(*sizes)))
        else:
            size = math.prod(max(math.prod(shape), 1) for shape in sizes)
        if size > LARGEST:
            _fail(node, f"{name}: up to {size:,} elements; at most {LARGEST:,} are computed here")
        return self._guarded(node, name, lambda: function(*inputs, **options))

    def _guarded(self, node: ast.expr, name: str, compute: Callable[[], Any]) -> Any:
        """What `compute` returns; its error with the column."""
        try:
            with np.errstate(all="ignore"):  # a NaN is to be looked at, not to be warned of
                return compute()
        except Exception as error:  # noqa: BLE001 (whatever a function makes of what it is given)
            said = str(error) if str(error).startswith(name) else f"{name}: {error}"
            _fail(node, said, error)

    _READERS: Mapping[type[ast.expr], Callable[["_Reader", Any], Any]] = {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.List: _list,
        ast.Tuple: _tuple,
        ast.UnaryOp: _unary,
        ast.BinOp: _binary,
        ast.Compare: _compare,
        ast.Subscript: _subscript,
        ast.Attribute: _attribute,
        ast.Call: _call,
    }


def _operand(x: Any) -> Any:
    """What an operation computes with: a Tensor or an array of floats."""
    if isinstance(x, list) and any(isinstance(item, Tensor) for item in x):
        raise ExpressionError("names in a list; write stack([x, y])")
    return x if isinstance(x, Tensor | np.ndarray) else _array(x)


def _array(x: Any) -> Array:
    """Numbers as an array. Raises ExpressionError for what is none."""
    try:
        array = np.array(x, dtype=float)
    except (ValueError, TypeError, OverflowError) as error:
        raise ExpressionError(f"{x!r:.60} is no array of numbers: {error}") from error
    if isinstance(x, str) or x is None or array.size > LARGEST:
        raise ExpressionError(f"{x!r:.60} is no number")
    return array


def _shape(x: Any) -> tuple[int, ...]:
    return x.shape if isinstance(x, Tensor | np.ndarray) else ()


def _fail(node: ast.expr, said: str, cause: Exception | None = None) -> NoReturn:
    raise ExpressionError(f"column {node.col_offset + 1}: {said}") from cause
