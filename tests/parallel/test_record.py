"""What a record says of a run, on events written by hand."""

import csv
import json
import math

import numpy as np
import pytest

from microgd import nn, parallel
from microgd.data import moons
from microgd.parallel import Event, Record

NAN = math.nan


def by_hand():
    record = Record("Hogwild", "simulated", 2, {"lr": 0.1, "delay": "pareto"})
    for event in (
        Event(0.0, 0, "pull", read=(0,), since=0.0),
        Event(0.5, 1, "pull", read=(0,), since=0.0),
        Event(1.0, 0, "push", read=(0,), written=(1,), loss=2.0, count=10, since=0.75),
        Event(2.0, 1, "lost", count=3),
        Event(2.0, 1, "push", read=(0,), written=(2,), staleness=1.0, loss=1.0, count=10),
        Event(3.0, 0, "refused", loss=NAN),
        Event(4.0, 0, "push", read=(2,), written=(3,), loss=0.5, count=5, distance=0.25),
        Event(5.0, 1, "done", since=5.0),
    ):
        record.add(event)
    return record


def test_updates_are_read_as_arrays_in_order():
    record = by_hand()
    assert record.losses.tolist() == [2.0, 1.0, 0.5]
    assert record.times.tolist() == [1.0, 2.0, 4.0]
    assert record.staleness.tolist() == [0.0, 1.0, 0.0]
    np.testing.assert_array_equal(record.distances, [NAN, NAN, 0.25])


def test_counts_and_rates():
    record = by_hand()
    assert record.seconds == 5.0
    assert record.rates.tolist() == [2 / 5, 1 / 5]
    assert record.waited.tolist() == [0.25, 0.5]
    assert (record.written, record.lost, record.refused) == (25, 3, 1)
    assert [event.time for event in record.of("push", worker=0)] == [1.0, 4.0]


def test_the_summary_has_what_the_run_has():
    assert by_hand().summary() == {
        "updates": 3, "seconds": 5.0, "rate": pytest.approx(0.6), "first": 2.0, "last": 0.5,
        "staleness": pytest.approx(1 / 3), "stalest": 1.0, "written": 25, "lost": 3, "refused": 1,
    }  # fmt: skip


def test_it_shows_itself():
    assert repr(by_hand()).splitlines() == [
        "Record(Hogwild, 2 simulated workers)",
        "  3 updates in 5 s, 0.6 a second",
        "  loss 2 at first, 0.5 at last",
        "  staleness 0.333 on average, 1 at most",
        "  3 of 25 numbers lost, 12.000%",
        "  1 refused",
    ]


def test_a_run_without_an_update_shows_itself():
    record = Record("Downpour", "ray", 1, interrupted=True)
    assert repr(record) == "Record(Downpour, 1 ray worker, interrupted)\n  0 updates in 0 s"
    assert record.rates.tolist() == [0.0]
    assert record.summary() == {"updates": 0, "seconds": 0.0}


def test_losses_that_are_missing_are_left_out_of_means():
    record = Record("EASGD", "simulated", 1)
    for number, loss in enumerate((NAN, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0)):
        record.add(Event(number, 0, "push", loss=loss))
    assert record.summary()["first"] == 2.0


def test_csv_has_a_line_for_every_event(tmp_path):
    record = by_hand()
    record.to_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(record.events)
    assert lines[2]["kind"] == "push"
    assert lines[2]["read"] == "0"
    assert lines[5]["loss"] == ""
    assert float(lines[6]["distance"]) == 0.25


def test_json_takes_it_and_gives_it_back():
    told = json.loads(json.dumps(by_hand().to_dict(), allow_nan=False))
    assert told["algorithm"] == "Hogwild"
    assert told["settings"] == {"lr": 0.1, "delay": "pareto"}
    assert told["events"][6] == {
        "time": 4.0, "worker": 0, "kind": "push", "read": [2], "written": [3], "loss": 0.5,
        "count": 5, "distance": 0.25,
    }  # fmt: skip


def test_settings_of_a_run_are_all_that_made_it():
    record = parallel.train(
        nn.MLP([2, 3, 2], rng=0), moons(20, rng=0), parallel.EASGD(lr=0.2), 2, "simulated",
        shards=2, batch_size=4, epochs=1, rng=9, delay="pareto",
    )  # fmt: skip
    assert record.settings == {
        "lr": 0.2, "rho": 1.0, "tau": 1, "momentum": 0.0, "order": "asynchronous",
        "shards": 2, "batch_size": 4, "epochs": 1, "seed": 9, "delay": "pareto",
    }  # fmt: skip
