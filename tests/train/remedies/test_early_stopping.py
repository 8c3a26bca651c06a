"""Early stopping ends the run when it should, with the best weights, also after a resume."""

import math

import numpy as np
import pytest

from microgd import Tensor, nn, optim
from microgd.train import Callback, Checkpoint, fit
from microgd.train.remedies import EarlyStopping

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.random.default_rng(1).integers(0, 2, 12)


class Told(Callback):
    """Puts a value into the history after each epoch, and a mark of the epoch into the model."""

    def __init__(self, *values, column="val_loss"):
        self.values, self.column = values, column

    def on_epoch_end(self, run):
        run.history.amend({self.column: self.values[run.history.epoch - 1]})
        run.model.layers[0].bias.data = np.full(2, float(run.history.epoch))
        run.model.seen.data = np.array(float(run.history.epoch))


def network():
    net = nn.MLP([3, 2], rng=0)
    net.seen = Tensor(0.0)  # a buffer
    return net


def train(told, stop, *more, resume=None, net=None):
    net = net or network()
    rule = optim.SGD(net.parameters(), lr=0.0)
    history = fit(
        net, (X, Y), rule, epochs=len(told.values), batch_size=4, resume=resume,
        callbacks=[told, stop, *more], progress=False,
    )  # fmt: skip
    return net, history


NAN = math.nan
RUNS = [
    # values, options, epochs done, best epoch
    ([5, 4, 3, 2, 1], {"patience": 1}, 5, 5),
    ([5, 4, 4, 4, 1], {"patience": 2}, 4, 2),
    ([5, 4, 6, 3, 6, 6, 1], {"patience": 2}, 6, 4),
    ([5, 4.5, 4.1, 3.9, 3.5], {"patience": 3, "min_delta": 1}, 5, 4),
    ([5, 4.5, 4.1, 4.0, 3.5], {"patience": 3, "min_delta": 1}, 4, 1),
    ([1, 2, 3, 3, 3, 3], {"patience": 2, "mode": "max"}, 5, 3),
    ([5, NAN, NAN, 4, NAN, NAN, NAN, 1], {"patience": 3}, 7, 4),
    ([NAN, NAN, 5, 6, 6], {"patience": 3}, 5, 3),
    ([NAN, NAN, NAN, 5], {"patience": 3}, 3, 0),
    ([math.inf, 7, 8], {"patience": 5}, 3, 2),
    ([2, 1, 3], {"patience": 10}, 3, 2),
]


@pytest.mark.parametrize(("values", "options", "epochs", "best"), RUNS)
def test_it_stops_after_patience_with_the_best_weights_and_buffers(values, options, epochs, best):
    stop = EarlyStopping(**options)
    net, history = train(Told(*values), stop)
    assert history.epoch == epochs
    assert stop.best_epoch == best
    assert stop.stopped == (stop.waited == stop.patience)
    assert math.isnan(stop.best) if best == 0 else stop.best == values[best - 1]
    expected = float(best or epochs)
    assert net.layers[0].bias.data.tolist() == [expected] * 2
    assert net.seen.item() == expected


def test_without_restore_the_last_weights_stay():
    net, _ = train(Told(1, 2, 3), EarlyStopping(patience=2, restore_best=False))
    assert net.seen.item() == 3.0


@pytest.mark.parametrize("column", ["val_accuracy", "accuracy"])
def test_more_accuracy_is_better_and_less_of_all_else(column):
    stop = EarlyStopping(column, patience=2)
    _, history = train(Told(0.1, 0.5, 0.4, 0.3, 0.9, column=column), stop)
    assert (stop.mode, history.epoch, stop.best_epoch) == ("max", 4, 2)
    assert EarlyStopping("val_mae").mode == "min"


@pytest.mark.parametrize("epoch", range(1, 7))
@pytest.mark.parametrize("order", [1, -1])
def test_it_goes_on_from_a_checkpoint_of_any_epoch(epoch, order, tmp_path):
    """As if killed just after the file of that epoch was written."""
    values, path = [5, 4, 6, 3, 6, 6, 1], tmp_path / "run.npz"

    class Kill(Callback):
        def on_epoch_begin(self, run):
            if run.epoch == epoch + 1:
                raise KeyError

        def on_train_end(self, run):
            run.failed = True  # nothing is saved once a process is killed

    straight = train(Told(*values), EarlyStopping(patience=2))
    keep = [EarlyStopping(patience=2), Checkpoint(path)][::order]
    try:
        train(Told(*values), keep[0], keep[1], Kill())
    except KeyError:
        pass
    else:
        assert epoch == 6, "the run had ended"
    stop = EarlyStopping(patience=2)
    net, history = train(Told(*values), stop, resume=path)
    assert repr(history) == repr(straight[1])
    assert (history.epoch, stop.best_epoch, stop.waited) == (6, 4, 2)
    assert net.seen.item() == 4.0
    for name, value in net.state_dict().items():
        assert np.array_equal(value, straight[0].state_dict()[name])


def test_ctrl_c_leaves_the_weights_as_they_are():
    class Press(Callback):
        def on_batch_end(self, run):
            run.stop = run.history.interrupted = run.epoch == 3

    net, history = train(Told(1, 2, 3), EarlyStopping(), Press())
    assert history.epoch == 2
    assert net.seen.item() == 2.0


def test_the_weights_that_it_keeps_are_copies():
    stop = EarlyStopping(patience=1)
    net, _ = train(Told(1, 2), stop)
    before = net.layers[0].weight.data.copy()
    assert np.array_equal(stop.state_dict()["weights"]["layers.0.weight"], before)
    net.layers[0].weight.data[...] = 7.0
    assert np.array_equal(stop.state_dict()["weights"]["layers.0.weight"], before)


BAD = [
    ({"patience": 0}, ValueError, "EarlyStopping: patience is 0; give 1 epoch or more"),
    ({"patience": 1.5}, TypeError, "patience is 1.5, a float"),
    ({"min_delta": -1}, ValueError, "min_delta is -1.0; give 0 or more"),
    ({"min_delta": NAN}, ValueError, "min_delta is nan"),
    ({"mode": "most"}, ValueError, "EarlyStopping: mode 'most' is unknown"),
]


@pytest.mark.parametrize(("options", "error", "said"), BAD)
def test_options_out_of_range(options, error, said):
    with pytest.raises(error) as caught:
        EarlyStopping(**options)
    assert said in str(caught.value)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ValueError) as caught:
        train(Told(1, 2), EarlyStopping("val_los"))
    assert "monitor 'val_los' is unknown; did you mean 'val_loss'?" in str(caught.value)
    with pytest.raises(ValueError, match=r"'step' is unknown"):
        train(Told(1, 2), EarlyStopping("step"))
