"""Wrong derivatives: every way in which a gradient of the table is likely to be wrong."""

import ast
import copy

import numpy as np
from formulas import evaluate
from op_rows import ROWS, TABLE

import microgd as mg
from microgd.op import Local, Pullback


def contribution(derivative, g, out, inputs, params):
    """What the sweep makes of a derivative."""
    if isinstance(derivative, Local):
        return g * derivative.rule(out, *inputs, **params)
    return derivative.rule(g, out, *inputs, **params)


def mutant(op, i, change):
    """The operation with `change(gradient, g, out, inputs, params)` for derivative `i`."""
    right = op.derivatives[i]

    def rule(g, out, *inputs, **params):
        gradient = contribution(right, g, out, inputs, params)
        return change(gradient, g, out, inputs, params)

    wrong = copy.copy(op)
    derivatives = list(op.derivatives)
    derivatives[i] = Pullback(right.formula, rule)
    wrong.derivatives = tuple(derivatives)
    return wrong


def simple(change):
    return lambda gradient, g, out, inputs, params: change(gradient)


def half_lost(gradient):
    kept = np.arange(gradient.size).reshape(gradient.shape) < (gradient.size + 1) // 2
    return gradient * (kept if gradient.size > 1 else 0.5)


def first_off(gradient):
    return gradient + 0.001 * (np.arange(gradient.size).reshape(gradient.shape) == 0)


MUTATIONS = {
    "x 1.001": simple(lambda gradient: gradient * 1.001),
    "x -1": simple(lambda gradient: -gradient),
    "x 2": simple(lambda gradient: gradient * 2),
    "half lost": simple(half_lost),
    "flipped": simple(np.flip),
    "rolled": simple(lambda gradient: np.roll(gradient, 1)),
    "transposed": simple(lambda gradient: gradient.T.reshape(gradient.shape)),
    "first off": simple(first_off),
    "+ 0.001": simple(lambda gradient: gradient + 0.001),
    "- 0.001": simple(lambda gradient: gradient - 0.001),
    "+ 1": simple(lambda gradient: gradient + 1.0),
    "+ ramp": simple(
        lambda gradient: gradient + np.arange(1.0, gradient.size + 1).reshape(gradient.shape)
    ),
}
LIKELY = {
    "x 1.001": "likely a wrong factor: 1.001 times as much",
    "x -1": "likely a wrong sign: -1 times as much",
    "x 2": "likely a wrong factor: 2 times as much",
    "flipped": "likely a wrong axis",
    "rolled": "likely a wrong axis",
    "transposed": "likely a wrong axis",
}


class OneSide(ast.NodeTransformer):
    """Leaves one side of the sum or difference number `which`."""

    def __init__(self, which, side):
        self.which, self.side, self.seen = which, side, -1

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Sub):
            self.seen += 1
            if self.seen == self.which:
                return getattr(node, self.side)
        return node


def without_a_term(op, i):
    """The formulas that are left when any one term is dropped."""
    formula = op.derivatives[i].formula
    sums = sum(isinstance(node, ast.Add | ast.Sub) for node in ast.walk(ast.parse(formula)))
    for which in range(sums):
        for side in ("left", "right"):
            tree = OneSide(which, side).visit(ast.parse(formula, mode="eval"))
            yield ast.unparse(ast.fix_missing_locations(tree))


def dropped(formula, op, i):
    """The change that computes the formula instead of the rule."""

    def change(gradient, g, out, inputs, params):
        index = params.get("index", i) if op.variadic else i
        said = evaluate(formula, op, index, g, out, inputs, params)
        return g * said if isinstance(op.derivatives[i], Local) else said

    return change


def row_of(name, i):
    return next(row for row in ROWS[name] if i in row.variables() or TABLE[name].variadic)


def call(op, row, inputs):
    """`op` as a function of the inputs that vary, and these."""

    def f(*xs):
        new = list(inputs)
        for j, x in zip(row.variables(), xs, strict=True):
            new[j] = x
        return op(*new, **row.params)

    return f, tuple(inputs[j] for j in row.variables())


def gradient_of(op, row, inputs, i):
    """The contribution to input `i` from a random upstream gradient."""
    out = op(*(mg.Tensor(x, requires_grad=x.dtype != bool) for x in inputs), **row.params)
    g = np.asarray(np.random.default_rng(3).uniform(0.5, 1.5, out.shape))
    derivative = op.derivatives_of(inputs)[i]
    return np.asarray(contribution(derivative, g, out.data, inputs, out.params))
