"""Every misuse says what it got and the way out, and leaves the model and its gradients alone."""

import numpy as np
import pytest

from microgd import Tensor, data, nn, optim
from microgd.train import Callback, Checkpoint, accuracy, evaluate, fit, save_checkpoint
from microgd.train.metrics import mae

X = np.random.default_rng(0).normal(size=(6, 3))
Y = np.array([0, 1, 0, 1, 0, 1])
NET = nn.MLP([3, 4, 2], rng=0)
RULE = optim.Adam(NET.parameters())
BOTH = data.Batches(X, Y, 2)


def mean(outputs, _targets):
    return outputs.mean()


def run(model=NET, given=(X, Y), rule=RULE, loss=nn.cross_entropy, epochs=1, **options):
    return lambda: fit(model, given, rule, loss, epochs, **{"progress": False, **options})


MISUSES = [
    # How long
    (run(epochs=0), ValueError, ["fit: epochs is 0", "give 1 or more"]),
    (run(epochs=-3), ValueError, ["fit: epochs is -3", "give 1 or more"]),
    (run(epochs=2.0), TypeError, ["fit: epochs is 2.0, a float"]),
    (run(epochs=True), TypeError, ["fit: epochs is True, a bool"]),
    # Data
    (run(given=(X, Y[:4])), ValueError, ["fit: x has 6 rows", "y has 4", "one target for each"]),
    (run(given=(X[:0], Y[:0])), ValueError, ["fit: x is empty, shape (0, 3)", "at least one"]),
    (run(given=(X * np.nan, Y)), ValueError, ["fit: x[0, 0] is nan", "drop those rows"]),
    (run(given=X), TypeError, ["fit: data is a ndarray of 6; give a Dataset or a pair (x, y)"]),
    (run(given=(X, Y, Y)), TypeError, ["fit: data is a tuple of 3"]),
    (run(given=None), TypeError, ["fit: data is a None; give a Dataset"]),
    (run(batch_size=0), ValueError, ["size is 0", "1 or more"]),
    (run(rng=-1), ValueError, ["rng is -1", "default_rng(0)"]),
    (run(given=BOTH, batch_size=2), TypeError, ["fit: data is Batches", "leave out batch_size"]),
    (run(given=BOTH, rng=np.random.default_rng()), TypeError, ["leave out batch_size, sh"]),
    (run(given=BOTH, shuffle=False), TypeError, ["fit: data is Batches"]),
    (run(validation=X), TypeError, ["fit: validation: data is a ndarray of 6"]),
    (run(validation=(X, Y[1:])), ValueError, ["fit: validation: x has 6 rows", "y has 5"]),
    (run(validation=BOTH), TypeError, ["fit: validation: data is a Batches of 3"]),
    (run(given=(X[:, :2], Y)), ValueError, ["(6, 2)", "layers.0"]),
    # Model and optimizer
    (run(model=mean), TypeError, ["fit: model is <function mean", "give a Module"]),
    (run(model=nn.ReLU()), ValueError, ["fit: ReLU has no parameters"]),
    (run(rule="adam"), TypeError, ["fit: optimizer is 'adam'", "optim.Adam(model.parameters())"]),
    (run(rule=optim.Adam), TypeError, ["fit: optimizer is <class", "optim.Adam(model."]),
    (
        run(rule=optim.SGD(nn.MLP([3, 2]).parameters())),
        ValueError,
        ["fit: SGD holds none of the model's 4 parameters", "optim.SGD(model.parameters())"],
    ),
    # Loss
    (run(loss="mse"), TypeError, ["fit: loss is 'mse'", "nn.cross_entropy"]),
    (run(loss=lambda out, y: 0.5), TypeError, ["fit: the loss is 0.5; return a Tensor"]),
    (run(loss=lambda out, y: out), ValueError, ["fit: the loss has shape (6, 2)", "'mean'"]),
    (
        run(loss=lambda out, y: Tensor(1.0)),
        ValueError,
        ["fit: the loss depends on no parameter", "outside of no_grad()"],
    ),
    # Metrics
    (run(metrics=["acuracy"]), ValueError, ["fit: metric 'acuracy'", "did you mean 'accuracy'?"]),
    (run(metrics={"mae": 3}), TypeError, ["fit: metric 'mae' is 3; give a function"]),
    (run(metrics={"loss": mean}), ValueError, ["a metric may not be called 'loss'"]),
    (
        run(metrics={"odd": lambda out, y: out}),
        TypeError,
        ["metric 'odd' gave ndarray of shape (6, 2)", "one for each of the 6 rows"],
    ),
    (run(metrics={"odd": lambda out, y: None}), TypeError, ["metric 'odd' gave NoneType"]),
    (
        run(given=(X, X[:, :2] > 0), loss=mean, metrics={"odd": lambda out, y: "high"}),
        TypeError,
        ["metric 'odd' gave str"],
    ),
    (
        run(given=(X, X[:, 0]), loss=mean, metrics=["accuracy"]),
        ValueError,
        ["accuracy: outputs (6, 2) and targets (6,) float64 are no classes", "metrics=()"],
    ),
    # Callbacks and the rest
    (run(callbacks=[print]), TypeError, ["fit: callback 0 is <built-in function print>"]),
    (run(callbacks=[Callback(), Callback]), TypeError, ["callback 1 is the class Callback", "()"]),
    (run(every="batch"), ValueError, ["every 'batch'", "epoch, step"]),
    (lambda: Checkpoint("a.npz", every=0), ValueError, ["Checkpoint: every is 0"]),
    (lambda: Checkpoint("a.npz", every=0.5), TypeError, ["Checkpoint: every is 0.5, a float"]),
    (lambda: Checkpoint("a.npz", each="batch"), ValueError, ["each 'batch'", "epoch, step"]),
    (lambda: save_checkpoint("a.npz", None), TypeError, ["checkpoint: model is None"]),
    (lambda: save_checkpoint("a.npz", NET, 3), TypeError, ["checkpoint: optimizer is 3", "state"]),
    (lambda: save_checkpoint("a.npz", NET, rng=0), TypeError, ["rng is 0", "Generator"]),
    # Evaluate
    (lambda: evaluate(mean, (X, Y)), TypeError, ["evaluate: model is <function mean"]),
    (lambda: evaluate(NET, X), TypeError, ["evaluate: data is a ndarray of 6"]),
    (lambda: evaluate(NET, (X, Y), batch_size=0), ValueError, ["size is 0"]),
    (lambda: evaluate(NET, (X, Y), lambda o, y: o), ValueError, ["evaluate: the loss has shape"]),
    (
        lambda: evaluate(NET, (X, X), mean, metrics=["accuracy"]),
        ValueError,
        ["accuracy: outputs (6, 2) and targets (6, 3) float64 are no classes"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("misuse", "error", "said"), MISUSES)
def test_a_misuse_is_named_and_changes_nothing(misuse, error, said):
    NET.zero_grad()
    nn.cross_entropy(NET(X), Y).backward()
    before = NET.state_dict()
    grads = [p.grad.copy() for p in NET.parameters()]
    with pytest.raises(error) as caught:
        misuse()
    for words in said:
        assert words in str(caught.value)
    assert all(np.array_equal(before[path], p.data) for path, p in NET.named_parameters())
    assert all(np.array_equal(g, p.grad) for g, p in zip(grads, NET.parameters(), strict=True))
    assert not RULE.state_dict()["state"]
    assert NET.training


def test_an_optimizer_made_before_the_model_was_changed_is_a_warning():
    net = nn.MLP([3, 4, 2], rng=0)
    rule = optim.SGD(net.parameters())
    net.layers[2] = nn.Linear(4, 2, rng=1)
    with pytest.warns(UserWarning, match=r"not layers\.2\.weight, layers\.2\.bias") as caught:
        fit(net, (X, Y), rule, epochs=1, progress=False)
    assert caught[0].filename == __file__
    assert "optim.SGD(model.parameters())" in str(caught[0].message)


@pytest.mark.parametrize(
    ("outputs", "targets", "expected"),
    [
        ([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]], [0, 0, 0], [True, False, True]),
        ([[1.0, 0.0, 5.0]], [[0.1, 0.2, 0.7]], [True]),
        ([[0.5], [-0.5], [0.0]], [1, 1, 0], [True, False, True]),
        ([0.5, -0.5, -0.1], [1.0, 1.0, -1.0], [True, False, True]),
        ([[0.5], [-0.5]], [[1], [0]], [True, True]),
        ([0.5, -0.5], [True, True], [True, False]),
    ],
)
def test_accuracy_of_each_row(outputs, targets, expected):
    assert accuracy(np.array(outputs), np.array(targets)).tolist() == expected


@pytest.mark.parametrize(
    ("outputs", "targets", "expected"),
    [
        ([[1.0], [5.0]], [2.0, 2.0], [1.0, 3.0]),
        ([1.0, 5.0], [[2.0], [2.0]], [1.0, 3.0]),
        ([[1.0, 5.0]], [[2.0, 2.0]], [2.0]),
    ],
)
def test_mean_absolute_error_of_each_row(outputs, targets, expected):
    assert mae(np.array(outputs), np.array(targets)).tolist() == expected


@pytest.mark.parametrize(("outputs", "targets"), [((3,), (2,)), ((3, 2), (3,)), ((2, 3), (3, 2))])
def test_mean_absolute_error_of_shapes_that_differ(outputs, targets):
    with pytest.raises(ValueError, match=r"mae: outputs .* and targets .* differ; give one"):
        mae(np.zeros(outputs), np.zeros(targets))


@pytest.mark.parametrize(
    ("outputs", "targets"),
    [((3,), (2,)), ((3, 1), (3, 2)), ((3, 2), (2,)), ((3, 2, 2), (3,)), ((), ())],
)
def test_accuracy_of_what_is_no_classification(outputs, targets):
    with pytest.raises(ValueError, match=r"accuracy: outputs .* are no classes"):
        accuracy(np.zeros(outputs), np.zeros(targets, int))
