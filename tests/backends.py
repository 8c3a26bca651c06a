"""What holds wherever the workers run: each a function of the backend, and of its options."""

import os
from itertools import pairwise

import numpy as np
import pytest

from microgd import data, nn, optim, parallel
from microgd.parallel.errors import DeadlockError
from microgd.parallel.requests import Pull, Receive
from microgd.train import fit

MOONS = data.moons(60, rng=0)


def network(dtype=float):
    return nn.MLP([2, 6, 5, 2], "tanh", rng=3, dtype=dtype)


def weights(model):
    return np.concatenate([p.data.ravel() for p in model.parameters()])


def trained(backend, algorithm, workers, model=None, **options):
    model = network() if model is None else model
    settings = {"epochs": 2, "batch_size": 8, "rng": 5, **options}
    record = parallel.train(model, MOONS, algorithm, workers, backend, **settings)
    return weights(model), record


def serially(dtype=float):
    model = network(dtype)
    rule = optim.SGD(model.parameters(), lr=0.1)
    fit(model, MOONS, rule, epochs=2, batch_size=8, rng=5, progress=False)
    return weights(model)


def spoiled(outputs, targets):
    """A loss whose gradient is no number wherever the last row is of the first class."""
    loss = nn.cross_entropy(outputs, targets)
    return loss * (np.inf if targets[-1] == 0 else 1.0)


def pinned(outputs, targets):
    assert os.environ["OPENBLAS_NUM_THREADS"] == os.environ["OMP_NUM_THREADS"] == "1"
    return nn.cross_entropy(outputs, targets)


def overflowing(outputs, targets):
    assert np.geterr()["over"] == "ignore"
    return nn.cross_entropy(outputs, targets)


def write_rows(log, rows):
    for i in range(rows):
        log.write(1, 0.5 * i, 0.0, i, i + 1, 2.5, 7)


class Meddling(parallel.Hogwild):
    def worker(self, replica, me, workers):  # noqa: ARG002
        w, _ = yield Pull()
        w -= 1


class Crosswise(parallel.Downpour):
    def worker(self, replica, me, workers):  # noqa: ARG002
        yield Pull()
        yield Receive(1 - me)


def failing(outputs, targets):
    raise ZeroDivisionError("the third of March")


# One worker, or several in step, are plain training


def one_worker_without_a_server_is_plain_training(backend, **options):
    found, record = trained(backend, parallel.Hogwild(lr=0.1), 1, **options)
    np.testing.assert_allclose(found, serially(), rtol=1e-13, atol=1e-15)
    assert record.staleness.tolist() == [0] * 16


def one_worker_with_a_server_in_shards_is_plain_training(backend, **options):
    found, record = trained(backend, parallel.Downpour(lr=0.1), 1, shards=3, **options)
    np.testing.assert_allclose(found, serially(), rtol=1e-13, atol=1e-15)
    assert [event.written for event in record.of("push")] == [(i + 1,) * 3 for i in range(16)]


def synchronous_workers_are_one_on_the_whole_batch(backend, **options):
    found, record = trained(backend, parallel.Synchronous(lr=0.1), 2, **options)
    np.testing.assert_allclose(found, serially(), rtol=1e-11, atol=1e-13)
    assert len(record.losses) == 16
    assert record.staleness.max() == 0


def split_layers_train_as_unsplit_ones(backend, **options):
    found, record = trained(backend, parallel.ModelParallel(lr=0.1, micro_batches=3), 2, **options)
    np.testing.assert_allclose(found, serially(), rtol=1e-11, atol=1e-13)
    assert len(record.of("send")) == len(record.of("receive")) == 2 * 3 * 16


def float32_stays_float32(backend, **options):
    model = network(np.float32)
    found, _ = trained(backend, parallel.Downpour(lr=0.1), 1, model, **options)
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(found, serially(np.float32), rtol=1e-5)


def a_run_in_step_repeats_to_the_bit(backend, **options):
    runs = [trained(backend, parallel.Synchronous(lr=0.1), 2, **options)[0] for _ in range(2)]
    assert (runs[0] == runs[1]).all()


