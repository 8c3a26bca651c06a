"""Networks side by side, and flow over training."""

import numpy as np
import pytest

import microgd as mg
from microgd import data, nn, optim
from microgd.explain.flow import flow
from microgd.train import Callback, Checkpoint, fit

MOONS = data.moons(64, rng=0)


def net(name, seed=0, sizes=(2, 8, 8, 2)):
    return nn.MLP(sizes, name, init="kaiming_normal", rng=seed)


def test_each_flow_is_its_own():
    models = {name: net(name) for name in ("sigmoid", "relu", "tanh")}
    found = mg.explain.compare(models, MOONS)
    assert list(found.flows) == ["sigmoid", "relu", "tanh"]
    for name, model in models.items():
        assert found.flows[name] == flow(model, MOONS)


def test_the_first_difference_is_marked_wherever_it_is():
    same = mg.explain.compare({"a": net("relu"), "b": net("relu")}, MOONS)
    assert same.parting is None
    activation = mg.explain.compare({"a": net("relu"), "b": net("tanh")}, MOONS)
    assert activation.parting == 1
    weights = mg.explain.compare({"a": net("relu"), "b": net("relu", seed=1)}, MOONS)
    assert weights.parting == 0
    other = net("relu")
    other.layers[4].bias.data = [0.0, 1.0]
    assert mg.explain.compare({"a": net("relu"), "b": other}, MOONS).parting == 4
    longer = mg.explain.compare({"a": nn.Sequential(*net("relu").layers[:1]),
                                 "b": nn.Sequential(*net("relu").layers[:2])}, MOONS,
                                loss=lambda out, y: (out * out).mean())  # fmt: skip
    assert longer.parting == 1


def test_it_takes_two():
    with pytest.raises(ValueError, match=r"compare: 1 models; give at least two"):
        mg.explain.compare({"a": net("relu")}, MOONS)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_table_fits(width):
    from microgd.draw.flows import text

    found = mg.explain.compare({name: net(name) for name in ("sigmoid", "relu")}, MOONS)
    lines = text(found, width).splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    assert [line.split()[0] for line in lines[2:]] == [f"layers.{i}" for i in (4, 3, 2, 1, 0)]
    assert [" < " in line for line in lines[2:]] == [False, False, False, True, False]


class Watch(Callback):
    """What a recorder has to find, measured by itself."""

    def __init__(self):
        self.flows = []

    def on_backward_end(self, run):
        if run.batches.position == len(run.batches):
            self.flows.append(flow(run.model, run.graph))


def trained(*callbacks, epochs=6, batch_size=16, resume=None):
    model = net("tanh")
    rule = optim.SGD(model.parameters(), lr=0.1)
    fit(model, MOONS, rule, epochs=epochs, batch_size=batch_size, callbacks=callbacks,
        progress=False, resume=resume)  # fmt: skip
    return model


def test_a_recorder_keeps_the_flow_of_every_epoch():
    recorder, watch = mg.explain.FlowRecorder(every=1), Watch()
    trained(recorder, watch)
    assert recorder.epochs == [1, 2, 3, 4, 5, 6]
    assert recorder.steps == [4, 8, 12, 16, 20, 24]
    assert recorder.modules == tuple(f"layers.{i}" for i in range(5))
    assert len(recorder) == 6
    for quantity in ("share", "at_output", "gain", "std", "of_weights"):
        expected = [[getattr(row, quantity) for row in found] for found in watch.flows]
        np.testing.assert_array_equal(recorder[quantity], np.array(expected, float).T)
    with pytest.raises(ValueError, match=r"quantity 'shar' is unknown; did you mean 'share'"):
        recorder["shar"]


def test_the_interval_is_held_and_the_last_epoch_is_there():
    recorder = mg.explain.FlowRecorder(every=9)
    trained(recorder, epochs=8)
    assert recorder.epochs == [1, 4, 7, 8]


def test_training_is_as_without_a_recorder():
    alone, watched = trained(), trained(mg.explain.FlowRecorder(every=1))
    for name, value in alone.state_dict().items():
        np.testing.assert_array_equal(watched.state_dict()[name], value)


def test_a_resumed_run_goes_on_recording(tmp_path):
    whole = mg.explain.FlowRecorder(every=1)
    trained(whole)
    trained(mg.explain.FlowRecorder(every=1), Checkpoint(tmp_path / "run.npz"), epochs=3)
    resumed = mg.explain.FlowRecorder(every=1)
    trained(resumed, Checkpoint(tmp_path / "run.npz"), epochs=6, resume=tmp_path / "run.npz")
    assert resumed.epochs == whole.epochs
    assert resumed.modules == whole.modules
    np.testing.assert_array_equal(resumed["share"], whole["share"])


def test_misuse():
    with pytest.raises(ValueError, match=r"FlowRecorder: every=0; give at least 1"):
        mg.explain.FlowRecorder(every=0)
    recorder = mg.explain.FlowRecorder(every=1)
    trained(recorder, epochs=1)
    model = net("tanh", sizes=(2, 4, 2))
    with pytest.raises(ValueError, match=r"FlowRecorder: the model has other modules"):
        fit(model, MOONS, optim.SGD(model.parameters()), epochs=1, callbacks=[recorder],
            progress=False)  # fmt: skip
