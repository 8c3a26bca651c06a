"""Scheduled: which rate each step is taken with, and that a resumed run equals a straight one."""

import numpy as np
import pytest
from stopping import SaveAt, StopAt

from microgd import data, nn, optim
from microgd.train import (
    Checkpoint,
    CheckpointError,
    EarlyStopping,
    Scheduled,
    fit,
)

ROWS, SIZE, EPOCHS, PER = 7, 4, 6, 2  # PER: steps an epoch
STEPS = EPOCHS * PER
X = np.random.default_rng(0).normal(size=(ROWS, 3))
Y = np.random.default_rng(1).integers(0, 2, ROWS)


def sequence(rule):
    parts = [optim.LinearLR(rule, 0.1, total_iters=2), optim.CyclicLR(rule, 0.01, 0.2, 2)]
    return optim.SequentialLR(rule, [*parts, optim.CosineAnnealingWarmRestarts(rule, 2)], [2, 4])


SCHEDULES = {
    "cosine": lambda rule: optim.CosineAnnealingLR(rule, EPOCHS),
    "one cycle": lambda rule: optim.OneCycleLR(rule, [0.2, 0.1], STEPS),
    "plateau": lambda rule: optim.ReduceLROnPlateau(rule, factor=0.5, patience=0, threshold=0.1),
    "sequence": sequence,
}


class Parts:
    """A fresh set of all that a run is made of."""

    def __init__(self, name="cosine", each="epoch", seed=0):
        self.model = nn.MLP([3, 4, 2], activation="tanh", rng=seed)
        w, *rest = self.model.parameters()
        self.rule = optim.SGD([{"params": [w], "lr": 0.3}, {"params": rest}], 0.1, momentum=0.9)
        self.schedule = SCHEDULES[name](self.rule)
        self.scheduled = Scheduled(
            self.schedule, each, monitor="loss" if each == "step" else "val_loss"
        )

    def run(self, *callbacks, resume=None, epochs=EPOCHS, every="step"):
        self.history = fit(
            self.model,
            data.batches(X, Y, SIZE, rng=0),
            self.rule,
            epochs=epochs,
            validation=(X[:5], Y[:5]),
            callbacks=[self.scheduled, *callbacks],
            every=every,
            progress=False,
            resume=resume,
        )
        return self

    def state(self):
        """All of it, as bytes and text."""
        weights = [p.data.tobytes() for p in self.model.parameters()]
        history = self.history.state_dict()
        columns = {name: column.tobytes() for name, column in history.pop("columns").items()}
        return weights, repr(self.rule.state_dict()), self.schedule.state_dict(), history, columns


