"""On Ray the programs do what they do elsewhere: where the order is given, to the bit."""

from copy import deepcopy

import faulty_on_ray
import numpy as np
import pytest

from microgd import nn, optim, train
from microgd.parallel import EASGD, AdaDelay, AdaptiveRevision, Downpour, ModelParallel, Synchronous
from microgd.parallel import train as parallel_train

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


def test_synchronous_workers_train_as_one_does_in_a_loop(cluster, model, moons):
    ours, _ = trained(model, moons, Synchronous(lr=0.2), 3, "ray")
    optimizer = optim.SGD(model.parameters(), lr=0.2)
    train.fit(model, moons, optimizer, epochs=2, progress=False)
    np.testing.assert_allclose(ours, weights(model), rtol=1e-12, atol=1e-14)


def test_float32_stays_float32(cluster, moons):
    model = nn.MLP([2, 8, 2], rng=0, dtype=np.float32)
    x, y = moons.x.astype(np.float32), moons.y
    before = weights(model)
    for algorithm in (Downpour(lr=0.1), Synchronous(lr=0.1)):
        parallel_train(model, (x, y), algorithm, 2, "ray", epochs=1, shards=2)
    assert all(p.data.dtype == np.float32 for p in model.parameters())
    assert not np.array_equal(weights(model), before)


@pytest.mark.parametrize("shards", [1, 3])
def test_every_update_makes_one_version_of_each_shard_and_tells_its_staleness(
    cluster, model, moons, shards
):
    told = []
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
