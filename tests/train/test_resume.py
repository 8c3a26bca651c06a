"""A run that was stopped and resumed in new objects equals the uninterrupted one to the bit."""

import signal

import numpy as np
import pytest
from stopping import SaveAt, StopAt

from microgd import Tensor, data, nn, optim
from microgd.train import (
    Callback,
    Checkpoint,
    History,
    fit,
    load_checkpoint,
    save_checkpoint,
)

EPOCHS, ROWS, SIZE = 7, 11, 4
STEPS = EPOCHS * 3
X = np.random.default_rng(0).normal(size=(ROWS, 3))
Y = np.random.default_rng(1).integers(0, 2, ROWS)


class Noisy(nn.Module):
    """A network with all that a state can hold: parameters, a buffer and a generator."""

    def __init__(self, seed, dtype):
        self.dense = nn.MLP([3, 4, 2], activation="tanh", rng=seed, dtype=dtype)
        self.seen = Tensor(np.zeros(3, dtype))
        self.rng = np.random.default_rng(seed)

    def forward(self, x):
        if self.training:
            self.seen.data = self.seen.data + x.sum(axis=0)
            x = x + 0.1 * self.rng.normal(size=x.shape).astype(x.dtype)
        return self.dense(x)


class Decay(Callback):
    """A schedule with a memory."""

    def __init__(self):
        self.losses = []

    def on_batch_end(self, run):
        self.losses.append(run.loss)
        run.optimizer.param_groups[0]["lr"] *= 0.9

    def on_epoch_begin(self, run):
        run.optimizer.param_groups[0]["lr"] *= 1.1

    def state_dict(self):
        return {"losses": list(self.losses)}

    def load_state_dict(self, state):
        self.losses = list(state["losses"])


RULES = {
    "adam": lambda p: optim.Adam(p, lr=0.03, weight_decay=0.01),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "groups": lambda p: optim.Adam(
        [{"params": p[:2], "lr": np.float64(0.01)}, {"params": p[2:], "betas": (0.5, 0.9)}]
    ),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.1, initial_accumulator_value=0.1),
    "adadelta": lambda p: optim.Adadelta(p, rho=0.95, weight_decay=0.01),
    "rmsprop": lambda p: optim.RMSprop(p, centered=True, momentum=0.9),
    "amsgrad and none": lambda p: optim.Adam(
        [{"params": p[:1], "amsgrad": True}, {"params": p[1:]}], lr=0.03
    ),
    "adamw": lambda p: optim.AdamW(p, lr=0.03, weight_decay=0.1),
}


class Parts:
    """A fresh set of all that a run is made of; `seed` makes sure that nothing is equal yet."""

    def __init__(self, rule, dtype=float, seed=0, every="epoch", size=SIZE):
        self.model = Noisy(seed, dtype)
        self.optimizer = RULES[rule](self.model.parameters())
        self.batches = data.batches(X.astype(dtype), Y, size, rng=100 + seed)
        self.decay, self.every = Decay(), every

    def run(self, *callbacks, resume=None, epochs=EPOCHS):
        self.history = fit(
            self.model,
            self.batches,
            self.optimizer,
            epochs=epochs,
            validation=(X[:5].astype(self.model.seen.dtype), Y[:5]),
            callbacks=[self.decay, *callbacks],
            every=self.every,
            progress=False,
            resume=resume,
        )
        return self

    def state(self):
        """All of it, as bytes and text."""
        arrays = {path: (p.dtype.str, p.tobytes()) for path, p in self.model.state_dict().items()}
        rule = self.optimizer.state_dict()
        moments = {
            (number, slot): np.asarray(value).tobytes()
            for number, slots in rule["state"].items()
            for slot, value in slots.items()
        }
        history = self.history.state_dict()
        columns = {name: column.tobytes() for name, column in history.pop("columns").items()}
        return {
            "model": arrays,
            "rng": self.model.rng.bit_generator.state,
            "moments": moments,
            "groups": repr(rule["param_groups"]),
            "batches": repr(self.batches.state_dict()),
            "history": history,
            "columns": columns,
            "losses": self.decay.losses,
        }


