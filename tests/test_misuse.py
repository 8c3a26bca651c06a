"""Every misuse is named: the operation, every shape or value, the tensor's name, the way out.

After the error all parameters, gradients and settings are as before. What is told here crosses the
package; more rows stand with data, nn, optim and train.
"""

import copy
from pathlib import Path

import numpy as np
import pytest

import microgd as mg
from microgd import data, nn, optim, train
from microgd.graph import state

M = mg.Tensor(np.arange(1.0, 7.0).reshape(2, 3), requires_grad=True, name="weights")
X = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
N = mg.Tensor([1, 2, 3], name="counts")
NONE = mg.Tensor(np.zeros(0), requires_grad=True, name="none")
NET = nn.MLP([3, 4, 2], rng=0)
PATIENT = NET.parameters()
RULE = optim.SGD(PATIENT, lr=0.1)
ROWS, LABELS = np.ones((4, 3)), np.array([0, 1, 1, 0])
HOLED = np.array([[1.0, 2.0], [np.nan, 4.0]])


def state_dict(**changes):
    return {**NET.state_dict(), **changes}


def without(name):
    given = NET.state_dict()
    del given[name]
    return given


def stale():
    w = mg.Tensor([1.0], requires_grad=True, name="w")
    loss = (w * w).sum()
    w.data = [2.0]
    loss.backward()


def item_of_the_users_array():
    array = np.ones(3)
    array += X


TENSORS = [
    (
        lambda: mg.Tensor([1, 2], requires_grad=True),
        TypeError,
        ["(2,)", "int64", "floating point", "dtype=float"],
    ),
    (lambda: mg.Tensor([True], requires_grad=True), TypeError, ["(1,)", "bool", "floating point"]),
    (
        lambda: setattr(N, "requires_grad", True),
        TypeError,
        ["counts (3,)", "int64", "write 1.0 for 1"],
    ),
    (lambda: mg.Tensor("text"), TypeError, ["tensor", "'text'", "real numbers"]),
    (lambda: mg.Tensor(None), TypeError, ["tensor", "None", "real numbers"]),
    (lambda: mg.Tensor([1j]), TypeError, ["tensor", "complex128", "real numbers"]),
    (lambda: mg.Tensor([[1.0], [1.0, 2.0]]), TypeError, ["tensor", "inhomogeneous"]),
    (lambda: mg.Tensor({"a": 1}), TypeError, ["tensor", "{'a': 1}", "real numbers"]),
    (lambda: mg.Tensor(1.0, dtype="flaot"), TypeError, ["tensor", "flaot"]),
    (lambda: mg.Tensor([X[0], X[1]]), TypeError, ["()", "history", "mg.stack()"]),
    (lambda: np.asarray(X), TypeError, ["array", "x (3,)", "history", ".numpy()"]),
    (M.item, ValueError, ["item", "weights (2, 3)", "6 elements"]),
    (lambda: float(M), ValueError, ["weights (2, 3)", "6 elements"]),
    (lambda: X.__setitem__(0, 1.0), TypeError, ["x (3,)", "where()", ".data"]),
    (lambda: setattr(X, "data", [1.0, 2.0]), ValueError, ["data", "(2,)", "x (3,)"]),
    (lambda: setattr(X, "data", "abc"), TypeError, ["data", "abc"]),
    (
        lambda: setattr(X * 2, "data", [1.0, 2.0, 3.0]),
        RuntimeError,
        ["data", "(3,)", "multiply", "leaf", ".detach()"],
    ),
    (
        lambda: setattr(X * 2, "requires_grad", False),
        RuntimeError,
        ["requires_grad", "multiply", "leaf"],
    ),
    (lambda: setattr(X, "grad", [1.0]), ValueError, ["grad", "(1,)", "x (3,)"]),
    (N.retain_grad, RuntimeError, ["retain_grad", "counts (3,)", "requires no gradient"]),
    (lambda: X + "a", TypeError, ["add", "'a'", "real numbers"]),
    (lambda: X * None, TypeError, ["multiply", "None", "real numbers"]),
    (lambda: 1j - X, TypeError, ["subtract", "1j", "real numbers"]),
    (item_of_the_users_array, TypeError, ["add", "in place", "np.add("]),
    (lambda: np.sort(X), TypeError, ["np.sort", "no derivative", "t.data"]),
]

