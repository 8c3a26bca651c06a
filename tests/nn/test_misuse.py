"""Every misuse says what it was, what it got, and the way out; and leaves all as it was."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd import nn
from microgd.graph import state
from microgd.nn import init

X = mg.tensor(np.zeros((4, 3)), requires_grad=True, name="scores")
COLUMN = mg.tensor(np.zeros((4, 1)), requires_grad=True)
ROW = np.zeros(4)
HOLED = np.array([[0.0], [1.0], [np.nan], [1.0]])
EMPTY = mg.tensor(np.zeros((0, 3)), requires_grad=True)
BCE = nn.binary_cross_entropy_with_logits

PAIRED = [nn.mse_loss, nn.huber_loss, BCE, nn.hinge_loss]
LABELLED = [nn.cross_entropy, nn.nll_loss]

Misuse = tuple[Callable[[], Any], type[Exception], list[str]]


def of_all_losses() -> list[Misuse]:
    """What every loss refuses, whatever it computes."""
    rows: list[Misuse] = []
    for loss in PAIRED:
        name = loss.__name__
        rows += [
            (
                lambda loss=loss: loss(COLUMN, ROW),
                ValueError,
                [f"{name}: ", "(4, 1)", "(4,)", "nothing is broadcast", "target.reshape((4, 1))"],
            ),
            (
                lambda loss=loss: loss(X, [[1.0, 2.0]]),
                ValueError,
                [f"{name}: ", "scores (4, 3)", "(1, 2)", "one target for each prediction"],
            ),
            (lambda loss=loss: loss(EMPTY, EMPTY), ValueError, [f"{name}: ", "(0, 3)", "empty"]),
            (
                lambda loss=loss: loss(COLUMN, HOLED),
                ValueError,
                [f"{name}: target[2, 0] is nan", "drop such rows"],
            ),
            (
                lambda loss=loss: loss(mg.tensor(1.0), np.inf),
                ValueError,
                [f"{name}: target is inf"],
            ),
            (
                lambda loss=loss: loss(ROW, ["a", "b", "c", "d"]),
                TypeError,
                [f"{name}: target holds <U1", "real numbers"],
            ),
        ]
    for loss in LABELLED:
        name = loss.__name__
        rows += [
            (
                lambda loss=loss: loss(X, [0, 1, 3, 1]),
                ValueError,
                [f"{name}: target[2] is 3", "labels are 0..2", "scores (4, 3)"],
            ),
            (
                lambda loss=loss: loss(X, [0, 1, 1, -1]),
                ValueError,
                [f"{name}: target[3] is -1", "labels are 0..2"],
            ),
            (
                lambda loss=loss: loss(np.zeros((2, 2)), [1, -1]),
                ValueError,
                [f"{name}: target[1] is -1", "labels are 0..1", "(target + 1) // 2", "hinge_loss"],
            ),
            (
                lambda loss=loss: loss(X, [0.0, 1.0, 2.0, 1.0]),
                TypeError,
                [f"{name}: target holds float64", "whole numbers", "astype(int)"],
            ),
            (
                lambda loss=loss: loss(X, [0.0, np.nan, 2.0, 1.0]),
                ValueError,
                [f"{name}: target[1] is nan", "drop such rows"],
            ),
            (
                lambda loss=loss: loss(X, [True, False, True, False]),
                TypeError,
                [f"{name}: target holds bool", "astype(int)"],
            ),
            (
                lambda loss=loss: loss(X, [0, 1]),
                ValueError,
                [f"{name}: ", "scores (4, 3)", "(4,)", "(2,)", "one label for each row"],
            ),
            (
                lambda loss=loss: loss(X, [[0], [1], [2], [1]]),
                ValueError,
                [f"{name}: ", "(4, 1)", "target.reshape(4)"],
            ),
            (
                lambda loss=loss: loss(mg.tensor([1.0, 2.0]), 0),
                ValueError,
                [f"{name}: ", "(2,)", "(n, classes)"],
            ),
            (
                lambda loss=loss: loss(np.zeros((2, 3, 4)), [0, 1]),
                ValueError,
                [f"{name}: ", "(2, 3, 4)", "(n, classes)"],
            ),
            (lambda loss=loss: loss(EMPTY, []), ValueError, [f"{name}: ", "(0, 3)", "empty"]),
            (
                lambda loss=loss: loss(np.zeros((2, 0)), [0, 0]),
                ValueError,
                [f"{name}: ", "(2, 0)", "empty"],
            ),
        ]
    for loss in PAIRED + LABELLED:
        rows.append(
            (
                lambda loss=loss: loss(X, ROW, "avg"),
                ValueError,
                [f"{loss.__name__}: reduction 'avg'", "mean, sum, none"],
            )
        )
    return rows


MISUSES: list[Misuse] = [
    *of_all_losses(),
    # Losses, one by one
    (
        lambda: nn.mse_loss(COLUMN, COLUMN, "men"),
        ValueError,
        ["mse_loss: reduction 'men' is unknown", "did you mean 'mean'?"],
    ),
    (
        lambda: nn.mse_loss(COLUMN, COLUMN, None),
        ValueError,
        ["mse_loss: reduction None is unknown", "mean, sum, none"],
    ),
    (
        lambda: nn.cross_entropy(X, np.full((4, 3), 0.5) * [1, 1, -1]),
        ValueError,
        ["cross_entropy: target[0, 2] is -0.5", "between 0 and 1"],
    ),
    (
        lambda: nn.cross_entropy(X, np.full((4, 3), np.nan)),
        ValueError,
        ["cross_entropy: target[0, 0] is nan"],
    ),
    (
        lambda: nn.cross_entropy(X, np.zeros((4, 2))),
        ValueError,
        ["cross_entropy: ", "scores (4, 3)", "(4, 2)"],
    ),
    (
        lambda: nn.cross_entropy(np.zeros((2, 3, 4)), np.zeros((2, 3, 4))),
        ValueError,
        ["cross_entropy: ", "(2, 3, 4)", "(n, classes)"],
    ),
    *[
        (
            lambda target=target, s=s: nn.cross_entropy(X, target, label_smoothing=s),
            ValueError,
            [f"cross_entropy: label_smoothing is {s}", "from 0 to 1"],
        )
        for target in ([0, 1, 2, 0], np.full((4, 3), 1 / 3))
        for s in (-0.1, 1.1, np.nan)
    ],
    (
        lambda: nn.cross_entropy(X, [0, 1, 2, 0], label_smoothing="much"),
        TypeError,
        ["cross_entropy: label_smoothing is 'much'"],
    ),
    (
        lambda: nn.cross_entropy(X, [0, 1, 3, 0], label_smoothing=0.1),
        ValueError,
        ["cross_entropy: target[2] is 3", "labels are 0..2"],
    ),
    (
        lambda: BCE(mg.tensor([0.0, 0.0]), [1, -1]),
        ValueError,
        ["binary_cross_entropy_with_logits: target[1] is -1.0", "(target + 1) / 2"],
    ),
    (lambda: BCE(mg.tensor([0.0]), [1.5]), ValueError, ["target[0] is 1.5", "between 0 and 1"]),
    (
        lambda: nn.hinge_loss(mg.tensor([0.0, 0.0]), [1, 0]),
        ValueError,
        ["hinge_loss: target[1] is 0.0", "-1 and 1", "2 * target - 1"],
    ),
    *[
        (
            lambda delta=delta: nn.huber_loss(COLUMN, COLUMN, delta=delta),
            ValueError,
            [f"huber_loss: delta={delta}", "positive"],
        )
        for delta in (0, -1.0, np.nan, np.inf)
    ],
    # Activations
    (
        lambda: nn.make_activation("rleu"),
        ValueError,
        ["activation: 'rleu' is unknown", "did you mean 'relu'?", "sigmoid", "gelu"],
    ),
    (lambda: nn.make_activation("ReLU6"), ValueError, ["activation: 'ReLU6'", "'relu'"]),
    (lambda: nn.make_activation(None), TypeError, ["activation: None", "'relu'", "nn.ReLU"]),
    (lambda: nn.make_activation(lambda: 3), TypeError, ["activation: ", "makes no Module"]),
    (lambda: nn.make_activation(mg.tanh), TypeError, ["<op tanh(x)> makes no Module", "nn.ReLU"]),
    (lambda: nn.make_activation(mg.gelu), TypeError, ["function gelu", "makes no Module"]),
    (
        lambda: nn.GELU("tan"),
        ValueError,
        ["GELU: approximate 'tan' is unknown", "did you mean 'tanh'?", "none, tanh"],
    ),
    # Initialisations
    *[
        (
            lambda name=name: init.named(name)((3,), rng=0),
            ValueError,
            [f"{name}: shape=(3,)", "(out, in)"],
        )
        for name in (
            "xavier_uniform",
            "xavier_normal",
            "kaiming_uniform",
            "kaiming_normal",
            "orthogonal",
        )
    ],
    (lambda: init.xavier_normal((0, 3), rng=0), ValueError, ["shape=(0, 3)", "at least 1"]),
    (
        lambda: init.kaiming_normal((2, 3), rng=0, mode="fanin"),
        ValueError,
        ["kaiming_normal: mode 'fanin' is unknown", "did you mean 'fan_in'?"],
    ),
    (
        lambda: init.kaiming_normal((2, 3), rng=0, negative_slope=np.nan),
        ValueError,
        ["kaiming_normal: negative_slope=nan"],
    ),
    (lambda: init.normal((2,), rng=0, std=-1.0), ValueError, ["normal: std=-1.0", "at least 0"]),
    (lambda: init.uniform((2,), rng=0, bound=np.inf), ValueError, ["uniform: bound=inf"]),
    (lambda: init.orthogonal((2, 2), rng=0, gain=-1), ValueError, ["orthogonal: gain=-1"]),
    (
        lambda: init.named("xavier"),
        ValueError,
        ["init: 'xavier' is unknown", "did you mean 'xavier_", "orthogonal"],
    ),
    (lambda: init.generator(-1), ValueError, ["rng: -1 is no seed", "at least 0"]),
    (lambda: init.generator("0"), TypeError, ["rng: '0' is no seed", "np.random.default_rng(0)"]),
    (lambda: init.generator(1.5), TypeError, ["rng: 1.5 is no seed"]),
    # Layers
    (lambda: nn.Linear(0, 2), ValueError, ["Linear: in_features is 0", "at least 1"]),
    (lambda: nn.Linear(2, 1.5), TypeError, ["Linear: out_features is 1.5", "whole number"]),
    (lambda: nn.Linear(2, 2, init="he"), ValueError, ["init: 'he' is unknown", "kaiming_normal"]),
    (
        lambda: nn.Linear(2, 3, init=lambda shape, rng: np.zeros((2, 3))),
        ValueError,
        ["Linear: init=", "made (2, 3)", "asked for (3, 2)"],
    ),
    (lambda: nn.Linear(2, 2, dtype=int), TypeError, ["int64", "floating point"]),
    (
        lambda: nn.Linear(3, 2, rng=0)(np.zeros((5, 4))),
        ValueError,
        ["linear", "(5, 4)", "(2, 3)", "4 features", "takes 3"],
    ),
    (
        lambda: nn.MLP([3, 4, 2], rng=0)(np.zeros((5, 2))),
        ValueError,
        ["layers.0.linear", "(5, 2)", "2 features", "takes 3"],
    ),
    (lambda: nn.MLP([3]), ValueError, ["MLP: sizes=[3]", "inputs and outputs"]),
    (lambda: nn.MLP(3), ValueError, ["MLP: sizes=3", "[2, 16, 2]"]),
    (lambda: nn.MLP([3, 0, 2]), ValueError, ["out_features is 0"]),
    (lambda: nn.MLP([3, 1.5, 2]), TypeError, ["out_features is 1.5", "whole number"]),
    (lambda: nn.MLP([3, 2], activation="tanhh"), ValueError, ["did you mean 'tanh'?"]),
    (
        lambda: nn.Sequential(nn.ReLU(), np.tanh),
        TypeError,
        ["Sequential: part 1 is <ufunc 'tanh'>", "give Modules"],
    ),
    (
        lambda: nn.Sequential([nn.ReLU()]),
        TypeError,
        ["Sequential: part 0 is [ReLU()]", "one by one"],
    ),
    (lambda: nn.Sequential(nn.ReLU())[1], IndexError, ["Sequential: part 1 of 1"]),
    (lambda: nn.MLP([3, 2], norm="bath"), ValueError, ["MLP: norm 'bath'", "'batch'", "layer"]),
    (lambda: nn.MLP([3, 2], norm=nn.LayerNorm), ValueError, ["MLP: norm", "batch, layer"]),
    (lambda: nn.MLP([3, 2], dropout=1.5), ValueError, ["MLP: dropout is 1.5", "from 0 to 1"]),
    (lambda: nn.MLP([3, 2], dropout="0.5"), TypeError, ["MLP: dropout is '0.5'", "from 0 to 1"]),
    # Normalisation
    *[
        (
            lambda make=make: make(4, eps=-1e-5),
            ValueError,
            [f"{make.__name__}: eps is -1e-05", "at least 0"],
        )
        for make in (nn.BatchNorm1d, nn.LayerNorm)
    ],
    (lambda: nn.BatchNorm1d(0), ValueError, ["BatchNorm1d: num_features is 0", "1 or more"]),
    (lambda: nn.BatchNorm1d(2.0), TypeError, ["BatchNorm1d: num_features is 2.0", "whole number"]),
    (
        lambda: nn.BatchNorm1d(2, momentum=1.1),
        ValueError,
        ["BatchNorm1d: momentum is 1.1", "from 0 to 1", "None"],
    ),
    (lambda: nn.BatchNorm1d(2, momentum="a"), TypeError, ["BatchNorm1d: momentum is 'a'"]),
    (lambda: nn.BatchNorm1d(2, dtype=int), TypeError, ["int64", "floating point"]),
    (
        lambda: nn.BatchNorm1d(3)(X[:1]),
        ValueError,
        ["BatchNorm1d: a batch of 1 has no variance", "drop_last=True", ".eval()"],
    ),
    (lambda: nn.BatchNorm1d(3)(EMPTY), ValueError, ["BatchNorm1d: a batch of 0"]),
    (
        lambda: nn.BatchNorm1d(3, track_running_stats=False).eval()(X[:1]),
        ValueError,
        ["BatchNorm1d: a batch of 1 has no variance"],
    ),
    (
        lambda: nn.MLP([3, 4, 2], norm="batch", rng=0)(np.zeros((1, 3))),
        ValueError,
        ["layers.1.BatchNorm1d: a batch of 1"],
    ),
    (
        lambda: nn.BatchNorm1d(2)(X),
        ValueError,
        ["BatchNorm1d: x (4, 3) does not fit 2 features", "(n, 2) or (n, 2, length)"],
    ),
    (lambda: nn.BatchNorm1d(3)(np.zeros(3)), ValueError, ["BatchNorm1d: x (3,)", "(n, 3)"]),
    (
        lambda: nn.BatchNorm1d(3)(np.zeros((2, 5, 3))),
        ValueError,
        ["BatchNorm1d: x (2, 5, 3)", "did you mean x.swapaxes(1, 2)?"],
    ),
    (lambda: nn.LayerNorm([]), ValueError, ["LayerNorm: normalized_shape is []", "64 or (8, 8)"]),
    (lambda: nn.LayerNorm((2, 0)), ValueError, ["LayerNorm: normalized_shape is 0"]),
    (lambda: nn.LayerNorm("4"), TypeError, ["LayerNorm: normalized_shape is '4'", "whole number"]),
    (
        lambda: nn.LayerNorm(2)(X),
        ValueError,
        ["LayerNorm: x (4, 3) does not end in (2,)", "give (..., 2)"],
    ),
    (
        lambda: nn.Sequential(nn.LayerNorm((2, 3)))(X),
        ValueError,
        ["0.LayerNorm: x (4, 3) does not end in (2, 3)", "give (..., 2, 3)"],
    ),
    # Dropout, Residual, Embedding
    *[
        (lambda p=p: nn.Dropout(p), ValueError, [f"Dropout: p is {p}", "from 0 to 1"])
        for p in (-0.1, 1.1, np.nan)
    ],
    (lambda: nn.Dropout("0.5"), TypeError, ["Dropout: p is '0.5'"]),
    (lambda: nn.Dropout(rng=-1), ValueError, ["rng: -1 is no seed"]),
    (
        lambda: nn.Residual(mg.tanh),
        TypeError,
        ["Residual: module is <op tanh(x)>", "nn.Linear"],
    ),
    (
        lambda: nn.Residual(nn.Linear(3, 2, rng=0))(X),
        ValueError,
        ["Residual: Linear makes (4, 2) of x (4, 3)", "keeps the shape"],
    ),
    (
        lambda: nn.Residual(nn.Linear(3, 1, rng=0))(X),  # which NumPy would broadcast
        ValueError,
        ["Residual: Linear makes (4, 1) of x (4, 3)"],
    ),
    (lambda: nn.Embedding(0, 2), ValueError, ["Embedding: num_embeddings is 0", "at least 1"]),
    (lambda: nn.Embedding(2, 2.5), TypeError, ["Embedding: embedding_dim is 2.5"]),
    *[
        (
            lambda row=row: nn.Embedding(3, 2, padding_idx=row),
            ValueError,
            [f"Embedding: padding_idx is {row}", "a row from -3 to 2"],
        )
        for row in (3, -4)
    ],
    (
        lambda: nn.Embedding(3, 2, init=lambda shape, rng: np.zeros((2, 3))),
        ValueError,
        ["Embedding: init=", "made (2, 3)", "asked for (3, 2)"],
    ),
    (
        lambda: nn.Embedding(3, 2, rng=0)([[0, 1], [3, -1]]),
        IndexError,
        ["Embedding: x[1, 0] is 3", "the rows 0..2"],
    ),
    (lambda: nn.Embedding(3, 2, rng=0)(-1), IndexError, ["Embedding: x is -1"]),
    (
        lambda: nn.Embedding(3, 2, rng=0)([0.0, 1.0]),
        TypeError,
        ["Embedding: x holds float64", "x.astype(int)"],
    ),
    # Modules
    (lambda: nn.Module()(1.0), NotImplementedError, ["Module: write a forward method"]),
]


@pytest.mark.parametrize(
    ("misuse", "error", "words"), MISUSES, ids=[" ".join(words) for _, _, words in MISUSES]
)
def test_the_message_helps(misuse, error, words):
    with pytest.raises(error) as caught:
        misuse()
    message = str(caught.value)
    assert [word for word in words if word not in message] == [], message
    assert state.call == ()
    assert X.grad is COLUMN.grad is EMPTY.grad is None
