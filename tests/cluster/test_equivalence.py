"""On Ray the programs do what they do elsewhere: where the order is given, to the bit."""

from copy import deepcopy

import backends
import faulty_on_ray
import numpy as np
import pytest

from microgd.parallel import EASGD, AdaDelay, AdaptiveRevision, Downpour, ModelParallel, Synchronous
from microgd.parallel import train as parallel_train

LOCK_FREE = {
    backends.one_worker_without_a_server_is_plain_training,
    backends.events_are_told_as_they_come_and_stand_in_order_of_time,
}
PROPERTIES = [holds for holds in backends.PROPERTIES if holds not in LOCK_FREE]
ORDERED = [  # workers whose requests can come in one order only
    (Downpour(lr=0.2, n_fetch=2, n_push=3), 1, 1),
    (Downpour(lr=0.2, adagrad=True), 1, 2),
    (AdaDelay(lr=0.2), 1, 3),
    (AdaptiveRevision(lr=0.2), 1, 2),
    (EASGD(lr=0.2, tau=2, momentum=0.5), 1, 2),
    (EASGD(lr=0.2, order="round-robin"), 3, 2),
    (Synchronous(lr=0.2, momentum=0.9), 3, 2),
    (ModelParallel(lr=0.2, micro_batches=3), 2, 2),
]


def weights(model):
    return np.concatenate([p.data.ravel() for p in model.parameters()])


def trained(model, data, algorithm, workers, backend, **options):
    own = deepcopy(model)
    record = parallel_train(own, data, algorithm, workers, backend, epochs=2, **options)
    return weights(own), record


@pytest.mark.parametrize(
    ("algorithm", "workers", "shards"), ORDERED, ids=[repr(a) for a, *_ in ORDERED]
)
def test_workers_in_order_train_as_the_simulated_do(
    cluster, model, moons, algorithm, workers, shards
):
    ours, record = trained(model, moons, algorithm, workers, "ray", shards=shards)
    theirs, expected = trained(model, moons, algorithm, workers, "simulated", shards=shards)
    assert np.array_equal(ours, theirs)
    assert not np.array_equal(ours, weights(model))
    for kind in ("pull", "push", "allreduce", "barrier", "turn", "send", "receive", "done"):
        assert len(record.of(kind)) == len(expected.of(kind)), kind
    assert np.array_equal(record.losses, expected.losses)
    assert [e.written for e in record.of("push")] == [e.written for e in expected.of("push")]


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_on_ray_as_on_every_backend(cluster, holds):
    holds("ray")


def test_an_update_that_is_not_finite_is_refused_and_counted(cluster):
    algorithm = Downpour(lr=0.1)
    backends.an_update_that_is_not_finite_is_refused_and_counted("ray", algorithm, shards=2)


def test_every_update_makes_one_version_of_each_shard_and_tells_its_staleness(
    cluster, model, moons
):
    told, shards = [], 3
    record = parallel_train(
        model, moons, "downpour", 3, "ray", epochs=5, shards=shards, progress=told.append
    )
    pushes = record.of("push")
    assert len(pushes) == 3 * 5 * -(-80 // 32)
    for shard in range(shards):
        written = sorted(event.written[shard] for event in pushes)
        assert written == list(range(1, len(pushes) + 1))
    for event in pushes:
        behind = np.subtract(event.written, event.read) - 1
        assert event.staleness == behind.mean() >= 0
    assert record.losses[-9:].mean() < record.losses[:9].mean()
    assert sorted(told, key=lambda event: event.time) == record.events
    assert all(0 <= event.time <= record.seconds for event in record.events)
    waits = [e.time - e.since for e in record.of("push") + record.of("pull")]
    assert min(waits) > -0.01  # clocks of one machine agree


def test_a_traced_run_tells_the_parameters_at_every_push(cluster, model, moons):
    start = weights(model)
    ours, record = trained(model, moons, Downpour(lr=0.2), 1, "ray", shards=2, trace=True)
    _, expected = trained(model, moons, Downpour(lr=0.2), 1, "simulated", trace=True)
    assert np.array_equal(record.of("push")[0].place, start)
    assert np.array_equal(record.of("push")[-1].centre, ours)
    for a, b in zip(record.of("push"), expected.of("push"), strict=True):
        assert np.array_equal(a.place, b.place)
        assert np.array_equal(a.centre, b.centre)


def test_the_workers_are_spread_over_the_nodes(cluster, model, moons, tmp_path):
    located = faulty_on_ray.Located()
    located.folder = str(tmp_path)
    parallel_train(model, moons, located, 3, "ray", epochs=1, address=cluster)
    assert len(list(tmp_path.iterdir())) == 3
