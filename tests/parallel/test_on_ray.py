"""What of Ray's backend can be seen without Ray: refusals, and events put together."""

import sys

import numpy as np
import pytest

from microgd import data, nn, parallel
from microgd.parallel.events import Record
from microgd.parallel.on_ray.journal import Call, Entry, Journal, Log
from microgd.parallel.requests import Push
from microgd.train.checkpoint import CheckpointError


def train(algorithm="downpour", **options):
    model, moons = nn.MLP([2, 2], rng=0), data.moons(20, rng=0)
    return parallel.train(model, moons, algorithm, 2, "ray", **options)


def test_without_ray_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'microgd\[cluster\]'"):
        train()


def test_lock_free_workers_are_refused_and_sent_to_the_backends_that_have_them():
    with pytest.raises(ValueError, match=r"Hogwild: .*'processes' or 'simulated', or by 'downpour"):
        train("hogwild")


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"address": 6379}, TypeError, "address is 6379; give HOST:PORT"),
        ({"threads": 0}, ValueError, "threads is 0; give 1 or more"),
        ({"every": -1.0}, ValueError, "every is -1.0"),
        ({"checkpoint": "/no/such/folder/run.npz"}, CheckpointError, "cannot write to"),
        ({"adress": "auto"}, ValueError, "address"),
    ],
)
def test_options_that_cannot_work_are_refused_before_ray_is_asked_for(options, kind, said):
    with pytest.raises(kind, match=said):
        train(**options)


# The journal


def call(number, worker=0, life=0, taken=1):
    return Call(worker, life, number, taken, 100.0)


def push(*seen, place=None):
    return Push(np.ones(1), seen, 0.5, place=place)


@pytest.fixture
def journal():
    journal = Journal(Record("Downpour", "ray", 2), shards=2)
    journal.start = 100.0
    return journal


def taken_down(*notes):
    """The log of a shard that took down these, each a call, a kind and the rest."""
    log = Log()
    for who, kind, *rest in notes:
        if kind == "pull":
            log.note(who, "pull", read=rest[0])
        else:
            seen, written, stale, *arrays = rest
            more = dict(zip(("place", "centre"), arrays, strict=False))
            log.note_push(who, push(*seen), kind, written=written, staleness=stale, **more)
    return log.fetch()


def test_an_event_is_told_when_all_shards_have_told_their_part(journal):
    told = []
    journal.record.listen = told.append
    journal.take(1, taken_down((call(1), "pull", (7,)), (call(2), "push", (3, 7), (9,), 1.0)))
    assert told == []
    journal.take(0, taken_down((call(1), "pull", (3,)), (call(2), "push", (3, 7), (4,), 0.0)))
    assert [event.kind for event in told] == ["pull", "push"]
    assert told[0].read == told[1].read == (3, 7)
    assert told[1].written == (4, 9)
    assert told[1].staleness == 0.5
    assert told[1].since == 0.0
    assert journal.record.events == told


def test_parameters_of_the_shards_are_put_end_to_end(journal):
    for shard, value in [(1, 2.0), (0, 1.0)]:
        part = np.full(2, value), np.full(2, -value)
        journal.take(shard, taken_down((call(1), "push", (0, 0), (1,), 0.0, *part)))
    (event,) = journal.record.events
    assert event.place.tolist() == [1, 1, 2, 2]
    assert event.centre.tolist() == [-1, -1, -2, -2]


def test_an_update_that_reached_one_shard_only_is_told_and_counts_as_done(journal):
    journal.take(1, taken_down((call(5, taken=4), "push", (3, 7), (9,), 1.0)))
    journal.take(0, taken_down((call(6, worker=1), "pull", (3,))))
    journal.bury(0)
    journal.bury(1)  # the pull was never answered: nobody saw it
    (event,) = journal.record.events
    assert (event.kind, event.read, event.written) == ("push", (3, 7), (3, 9))
    assert event.staleness == 1.0
    assert journal.taken == {0: 4}
    journal.bury(0)
    assert len(journal.record.events) == 1


def test_a_replacement_goes_on_after_the_last_update_not_the_last_pull(journal):
    journal.add(Entry(call(1, taken=3), taken_down((call(1), "pull", (3,)))[0].event))
    assert journal.taken[0] == 0
    said = Log()
    said.note_push(call(2, taken=3), push(0, 0), "refused")
    journal.add(said.fetch()[0])
    assert journal.taken[0] == 3


def test_events_stand_in_order_of_time_in_the_end_and_never_before_the_start(journal):
    late, early = taken_down((call(1), "pull", (0,))), taken_down((call(1), "pull", (0,)))
    journal.take(0, early)
    journal.start = late[0].event.time + 50
    journal.note(1, "died")
    journal.start = 100.0
    journal.take(1, late)
    journal.close()
    assert [event.kind for event in journal.record.events] == ["died", "pull"]
    assert journal.record.events[0].time == 0.0