@pytest.mark.parametrize("every", ["epoch", "step"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rule", RULES)
def test_stopped_after_any_step_and_resumed(rule, dtype, every, tmp_path):
    straight = Parts(rule, dtype, every=every).run().state()
    for step in range(1, STEPS + 1):
        path = tmp_path / "run.npz"
        stopped = Parts(rule, dtype, every=every).run(StopAt(step), Checkpoint(path, every=3))
        assert stopped.history.step == step
        resumed = Parts(rule, dtype, seed=step, every=every).run(resume=path)
        assert resumed.state() == straight, f"stopped after step {step}"


@pytest.mark.parametrize("size", [None, 1, 4, 11])
def test_killed_after_any_step_and_resumed(size, tmp_path):
    straight = Parts("adam", size=size).run(epochs=3).state()
    for step in range(1, straight["history"]["step"] + 1):
        path = tmp_path / "run.npz"
        Parts("adam", size=size).run(SaveAt(step, path), epochs=3)
        resumed = Parts("adam", size=size, seed=1).run(resume=path, epochs=3)
        assert resumed.state() == straight, f"killed after step {step}"


def test_the_same_run_writes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        Parts("adam").run(Checkpoint(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_stopped_many_times(tmp_path):
    straight, path = Parts("groups").run().state(), tmp_path / "run.npz"
    resume = None
    for step in (1, 2, 6, 7, 12, 20, 21):
        last = Parts("groups", seed=step if resume else 0)
        last.run(StopAt(step), Checkpoint(path), resume=resume)
        resume = path
    assert last.state() == straight


def test_a_finished_run_may_be_prolonged(tmp_path):
    path = tmp_path / "run.npz"
    Parts("adam").run(Checkpoint(path), epochs=4)
    assert Parts("adam", seed=1).run(resume=path).state() == Parts("adam").run().state()


def test_a_finished_run_is_not_trained_again(tmp_path):
    path = tmp_path / "run.npz"
    done = Parts("adam").run(Checkpoint(path)).state()
    written = path.read_bytes()
    assert Parts("adam", seed=1).run(Checkpoint(path), resume=path).state() == done
    assert path.read_bytes() == written


def test_a_loop_of_ones_own_is_resumed(tmp_path):
    def parts(seed):
        net = nn.MLP([3, 4, 2], rng=seed)
        rule = optim.Adam(net.parameters())
        return net, rule, data.batches(X, Y, 3, rng=seed), np.random.default_rng(seed)

    def train(net, rule, batches, rng, stop=None, path=tmp_path / "own.npz"):
        while batches.epoch < 3:
            for x, y in batches:
                loss = nn.cross_entropy(net(x + rng.normal(size=x.shape)), y)
                rule.zero_grad()
                loss.backward()
                rule.step()
                if (batches.epoch, batches.position) == stop:
                    save_checkpoint(path, net, rule, batches, noise=rng)
                    return None
        return [p.data.tobytes() for p in net.parameters()]

    straight = train(*parts(0))
    for epoch in range(3):
        for position in range(1, 5):
            assert train(*parts(0), stop=(epoch, position)) is None
            net, rule, batches, rng = parts(1)
            load_checkpoint(tmp_path / "own.npz", net, rule, batches, noise=rng)
            assert train(net, rule, batches, rng) == straight


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_kind_of_generator_goes_on(kind, tmp_path):
    def made(seed):
        return np.random.Generator(getattr(np.random, kind)(seed))

    path, net, rng = tmp_path / "rng.npz", nn.Linear(1, 1), made(0)
    rng.integers(5, dtype=np.int32)  # leaves half a word behind
    save_checkpoint(path, net, rng=rng)
    wanted = rng.integers(1000, size=9, dtype=np.int32).tolist()
    other = made(1)
    load_checkpoint(path, net, rng=other)
    assert other.integers(1000, size=9, dtype=np.int32).tolist() == wanted


def test_the_layout_of_an_array_in_memory_makes_no_difference(tmp_path):
    start = np.asfortranarray(np.random.default_rng(0).normal(size=(401, 37)))

    class Table(nn.Module):
        def __init__(self, values):
            self.weight = nn.Parameter(values)

        def forward(self, x):
            return (self.weight * self.weight).sum() * x  # added up in the order of the memory

    def trained(net, *callbacks, resume=None):
        history = fit(
            net,
            (X, Y),
            optim.SGD(net.parameters(), lr=1e-9),
            lambda out, y: out.mean() ** 2,
            epochs=6,
            batch_size=4,
            every="step",
            callbacks=callbacks,
            progress=False,
            resume=resume,
        )
        return history["loss"].tolist()

    path = tmp_path / "run.npz"
    trained(Table(start), StopAt(5), Checkpoint(path))
    assert trained(Table(0 * start), resume=path) == trained(Table(start))


class Press(Callback):
    """Ctrl-C while a step is under way."""

    def __init__(self, step, times=1):
        self.step, self.times = step, times

    def on_backward_end(self, run):
        if run.step == self.step:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("step", [1, 3, 5, STEPS])
def test_ctrl_c_ends_after_the_step_and_the_run_goes_on_from_there(step, tmp_path):
    handler, path = signal.getsignal(signal.SIGINT), tmp_path / "run.npz"
    stopped = Parts("adam").run(Press(step), Checkpoint(path, every=100))
    assert (stopped.history.step, stopped.history.interrupted) == (step, True)
    assert signal.getsignal(signal.SIGINT) is handler
    resumed = Parts("adam", seed=1).run(resume=path)
    assert not resumed.history.interrupted
    assert resumed.state() == Parts("adam").run().state()


def test_a_second_ctrl_c_ends_at_once(tmp_path):
    handler, path = signal.getsignal(signal.SIGINT), tmp_path / "run.npz"
    parts = Parts("adam")
    with pytest.raises(KeyboardInterrupt):
        parts.run(Press(5, times=2), Checkpoint(path))
    assert parts.optimizer.state_dict()["state"][0]["step"] == 4
    assert signal.getsignal(signal.SIGINT) is handler
    saved = History()
    load_checkpoint(path, parts.model, history=saved)
    assert saved.step == 3, "the last good file stays"


def test_ctrl_c_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert Parts("adam").run(Press(2)).history.step == STEPS
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_of_ones_own_is_put_back():
    seen = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    mine = signal.getsignal(signal.SIGINT)
    try:
        assert Parts("adam").run(Press(2, times=2)).history.step == 2
        assert seen == [signal.SIGINT], "the second one is mine"
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)
