"""The loop does what a loop written out by hand does, and tells what it saw."""

import gc
import threading

import numpy as np
import pytest

import microgd as mg
from microgd import data, nn, optim
from microgd.train import Callback, History, NotFiniteError, evaluate, fit

X = np.random.default_rng(0).normal(size=(23, 3))
Y = np.random.default_rng(1).integers(0, 4, 23)


def model(dtype=float):
    return nn.MLP([3, 5, 4], activation="tanh", rng=0, dtype=dtype)


def quiet(net, points, rule, *more, **options):
    return fit(net, points, rule, *more, progress=False, **options)


def by_hand(net, rule, batches, epochs):
    """Loss, accuracy (of an epoch) and last gradient norms, in the plainest way."""
    rows = []
    for _ in range(epochs):
        losses, right = [], []
        for x, y in batches:
            outputs = net(x)
            each = nn.cross_entropy(outputs, y, reduction="none")
            losses += each.data.tolist()
            right += (outputs.data.argmax(axis=1) == y).tolist()
            rule.zero_grad()
            each.mean().backward()
            norms = {path: np.linalg.norm(p.grad) for path, p in net.named_parameters()}
            rule.step()
        rows.append((np.mean(losses), np.mean(right), norms))
    return rows


@pytest.mark.parametrize("size", [None, 1, 5, 23, 100])
def test_fit_is_the_loop_written_out(size):
    ours, plain = model(), model()
    rule, other = (optim.Adam(net.parameters(), lr=0.02) for net in (ours, plain))
    history = quiet(ours, (X, Y), rule, epochs=4, batch_size=size, rng=7)
    expected = by_hand(plain, other, data.batches(X, Y, size, rng=7), 4)
    for p, q in zip(ours.parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(history["loss"], [row[0] for row in expected], rtol=1e-12)
    np.testing.assert_allclose(history["accuracy"], [row[1] for row in expected], rtol=1e-15)
    for path, norms in history.grad_norms.items():
        np.testing.assert_allclose(norms, [row[2][path] for row in expected], rtol=1e-9)
    steps = 1 if size is None else -(-23 // size)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["step"].tolist() == [steps * n for n in (1, 2, 3, 4)]
    assert history["lr"].tolist() == [0.02] * 4


def test_a_row_for_every_step():
    net = model()
    rule = optim.SGD(net.parameters(), lr=0.1)
    history = quiet(net, (X, Y), rule, epochs=2, batch_size=10, every="step", validation=(X, Y))
    assert history["epoch"].tolist() == [1, 1, 1, 2, 2, 2]
    assert history["step"].tolist() == [1, 2, 3, 4, 5, 6]
    again = model()
    rule = optim.SGD(again.parameters(), lr=0.1)
    per_epoch = quiet(again, (X, Y), rule, epochs=2, batch_size=10)
    weights = [10, 10, 3]
    for name in ("loss", "accuracy"):
        means = [np.average(part, weights=weights) for part in np.split(history[name], 2)]
        np.testing.assert_allclose(means, per_epoch[name], rtol=1e-14)
    assert np.isnan(history["val_loss"]).tolist() == [True, True, False] * 2
    assert history["val_loss"][-1] == evaluate(net, (X, Y))["loss"]


def test_the_epochs_loss_weighs_a_short_last_batch_by_its_rows():
    net = model()
    rule = optim.SGD(net.parameters(), lr=0.0)
    history = quiet(net, (X, Y), rule, epochs=1, batch_size=10)
    assert history["loss"][0] == pytest.approx(evaluate(net, (X, Y))["loss"], rel=1e-14)
    assert history["accuracy"][0] == evaluate(net, (X, Y))["accuracy"]


def test_groups_have_a_column_of_rates_each():
    net = model()
    first, second = net.layers[0].parameters(), net.layers[2].parameters()
    rule = optim.SGD([{"params": first, "lr": 0.1}, {"params": second, "lr": 0.01}])
    history = quiet(net, (X, Y), rule, epochs=2)
    assert history["lr.0"].tolist() == [0.1, 0.1]
    assert history["lr.1"].tolist() == [0.01, 0.01]


@pytest.mark.parametrize("points", [data.Dataset(X, Y), (X, Y), [X.tolist(), Y.tolist()]])
def test_data_in_every_form_train_the_same(points):
    nets = model(), model()
    for net, given in zip(nets, (points, data.batches(X, Y, 6, rng=3)), strict=True):
        own = {} if isinstance(given, data.Batches) else {"batch_size": 6, "rng": 3}
        quiet(net, given, optim.SGD(net.parameters(), lr=0.1), epochs=2, **own)
    for p, q in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert np.array_equal(p.data, q.data)


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    def last(rng):
        net = model()
        quiet(net, (X, Y), optim.Adam(net.parameters()), epochs=3, batch_size=4, rng=rng)
        return net.layers[0].weight.data

    assert np.array_equal(last(5), last(5))
    assert not np.array_equal(last(5), last(6))


def test_float32_stays_float32():
    net = model(np.float32)
    rule = optim.Adam(net.parameters())
    quiet(net, (X.astype(np.float32), Y), rule, epochs=2)
    assert {p.data.dtype for p in net.parameters()} == {np.dtype(np.float32)}
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype(np.float32)}


def test_a_regression_has_no_accuracy_and_metrics_of_ones_own():
    points = data.line(40, noise=0.0, rng=0)
    net = nn.Linear(1, 1, rng=0)

    def squared(outputs, targets):
        return (outputs - targets.reshape(-1, 1)) ** 2

    history = quiet(
        net,
        points,
        optim.SGD(net.parameters(), lr=0.1),
        lambda out, y: ((out - y.reshape(-1, 1)) ** 2).mean(),
        30,
        batch_size=7,
        metrics={
            "mse": lambda *pair: squared(*pair).mean(),
            "each": lambda *pair: squared(*pair)[:, 0],
        },
        validation=points,
    )
    assert "accuracy" not in history.columns
    np.testing.assert_allclose(history["mse"], history["loss"], rtol=1e-12)
    np.testing.assert_allclose(history["each"], history["loss"], rtol=1e-12)
    np.testing.assert_allclose(history["val_mse"], history["val_loss"], rtol=1e-12)
    assert history["loss"][-1] < 1e-3 * history["loss"][0]


def notes(moment, seen):
    return lambda self, run: seen.append((moment.removeprefix("on_"), run.epoch, run.step))


def test_callbacks_are_called_at_their_moments():
    seen = []
    moments = [name for name in vars(Callback) if name.startswith("on_")]
    notebook = type("Notebook", (Callback,), {name: notes(name, seen) for name in moments})()
    net = model()
    quiet(net, (X, Y), optim.SGD(net.parameters()), epochs=2, batch_size=12, callbacks=[notebook])
    step = ["batch_begin", "backward_end", "batch_end"]
    epoch = ["epoch_begin", *step, *step, "epoch_end"]
    assert [name for name, *_ in seen] == ["train_begin", *epoch, *epoch, "train_end"]
    places = [at for name, *at in seen if name == "batch_end"]
    assert places == [[1, 1], [1, 2], [2, 3], [2, 4]]


def test_backward_end_may_change_the_gradients_and_sees_the_graph():
    class Freeze(Callback):
        graphs = 0

        def on_backward_end(self, run):
            self.graphs += run.graph.op is not None and run.graph.item() == run.loss
            for p in run.model.parameters():
                p.grad = np.zeros(p.shape)

        def on_batch_end(self, run):
            assert run.graph is None

    net, freeze = model(), Freeze()
    before = net.state_dict()
    history = quiet(net, (X, Y), optim.SGD(net.parameters(), lr=1.0), epochs=2, callbacks=[freeze])
    assert all(np.array_equal(before[path], p.data) for path, p in net.named_parameters())
    assert all(norms.tolist() == [0.0, 0.0] for norms in history.grad_norms.values())
    assert freeze.graphs == 2


def test_a_callback_may_change_the_rate_and_the_data():
    class Harder(Callback):
        def on_epoch_begin(self, run):
            run.optimizer.param_groups[0]["lr"] = 0.1 / run.epoch
            run.batches = data.batches(X[: 5 * run.epoch], Y[: 5 * run.epoch], 5)

    net = model()
    history = quiet(net, (X, Y), optim.SGD(net.parameters()), epochs=3, callbacks=[Harder()])
    assert history["lr"].tolist() == [0.1, 0.1 / 2, 0.1 / 3]
    assert history["step"].tolist() == [1, 3, 6]


@pytest.mark.parametrize(("stop", "rows"), [(1, 0), (2, 0), (3, 1), (4, 1), (6, 2)])
def test_stop_ends_after_the_step(stop, rows):
    class Stop(Callback):
        def on_batch_end(self, run):
            run.stop = run.step == stop

    net = model()
    history = quiet(
        net, (X, Y), optim.SGD(net.parameters()), epochs=5, batch_size=9, callbacks=[Stop()]
    )
    assert (history.step, len(history), history.epoch) == (stop, rows, rows)
    assert not history.interrupted


def test_modes_are_training_inside_evaluation_in_validation_and_restored_after():
    class Spy(nn.Module):
        def __init__(self):
            self.dense, self.modes = nn.Linear(3, 4, rng=0), []
            self.frozen = nn.Linear(1, 1, rng=0).eval()

        def forward(self, x):
            self.modes.append(self.training)
            return self.dense(x)

    net = Spy()
    quiet(net, (X, Y), optim.SGD(net.dense.parameters()), epochs=2, validation=(X, Y))
    assert net.modes == [True, False, True, False]
    assert net.training
    assert not net.frozen.training
    net.eval()
    quiet(net, (X, Y), optim.SGD(net.dense.parameters()), epochs=1)
    assert not net.training


def test_validation_changes_nothing():
    nets = model(), model()
    for net, validation in zip(nets, (None, (X[:5], Y[:5])), strict=True):
        rule = optim.Adam(net.parameters())
        quiet(net, (X, Y), rule, epochs=3, batch_size=4, validation=validation)
    for p, q in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert np.array_equal(p.data, q.data)


def test_parameters_left_out_of_the_optimizer_stay_and_gather_no_gradient():
    net = model()
    before = net.layers[0].weight.data.copy()
    history = quiet(net, (X, Y), optim.SGD(net.layers[2].parameters()), epochs=3)
    assert np.array_equal(before, net.layers[0].weight.data)
    norms = history.grad_norms["layers.0.weight"]
    assert norms.max() < 2 * norms.min()


@pytest.mark.parametrize("every", ["epoch", "step"])
def test_the_whole_norm_is_the_one_before_callbacks_and_the_parts_those_after(every):
    class Halve(Callback):
        def on_backward_end(self, run):
            for p in run.model.parameters():
                p.gradient = p.gradient / 2

    for callbacks, factor in (((), 1), ((Halve(),), 2)):
        net = model()
        rule = optim.SGD(net.parameters(), lr=0.1)
        history = quiet(net, (X, Y), rule, epochs=3, every=every, callbacks=callbacks)
        parts = np.stack(list(history.grad_norms.values()))
        expected = factor * np.linalg.norm(parts, axis=0)
        np.testing.assert_allclose(history["grad_norm"], expected, rtol=1e-14)


def test_a_callback_may_mend_a_gradient_that_is_not_finite():
    class Mend(Callback):
        def on_backward_end(self, run):
            for p in run.model.parameters():
                p.gradient = np.ones_like(p.value)

    class Break(Callback):
        def on_backward_end(self, run):
            run.model.layers[0].bias.gradient = np.full(5, np.inf)

    net = model()
    rule = optim.SGD(net.parameters(), lr=0.1)
    history = quiet(net, (X, Y), rule, epochs=1, callbacks=[Break(), Mend()])
    assert history.grad_norms["layers.0.bias"][0] == pytest.approx(5**0.5, rel=1e-15)


@pytest.mark.parametrize("bad", [2, 5])
def test_a_loss_that_is_no_number_stops_before_its_step(bad):
    before = {}

    class Copy(Callback):
        def on_batch_begin(self, run):
            before.update(run.model.state_dict())

    calls = iter(range(1, 100))

    def loss(outputs, targets):
        return nn.cross_entropy(outputs, targets) * (np.nan if next(calls) == bad else 1.0)

    net = model()
    rule = optim.Adam(net.parameters())
    with pytest.raises(NotFiniteError, match=r"mg\.detect_anomaly") as caught:
        quiet(net, (X, Y), rule, loss, 3, batch_size=8, callbacks=[Copy()])
    epoch, batch = (1, 2) if bad == 2 else (2, 2)
    assert f"the loss is nan in epoch {epoch}, step {bad} (batch {batch} of 3)" in str(caught.value)
    assert "the parameters are as before this step" in str(caught.value)
    assert caught.value.history.step == bad - 1
    assert isinstance(caught.value, FloatingPointError)
    assert all(np.array_equal(before[path], p.data) for path, p in net.named_parameters())
    assert rule.state_dict()["state"][0]["step"] == bad - 1


def test_a_gradient_that_is_not_finite_stops_before_its_step():
    net = nn.Linear(1, 1, rng=0)
    before = net.state_dict()

    def loss(outputs, _targets):  # finite, with an infinite slope
        return mg.sqrt((outputs - outputs.detach()) ** 2).mean()

    with np.errstate(all="ignore"), pytest.raises(NotFiniteError) as caught:
        quiet(net, (X[:, :1], X[:, 0]), optim.SGD(net.parameters()), loss, 1)
    assert "the gradient of weight, bias is not finite in epoch 1, step 1" in str(caught.value)
    assert all(np.array_equal(before[path], p.data) for path, p in net.named_parameters())


def test_parameters_ruined_by_an_earlier_step_are_named():
    class Ruin(Callback):
        def on_batch_end(self, run):
            run.model.layers[2].bias.data = [1.0, np.inf, 0.0, 0.0]

    net = model()
    with np.errstate(all="ignore"), pytest.raises(NotFiniteError, match=r"layers\.2\.bias became"):
        quiet(net, (X, Y), optim.SGD(net.parameters()), batch_size=5, callbacks=[Ruin()])


def test_an_anomaly_is_traced_to_its_operation():
    net = model()

    def loss(outputs, _targets):
        return mg.log(outputs - outputs.data).mean()

    with (
        np.errstate(all="ignore"),
        mg.detect_anomaly(),
        pytest.raises(FloatingPointError, match=r"^log"),
    ):
        quiet(net, (X, Y), optim.SGD(net.parameters()), loss)  # fmt: skip


@pytest.mark.parametrize(
    "moment", ["train_begin", "epoch_begin", "batch_begin", "backward_end", "batch_end",
               "epoch_end", "train_end"],
)  # fmt: skip
def test_an_error_in_a_callback_leaves_things_as_they_were_between_steps(moment):
    ended = []

    class Last(Callback):
        def on_train_end(self, run):
            ended.append(run.failed)

    def fail(self, run):
        if run.step == 3 or moment in {"train_begin", "epoch_begin", "epoch_end", "train_end"}:
            raise KeyError(moment)

    faulty = type("Faulty", (Callback,), {f"on_{moment}": fail})()
    net = model().eval()
    rule = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    with pytest.raises(KeyError, match=moment):
        quiet(net, (X, Y), rule, epochs=2, batch_size=8, callbacks=[Last(), faulty])
    taken = rule.state_dict()["state"].get(0, {"step": 0})["step"]
    assert taken == {"batch_begin": 2, "backward_end": 2, "batch_end": 3, "epoch_end": 3,
                     "train_end": 6}.get(moment, 0)  # fmt: skip
    assert ended == [moment != "train_end"]
    assert not net.training
    again = quiet(net, (X, Y), rule, epochs=1)  # and it can go on
    assert again.step == 1


def test_a_failing_first_forward_pass_leaves_gradients_and_parameters():
    net = model()
    nn.cross_entropy(net(X), Y).backward()
    grads = [p.grad.copy() for p in net.parameters()]
    before = net.state_dict()
    with pytest.raises(ValueError, match=r"\(23, 2\)"):
        quiet(net, (X[:, :2], Y), optim.SGD(net.parameters()))
    assert all(np.array_equal(g, p.grad) for g, p in zip(grads, net.parameters(), strict=True))
    assert all(np.array_equal(before[path], p.data) for path, p in net.named_parameters())


def test_fit_runs_in_a_thread():
    found = []
    net = model()
    rule = optim.SGD(net.parameters())
    thread = threading.Thread(target=lambda: found.append(quiet(net, (X, Y), rule, epochs=2)))
    thread.start()
    thread.join()
    assert isinstance(found[0], History)
    assert found[0].epoch == 2


def test_evaluate_is_the_mean_over_rows_and_changes_nothing():
    net = model()
    before, outputs = net.state_dict(), net(X)
    whole = evaluate(net, data.Dataset(X, Y))
    assert whole["loss"] == pytest.approx(nn.cross_entropy(outputs, Y).item(), rel=1e-14)
    assert whole["accuracy"] == np.mean(outputs.data.argmax(axis=1) == Y)
    recorded = []

    def loss(outputs, targets):
        recorded.append(outputs.requires_grad)
        return nn.cross_entropy(outputs, targets)

    in_parts = evaluate(net, (X, Y), loss, batch_size=4)
    assert recorded == [False] * 6
    assert in_parts["loss"] == pytest.approx(whole["loss"], rel=1e-14)
    assert in_parts["accuracy"] == whole["accuracy"]
    assert all(p.grad is None for p in net.parameters())
    assert all(np.array_equal(before[path], p.data) for path, p in net.named_parameters())
    assert net.training


def test_no_tensor_is_left_behind_without_the_collector():
    def tensors():
        return sum(isinstance(thing, mg.Tensor) for thing in gc.get_objects())

    net = model()
    rule = optim.Adam(net.parameters())
    quiet(net, (X, Y), rule, epochs=1, validation=(X, Y))
    gc.collect()
    gc.disable()
    try:
        before = tensors()
        assert before >= 4
        quiet(net, (X, Y), rule, epochs=50, batch_size=2, validation=(X, Y), every="step")
        assert tensors() == before
    finally:
        gc.enable()