SHAPES = [
    (
        lambda: M @ M,
        ValueError,
        ["matmul", "weights (2, 3) @ weights (2, 3)", "3 and 2 differ", "b.T?"],
    ),
    (lambda: M.T @ X, ValueError, ["matmul", "(3, 2) @ x (3,)", "2 and 3 differ", "a.T?"]),
    (lambda: M @ 2.0, ValueError, ["matmul", "weights (2, 3)", "()", "write * for it"]),
    (lambda: mg.dot(M, M), ValueError, ["(2, 3)", "b.T?"]),
    (
        lambda: np.ones((3, 4, 5)) @ mg.expand_dims(M, 0),
        ValueError,
        ["matmul", "(3, 4, 5)", "(1, 2, 3)", "5 and 2 differ"],
    ),
    (
        lambda: mg.Tensor(np.ones((2, 3, 4))) @ np.ones((3, 4, 5)),
        ValueError,
        ["matmul", "(2, 3, 4) @ (3, 4, 5)", "batches differ"],
    ),
    (lambda: X + X[:2], ValueError, ["add", "x (3,) + (2,)", "2 and 3", "axis -1", "broadcast"]),
    (
        lambda: M * np.ones((3, 3)),
        ValueError,
        ["multiply", "weights (2, 3) * (3, 3)", "2 and 3", "axis -2"],
    ),
    (lambda: mg.where([True, False], X, 0.0), ValueError, ["where", "(2,)", "x (3,)", "2 and 3"]),
    (
        lambda: mg.maximum(X, [1.0, 2.0]),
        ValueError,
        ["maximum", "x (3,)", "(2,)", "do not broadcast"],
    ),
    (lambda: M.reshape(4, 2), ValueError, ["reshape", "weights (2, 3)", "(4, 2)", "size 6"]),
    (
        lambda: M.reshape(-1, -1),
        ValueError,
        ["reshape", "weights (2, 3)", "(-1, -1)", "one unknown"],
    ),
    (lambda: M.reshape("a"), TypeError, ["reshape", "weights (2, 3)", "'a'"]),
    (lambda: M.transpose(0, 0), ValueError, ["transpose", "weights (2, 3)", "(0, 0)", "repeated"]),
    (lambda: M.transpose(0, 1, 2), ValueError, ["transpose", "weights (2, 3)", "(0, 1, 2)"]),
    (lambda: mg.broadcast_to(X, (2, 2)), ValueError, ["broadcast_to", "x (3,)", "(2, 2)"]),
    (
        lambda: mg.concatenate([M, X]),
        ValueError,
        ["concatenate", "weights (2, 3), x (3,)", "dimension"],
    ),
    (
        lambda: mg.concatenate([X, X], axis=1),
        ValueError,
        ["concatenate", "x (3,)", "axis=1", "out of bounds"],
    ),
    (lambda: mg.stack([X, X[:2]]), ValueError, ["concatenate", "(1, 3)", "(1, 2)"]),
    (lambda: mg.split(X, 2), ValueError, ["split", "equal division"]),
    (lambda: mg.squeeze(M, 0), ValueError, ["squeeze", "not equal to one"]),
    (lambda: mg.pad(X, -1), ValueError, ["pad", "x (3,)", "-1", "negative"]),
    (lambda: mg.einsum("ij,jk->ik", M, M), ValueError, ["einsum", "(2, 3)", "ij,jk->ik", "'j'"]),
    (lambda: mg.einsum("ij,jk->ik", M), ValueError, ["einsum", "ij,jk->ik", "2 inputs", "got 1"]),
    (lambda: mg.einsum("ijk->i", M), ValueError, ["einsum", "weights (2, 3)", "ijk->i"]),
    (
        lambda: mg.einsum("ij->k", M),
        ValueError,
        ["einsum", "weights (2, 3)", "ij->k", "k did not appear"],
    ),
]