@pytest.mark.parametrize("each", ["epoch", "step"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_stopped_after_any_step_and_resumed_to_the_bit(name, each, tmp_path):
    straight = Parts(name, each).run().state()
    assert len({straight[4]["lr.0"][i : i + 8] for i in range(0, STEPS * 8, 8)}) > 2
    for step in range(1, STEPS + 1):
        path = tmp_path / "run.npz"
        Parts(name, each).run(StopAt(step), Checkpoint(path))
        resumed = Parts(name, each, seed=step).run(resume=path)
        assert resumed.state() == straight, f"stopped after step {step}"


@pytest.mark.parametrize("each", ["epoch", "step"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_killed_after_any_step_and_resumed_to_the_bit(name, each, tmp_path):
    straight = Parts(name, each).run().state()
    for step in range(1, STEPS + 1):
        path = tmp_path / "run.npz"
        Parts(name, each).run(SaveAt(step, path))
        resumed = Parts(name, each, seed=step).run(resume=path)
        assert resumed.state() == straight, f"killed after step {step}"


@pytest.mark.parametrize("each", ["epoch", "step"])
def test_the_history_has_the_rate_that_a_step_was_taken_with(each):
    parts = Parts("cosine", each)
    expected = parts.schedule.preview(STEPS)
    lr = parts.run().history["lr.0"]
    steps = np.arange(STEPS)
    np.testing.assert_array_equal(lr, expected[steps if each == "step" else steps // PER, 0])


def test_a_plateau_follows_the_column_that_it_is_told():
    parts = Parts("plateau").run(every="epoch")
    metrics = parts.history["val_loss"]
    np.testing.assert_array_equal(
        np.stack([parts.history["lr.0"], parts.history["lr.1"]], axis=1),
        Parts("plateau").schedule.preview(EPOCHS, metrics),
    )
    other = Parts("plateau")
    other.scheduled = Scheduled(other.schedule, monitor="val_accuracy")
    other.run(every="epoch")
    assert other.schedule.memory.best == min(other.history["val_accuracy"])


def test_a_plateau_after_each_step_is_told_the_loss_of_the_batch():
    parts = Parts("plateau", "step").run()
    expected = Parts("plateau").schedule.preview(STEPS, parts.history["loss"])
    np.testing.assert_array_equal(parts.history["lr.0"], expected[:, 0])


def test_a_run_may_be_prolonged_with_a_longer_schedule(tmp_path):
    path = tmp_path / "run.npz"
    Parts().run(Checkpoint(path), epochs=3)
    longer = Parts()
    longer.schedule = optim.CosineAnnealingLR(longer.rule, 2 * EPOCHS)
    longer.scheduled = Scheduled(longer.schedule)
    longer.run(resume=path, every="step")
    expected = longer.schedule.preview(EPOCHS)[3:, 0]
    np.testing.assert_array_equal(longer.history["lr.0"][3 * PER :: PER], expected)


def test_several_schedules_and_other_callbacks_are_resumed_side_by_side(tmp_path):
    path = tmp_path / "run.npz"

    def run(*more, resume=None):
        parts = Parts()
        plateau = Scheduled(optim.ReduceLROnPlateau(parts.rule, patience=100))
        return parts.run(plateau, EarlyStopping(patience=100), *more, resume=resume)

    run(StopAt(7), Checkpoint(path))
    assert run(resume=path).state() == run().state()


def test_a_checkpoint_of_another_schedule_is_refused_and_nothing_is_changed(tmp_path):
    path = tmp_path / "run.npz"
    Parts("cosine").run(Checkpoint(path), epochs=1)
    other = Parts("plateau", seed=1)
    before = [p.data.tobytes() for p in other.model.parameters()], repr(other.rule.state_dict())
    with pytest.raises(CheckpointError) as error:
        other.run(resume=path)
    assert "ReduceLROnPlateau.load_state_dict: the state is of CosineAnnealingLR" in str(
        error.value
    )
    after = [p.data.tobytes() for p in other.model.parameters()], repr(other.rule.state_dict())
    assert after == before
    assert other.schedule.last_epoch == 0


# Misuse


@pytest.mark.parametrize("wrong", [None, optim.StepLR, 0.1])
def test_it_takes_a_schedule(wrong):
    with pytest.raises(TypeError) as error:
        Scheduled(wrong)
    assert str(error.value).startswith("Scheduled: schedule is ")
    assert str(error.value).endswith(
        "; give one such as optim.CosineAnnealingLR(optimizer, T_max=10)"
    )


def test_it_is_stepped_each_epoch_or_each_step():
    with pytest.raises(ValueError) as error:
        Scheduled(Parts().schedule, "batch")
    assert str(error.value) == "Scheduled: each 'batch' is unknown; there are epoch, step"


def test_a_schedule_of_another_optimizer_is_refused_before_training():
    parts = Parts()
    parts.scheduled = Parts().scheduled
    before = [p.data.tobytes() for p in parts.model.parameters()]
    with pytest.raises(ValueError) as error:
        parts.run()
    assert str(error.value) == (
        "Scheduled: CosineAnnealingLR(T_max=6) is of another optimizer than the run's SGD; make it"
        " with the optimizer that fit is given"
    )
    assert [p.data.tobytes() for p in parts.model.parameters()] == before


def test_what_is_monitored_is_a_column():
    parts = Parts("plateau")
    parts.scheduled = Scheduled(parts.schedule, monitor="val_los")
    with pytest.raises(ValueError) as error:
        parts.run()
    assert "Scheduled: monitor 'val_los' is unknown; did you mean 'val_loss'?" in str(error.value)


def test_after_each_step_only_the_loss_is_there():
    with pytest.raises(ValueError) as error:
        Scheduled(Parts("plateau").schedule, "step")
    assert str(error.value) == (
        "Scheduled: monitor is 'val_loss', and after each step there is but the loss; give"
        " each='epoch' or monitor='loss'"
    )
