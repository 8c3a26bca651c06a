"""What training measured can be read as columns, as rows, as a table and as a file."""

import csv
import math

import numpy as np
import pytest

from microgd import data, nn, optim
from microgd.train import History, fit


def filled():
    history = History()
    history.record({"epoch": 1, "step": 3, "loss": 1 / 3, "lr": 0.1, "grad_norm.a.b": 1e-30})
    history.amend({"val_loss": math.pi})
    history.record({"epoch": 2, "step": 6, "loss": 0.25, "lr": 0.1, "grad_norm.a.b": 2.0})
    history.epoch, history.step = 2, 6
    return history


def test_columns_are_arrays():
    history = filled()
    assert history.columns == ("epoch", "step", "loss", "lr", "grad_norm.a.b", "val_loss")
    assert history["loss"].tolist() == [1 / 3, 0.25]
    assert (history["loss"].dtype, history["epoch"].dtype) == (np.float64, np.int64)
    assert history["val_loss"][0] == math.pi
    assert np.isnan(history["val_loss"][1])
    assert {path: norms.tolist() for path, norms in history.grad_norms.items()} == {
        "a.b": [1e-30, 2.0]
    }


def test_a_column_is_a_copy():
    history = filled()
    history["loss"][:] = 0
    assert history["loss"].tolist() == [1 / 3, 0.25]


def test_rows_are_dicts():
    history = filled()
    assert len(history) == 2
    assert [row["step"] for row in history] == [3, 6]
    assert history[-1] == {**history[1]} or math.isnan(history[-1]["val_loss"])
    assert history[-2]["loss"] == 1 / 3


@pytest.mark.parametrize(
    ("misuse", "error", "said"),
    [
        (lambda h: h["los"], ValueError, ["history: column 'los'", "did you mean 'loss'?"]),
        (lambda h: h[2], IndexError, ["history: row 2 of 2"]),
        (lambda h: h[-3], IndexError, ["history: row -3 of 2"]),
        (lambda h: History("batch"), ValueError, ["history: every 'batch'", "epoch, step"]),
        (lambda h: h.load_state_dict({}), ValueError, ["history: the state has []", "'columns'"]),
        (
            lambda h: h.load_state_dict(History("step").state_dict()),
            ValueError,
            ["every step", "every epoch", "every='step'"],
        ),
        (
            lambda h: h.load_state_dict({**h.state_dict(), "columns": {"a": [1], "b": [1, 2]}}),
            ValueError,
            ["columns differ in length"],
        ),
    ],
)
def test_misuses_are_named_and_change_nothing(misuse, error, said):
    history = filled()
    with pytest.raises(error) as caught:
        misuse(history)
    for words in said:
        assert words in str(caught.value)
    assert repr(history.state_dict()) == repr(filled().state_dict())


def test_a_csv_file_gives_back_every_bit(tmp_path):
    history = filled()
    history.to_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == history.columns
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert [float(row["loss"]) for row in rows] == history["loss"].tolist()
    assert [row["val_loss"] for row in rows] == [repr(math.pi), ""]


def test_a_state_goes_round():
    history, again = filled(), History()
    history.rows, history.sums = 4, {"loss": 0.5}
    again.load_state_dict(history.state_dict())
    assert repr(again.state_dict()) == repr(history.state_dict())
    again.record({"loss": 0.0})
    assert len(history) == 2


def test_repr_is_a_table():
    assert repr(filled()).splitlines() == [
        "History(2 epochs, 6 steps)",
        "  epoch  step    loss   lr  val_loss",
        "      1     3  0.3333  0.1     3.142",
        "      2     6    0.25  0.1       nan",
        "  and .grad_norms of 1 parameters",
    ]


def test_repr_of_a_long_run_leaves_out_the_middle():
    history = History("step")
    for step in range(1, 101):
        history.record({"step": step, "loss": 1 / step})
    lines = repr(history).splitlines()
    assert len(lines) == 13
    assert [line.split()[0] for line in lines[2:]] == [
        "1", "2", "3", "4", "5", "...", "96", "97", "98", "99", "100",
    ]  # fmt: skip


def test_repr_of_an_empty_or_interrupted_run():
    history = History()
    assert repr(history) == "History(0 epochs, 0 steps)"
    history.interrupted, history.epoch, history.step = True, 1, 1
    assert repr(history) == "History(1 epoch, 1 step, interrupted)"


def test_vanishing_float32_gradients_are_not_recorded_as_zero():
    net = nn.Linear(2, 2, rng=0, dtype=np.float32)
    points = data.moons(8, dtype=np.float32)
    history = fit(net, points, optim.SGD(net.parameters()), epochs=1, progress=False,
                  loss=lambda out, y: nn.cross_entropy(out, y) * 1e-28)  # fmt: skip
    assert 1e-30 < history["grad_norm.weight"][0] < 1e-27