ARGUMENTS = [
    (lambda: M.sum(axis=2), ValueError, ["sum", "weights (2, 3)", "axis=2", "out of bounds"]),
    (lambda: M.sum(axis=(0, 0)), ValueError, ["sum", "weights (2, 3)", "(0, 0)", "duplicate"]),
    (lambda: M.mean(axis=-3), ValueError, ["mean", "weights (2, 3)", "axis=-3"]),
    (lambda: M.max(axis=1.0), TypeError, ["max", "weights (2, 3)", "axis=1.0", "integer"]),
    (NONE.max, ValueError, ["max", "none (0,)", "zero-size"]),
    (lambda: M.softmax(axis=5), ValueError, ["softmax", "weights (2, 3)", "axis=5"]),
    (lambda: M.cumsum(axis=3), ValueError, ["cumsum", "weights (2, 3)", "axis=3"]),
    (lambda: mg.flip(M, 2), ValueError, ["flip", "weights (2, 3)", "axis=2"]),
    (lambda: mg.swapaxes(M, 0, 2), ValueError, ["axis 2", "dimension 2"]),
    (lambda: mg.moveaxis(M, 0, 2), ValueError, ["axis 2", "dimension 2"]),
    (lambda: mg.expand_dims(X, 5), ValueError, ["axis 5", "out of bounds"]),
    (lambda: mg.stack([X, X], axis=3), ValueError, ["axis 3", "out of bounds"]),
    (lambda: mg.take(X, [0], axis=1), IndexError, ["out of range"]),
    (lambda: mg.take(X, [3]), IndexError, ["(3,)", "index 3 is out of bounds"]),
    (lambda: X[5], IndexError, ["getitem", "x (3,)", "index=5", "size 3"]),
    (lambda: X["a"], IndexError, ["getitem", "x (3,)", "'a'", "integers"]),
    (lambda: M[:, 0, 0], IndexError, ["getitem", "weights (2, 3)", "too many indices"]),
    (lambda: X.sum(dim=0), TypeError, ["sum", "x (3,)", "'dim'", "axis, keepdims"]),
    (lambda: mg.exp(X, X), TypeError, ["exp", "takes x", "2 arguments"]),
    (lambda: mg.add(X), TypeError, ["add", "missing y"]),
    (lambda: mg.exp(X, dtype=np.float32), TypeError, ["exp", "'dtype'"]),
    (lambda: X.astype("flaot"), TypeError, ["astype", "x (3,)", "flaot"]),
    (lambda: mg.norm(X, 3), ValueError, ["norm", "ord=3", "1, 2 or inf"]),
    (lambda: mg.norm(M, 1), ValueError, ["norm", "(2, 3)", "axis"]),
    (lambda: mg.gelu(X, "tan"), ValueError, ["gelu", "'tan'", "'tanh'"]),
    (lambda: N**-1, ValueError, ["power", "counts (3,) ** ()", "negative integer powers"]),
    (lambda: mg.Op("none", lambda x: x), TypeError, ["Op 'none'", "Local or a Pullback"]),
]

GRADIENTS = [
    (
        (M * 2).backward,
        ValueError,
        ["backward", "(2, 3)", "not one number", ".mean()", "gradient="],
    ),
    (
        lambda: M.backward([1.0]),
        ValueError,
        ["backward", "(1,)", "for weights (2, 3)", "give (2, 3)"],
    ),
    (lambda: M.backward("abc"), TypeError, ["backward", "'abc'", "real numbers"]),
    (
        lambda: N.sum().backward(),
        RuntimeError,
        ["backward", "()", "requires no gradient", "requires_grad=True"],
    ),
    (
        lambda: X.sum().detach().backward(),
        RuntimeError,
        ["backward", "requires no gradient", "no_grad()"],
    ),
    (
        stale,
        RuntimeError,
        ["backward", "w (1,)", "changed after multiply", "compute the loss again"],
    ),
    (lambda: mg.grad(lambda x: x * 2)(X), ValueError, ["grad", "(3,)", "jacobian"]),
    (lambda: mg.grad(lambda x: x.sum(), 1)(X), TypeError, ["grad", "argnum=1", "1 arguments"]),
    (lambda: mg.grad(lambda x: x.sum(), "x")(X), TypeError, ["grad", "argnum='x'"]),
    (lambda: mg.grad(lambda x: None)(X), TypeError, ["grad", "None", "must return a Tensor"]),
    (lambda: mg.grad(lambda x: x.sum())(np.array([1, 2])), TypeError, ["int64", "floating point"]),
    (
        lambda: mg.directional_derivative(lambda x: x.sum())(X, [1.0]),
        ValueError,
        ["directional_derivative", "(1,)", "(3,)"],
    ),
    (
        lambda: mg.gradcheck(lambda x: x * 2, np.ones(2, np.float32)),
        TypeError,
        ["gradcheck", "float32", "float64"],
    ),
    (
        mg.detect_anomaly()(lambda: mg.log(X - 1)),
        FloatingPointError,
        ["log", "-inf at (0,)", "from 0 to 2", "test_misuse.py"],
    ),
]