# What the record says


def every_update_is_applied_once_and_its_staleness_counted(backend, **options):
    _, record = trained(backend, parallel.Downpour(lr=0.1), 3, **options)
    pushes = record.of("push")
    assert len(pushes) == 2 * 3 * 3  # epochs, workers, batches of a worker's 20 rows
    assert [event.written for event in pushes] == [(i + 1,) for i in range(len(pushes))]
    assert all(e.staleness == e.written[0] - 1 - e.read[0] for e in pushes)
    for me in range(3):
        reads = [event.read for event in record.of("pull", me)]
        assert [event.read for event in record.of("push", me)] == reads
        assert len(record.of("done", me)) == 1


def workers_take_turns_by_their_numbers(backend, **options):
    algorithm = parallel.EASGD(lr=0.1, order="round-robin")
    _, record = trained(backend, algorithm, 3, **options)
    assert [event.worker for event in record.of("turn")] == [0, 1, 2] * 6
    assert [event.worker for event in record.of("push")] == [0, 1, 2] * 6


def events_are_told_as_they_come_and_stand_in_order_of_time(backend, **options):
    told = []
    _, record = trained(
        backend, parallel.Hogwild(lr=0.1), 2, epochs=5, progress=told.append, **options
    )
    assert {id(event) for event in told} == {id(event) for event in record.events}
    for me in range(2):  # a worker's end is told after all that it did
        assert [event.kind for event in told if event.worker == me][-1] == "done"
    times = [event.time for event in record.events]
    assert times == sorted(times)
    assert all(event.time >= event.since for event in record.of("push"))


def a_traced_run_tells_where_worker_and_centre_are(backend, **options):
    found, record = trained(backend, parallel.EASGD(lr=0.1), 2, trace=True, **options)
    pushes = record.of("push")
    assert all(event.place.shape == event.centre.shape == found.shape for event in pushes)
    np.testing.assert_array_equal(pushes[-1].centre, found)
    for before, after in pairwise(pushes):
        if after.read == before.written:  # nobody came between
            apart = np.linalg.norm(after.place - before.centre)
            assert after.distance == pytest.approx(apart, rel=1e-12)


# What goes wrong


def an_update_that_is_not_finite_is_refused_and_counted(backend, algorithm, **options):
    with np.errstate(invalid="ignore"):
        found, record = trained(backend, algorithm, 2, loss=spoiled, **options)
    assert np.isfinite(found).all()
    refused, applied = record.of("refused"), record.of("push")
    assert refused
    assert applied
    assert len(refused) + len(applied) == 2 * 2 * 4
    assert f"{len(refused)} refused" in repr(record)


def an_exception_of_a_worker_says_which_one_and_leaves_the_model_as_it_was(backend, **options):
    model = network()
    before = weights(model)
    with pytest.raises((RuntimeError, ZeroDivisionError)) as caught:
        trained(backend, "downpour", 2, model, loss=failing, **options)
    said = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert "the third of March" in said
    assert "worker 0" in said or "worker 1" in said
    assert (weights(model) == before).all()


def workers_that_wait_for_one_another_are_told_so(backend, **options):
    with pytest.raises(DeadlockError, match=r"worker 0 at Receive from worker 1, worker 1 at"):
        trained(backend, Crosswise(lr=0.1), 2, **options)


PROPERTIES = [
    one_worker_without_a_server_is_plain_training,
    one_worker_with_a_server_in_shards_is_plain_training,
    synchronous_workers_are_one_on_the_whole_batch,
    split_layers_train_as_unsplit_ones,
    float32_stays_float32,
    a_run_in_step_repeats_to_the_bit,
    every_update_is_applied_once_and_its_staleness_counted,
    workers_take_turns_by_their_numbers,
    events_are_told_as_they_come_and_stand_in_order_of_time,
    a_traced_run_tells_where_worker_and_centre_are,
    an_exception_of_a_worker_says_which_one_and_leaves_the_model_as_it_was,
    workers_that_wait_for_one_another_are_told_so,
]