NETWORKS = [
    (lambda: NET(np.ones((4, 5))), ValueError, ["layers.0", "linear", "(4, 5)", "5 features", "3"]),
    (
        lambda: nn.cross_entropy(NET(ROWS), [0, 1, 2, 0]),
        ValueError,
        ["cross_entropy", "target[2] is 2", "(4, 2)"],
    ),
    (
        lambda: nn.cross_entropy(NET(ROWS), [0, 1, -1, 0]),
        ValueError,
        ["cross_entropy", "target[2] is -1", "(4, 2)"],
    ),
    (lambda: nn.cross_entropy(NET(ROWS), [0, 1]), ValueError, ["cross_entropy", "(4, 2)", "(2,)"]),
    (lambda: nn.mse_loss(NET(ROWS), LABELS), ValueError, ["mse_loss", "(4, 2)", "(4,)"]),
    (lambda: nn.mse_loss(X, [1.0, np.nan, 2.0]), ValueError, ["mse_loss", "target[1] is nan"]),
    (lambda: nn.cross_entropy(NET(ROWS[:0]), []), ValueError, ["cross_entropy", "(0, 2)", "empty"]),
    (lambda: nn.MLP([2, 2], activation="rleu"), ValueError, ["'rleu'", "'relu'?"]),
    (lambda: nn.MLP([2, 2], init="kaimin"), ValueError, ["'kaimin'", "did you mean 'kaiming"]),
    (lambda: nn.Linear(-1, 2), ValueError, ["Linear", "in_features is -1", "at least 1"]),
    (
        lambda: NET.load_state_dict(without("layers.0.bias")),
        KeyError,
        ["load_state_dict", "misses layers.0.bias"],
    ),
    (
        lambda: NET.load_state_dict(state_dict(other=1.0)),
        KeyError,
        ["load_state_dict", "does not know other"],
    ),
    (
        lambda: NET.load_state_dict(state_dict(**{"layers.2.bias": np.ones(3)})),
        ValueError,
        ["layers.2.bias", "(3,)", "(2,)"],
    ),
    (
        lambda: NET.load_state_dict(state_dict(**{"layers.2.bias": [1.0, np.inf]})),
        ValueError,
        ["layers.2.bias", "finite"],
    ),
]

TRAINING = [
    (lambda: optim.SGD([]), ValueError, ["SGD", "no parameters", "model.parameters()"]),
    (lambda: optim.SGD(PATIENT, lr=-0.1), ValueError, ["SGD", "lr=-0.1", "at least 0"]),
    (lambda: optim.SGD(PATIENT, momentum=1.5), ValueError, ["SGD", "momentum=1.5", "below 1"]),
    (
        lambda: optim.Adam(PATIENT, betas=(0.9, 1.0)),
        ValueError,
        ["Adam", "betas[1]=1.0", "below 1"],
    ),
    (lambda: optim.SGD([X * 2]), TypeError, ["SGD", "parameter 0", "leaf"]),
    (lambda: RULE.load_state_dict({}), ValueError, ["SGD.load_state_dict", "state_dict()"]),
    (lambda: data.load("mons"), ValueError, ["'mons'", "'moons'?"]),
    (lambda: data.batches(ROWS, LABELS, 0), ValueError, ["batches", "size is 0", "1 or more"]),
    (lambda: data.batches(ROWS, LABELS[:3], 2), ValueError, ["batches", "4 rows", "3"]),
    (lambda: data.Dataset(HOLED, [0, 1]), ValueError, ["Dataset", "x[1, 0] is nan", "drop"]),
    (
        lambda: data.train_test_split(ROWS, LABELS, test=1.5),
        ValueError,
        ["train_test_split", "1.5", "between 0 and 1"],
    ),
    (lambda: fit(epochs=0), ValueError, ["fit", "epochs is 0", "1 or more"]),
    (lambda: fit(given=(HOLED, [0, 1])), ValueError, ["fit", "x[1, 0] is nan"]),
    (
        lambda: train.load_checkpoint("no/such/file.npz", NET),
        train.CheckpointError,
        ["no/such/file.npz", "save_checkpoint"],
    ),
    (
        lambda: train.load_checkpoint(__file__, NET),
        train.CheckpointError,
        [Path(__file__).name, "no whole checkpoint", "save_checkpoint"],
    ),
]


def fit(given=(ROWS, LABELS), epochs=1):
    train.fit(NET, given, RULE, nn.cross_entropy, epochs, progress=False)


MISUSES = [*TENSORS, *SHAPES, *ARGUMENTS, *GRADIENTS, *NETWORKS, *TRAINING]


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("call", "error", "said"), MISUSES, ids=[" ".join(m[2]) for m in MISUSES])
def test_a_misuse_is_named_and_changes_nothing(call, error, said):
    tensors = [M, X, N, NONE, *PATIENT]
    for number, p in enumerate(tensors):
        p.grad = np.full(p.shape, number + 1)
    before = [(p.numpy(), p.grad, p.grad.copy(), p.requires_grad, p.name) for p in tensors]
    rule = copy.deepcopy(RULE.state_dict())
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert [words for words in said if words not in message] == [], message
    for p, (numbers, grad, copied, live, name) in zip(tensors, before, strict=True):
        np.testing.assert_array_equal(p.data, numbers)
        assert p.grad is grad
        np.testing.assert_array_equal(grad, copied)
        assert (p.requires_grad, p.name) == (live, name)
    assert str(RULE.state_dict()) == str(rule)
    assert (state.recording, state.call, state.watch) == (True, (), None)


def test_they_are_many():
    assert len(MISUSES) >= 100
