"""Each algorithm does what its paper writes: against plain training and recursions written out."""

import math

import numpy as np
import pytest

from microgd import nn, parallel
from microgd.data import moons
from microgd.experiments.bowl import Bowl, descend
from microgd.nn import cross_entropy
from microgd.optim import SGD, Adagrad
from microgd.parallel.job import Job
from microgd.parallel.meeting import Meeting
from microgd.parallel.requests import Pull, Push
from microgd.train import fit

DATA = moons(50, rng=0)


def network(dtype=float):
    return nn.MLP([2, 6, 5, 2], "tanh", rng=3, dtype=dtype)


def weights(model):
    return np.concatenate([p.data.ravel() for p in model.parameters()])


def trained(algorithm, workers, model=None, **options):
    model = network() if model is None else model
    options = {"epochs": 2, "batch_size": 8, "rng": 5, **options}
    record = parallel.train(model, DATA, algorithm, workers, "simulated", **options)
    return weights(model), record


def plain(rule, batch_size=8, model=None, **options):
    model = network() if model is None else model
    chosen = rule(model.parameters(), **options)
    fit(model, DATA, chosen, epochs=2, batch_size=batch_size, rng=5, progress=False)
    return weights(model)


# One worker is plain training


@pytest.mark.parametrize(
    ("algorithm", "rule", "options"),
    [
        (parallel.Downpour(lr=0.1), SGD, {"lr": 0.1}),
        (parallel.Downpour(lr=0.1, adagrad=True), Adagrad, {"lr": 0.1}),
        (parallel.Hogwild(lr=0.1), SGD, {"lr": 0.1}),
        (parallel.Hogwild(lr=0.1, sparse=False), SGD, {"lr": 0.1}),
        (parallel.Synchronous(lr=0.1), SGD, {"lr": 0.1}),
        (parallel.Synchronous(lr=0.1, momentum=0.9), SGD, {"lr": 0.1, "momentum": 0.9}),
        (parallel.ModelParallel(lr=0.1, micro_batches=1), SGD, {"lr": 0.1}),
        (
            parallel.AdaptiveRevision(lr=0.1),
            Adagrad,
            {"lr": 0.1, "initial_accumulator_value": 1.0, "eps": 0.0},
        ),
    ],
    ids=repr,
)
def test_one_worker_is_plain_training(algorithm, rule, options):
    found, record = trained(algorithm, workers=1)
    np.testing.assert_allclose(found, plain(rule, **options), rtol=1e-13, atol=1e-15)
    assert record.staleness.tolist() == [0] * 14


def test_one_worker_that_pushes_what_has_accrued_goes_where_its_own_steps_go():
    found, record = trained(parallel.Downpour(lr=0.1, n_fetch=4, n_push=4), workers=1)
    np.testing.assert_allclose(found, plain(SGD, lr=0.1), rtol=1e-12, atol=1e-14)
    assert len(record.losses) == 4  # 14 batches: 4, 4, 4 and the 2 that are left


# Many workers in step are one


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_synchronous_workers_are_one_on_the_whole_batch(workers, momentum):
    found, record = trained(parallel.Synchronous(lr=0.1, momentum=momentum), workers)
    np.testing.assert_allclose(found, plain(SGD, lr=0.1, momentum=momentum), rtol=1e-11, atol=1e-13)
    assert len(record.losses) == 14
    assert record.staleness.max() == 0


def test_a_worker_without_rows_of_the_last_batch_changes_nothing():
    # 50 rows in batches of 7: the last has one row, for four workers
    found, _ = trained(parallel.Synchronous(lr=0.1), workers=4, batch_size=7)
    np.testing.assert_allclose(found, plain(SGD, batch_size=7, lr=0.1), rtol=1e-11, atol=1e-13)


def test_what_synchronous_workers_record_is_the_loss_of_the_whole_batch():
    _, record = trained(parallel.Synchronous(lr=0.1), workers=3, batch_size=None, epochs=1)
    expected = cross_entropy(network()(DATA.x), DATA.y).item()
    assert record.losses[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("micro_batches", [1, 3, 4, 100])
def test_split_layers_train_as_unsplit_ones(workers, micro_batches):
    found, record = trained(parallel.ModelParallel(lr=0.1, micro_batches=micro_batches), workers)
    np.testing.assert_allclose(found, plain(SGD, lr=0.1), rtol=1e-11, atol=1e-13)
    assert record.staleness.max() == 0


MODELS = {
    "layer norm": lambda: nn.MLP([2, 6, 6, 2], "gelu", norm="layer", rng=0),
    "residual": lambda: nn.MLP([2, 6, 6, 2], residual=True, rng=0),
    "sequential": lambda: nn.Sequential(nn.Linear(2, 4, rng=0), nn.Tanh(), nn.Linear(4, 2, rng=1)),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_gradients_of_split_layers_are_those_of_the_unsplit_model(make):
    algorithm = parallel.ModelParallel(lr=0.1, micro_batches=3)
    job = Job(make(), DATA.x, DATA.y, cross_entropy, 2, shares="all", batch_size=None, epochs=1)
    pushed = first_push(algorithm, job)
    whole = job.replica(0)
    expected = whole.gradient(whole.weights(), DATA.x, DATA.y)
    np.testing.assert_allclose(pushed.update, expected, rtol=1e-11, atol=1e-14)
    assert pushed.loss == pytest.approx(whole.loss, rel=1e-12)


def first_push(algorithm, job):
    """Carry requests by hand until somebody pushes."""
    programs = [algorithm.worker(job.replica(me), me, job.workers) for me in range(job.workers)]
    meeting, start = Meeting(job.workers), job.whole().weights()
    ready = [(me, None) for me in range(job.workers)]
    while True:
        me, answer = ready.pop(0)
        request = programs[me].send(answer)
        if isinstance(request, Push):
            return request
        if isinstance(request, Pull):
            ready.append((me, (start.copy(), (0,))))
        else:
            ready += [(who, found) for who, _, found in meeting.ask(me, request)]


def test_a_frozen_first_stage_passes_on_what_it_computes():
    def half_frozen():
        model = network()
        for p in model.layers[0].parameters():
            p.requires_grad = False
        return model

    found, _ = trained(parallel.ModelParallel(lr=0.1), 3, half_frozen())
    expected = half_frozen()
    rule = SGD([p for p in expected.parameters() if p.requires_grad], lr=0.1)
    fit(expected, DATA, rule, epochs=2, batch_size=8, rng=5, progress=False)
    np.testing.assert_allclose(found, weights(expected), rtol=1e-11, atol=1e-13)


# Recursions, written out as in the papers


CURVATURES = np.array([0.3, 1.0, 1.9])


@pytest.mark.parametrize("tau", [1, 3])
@pytest.mark.parametrize("momentum", [0.0, 0.6])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_elastic_averaging_follows_its_recursion(workers, momentum, tau):
    eta, rho, steps = 0.2, 1.5, 12
    rule = parallel.EASGD(eta, rho, tau, momentum, "round-robin")
    record = descend(rule, CURVATURES, workers, steps)

    centre = np.ones(3)
    x, v = np.ones((workers, 3)), np.zeros((workers, 3))
    path = []
    for step in range(steps):
        for i in range(workers):
            before = x[i].copy()
            v[i] = momentum * v[i] - eta * CURVATURES * (before + momentum * v[i])
            if step % tau == 0:
                x[i] = before - eta * rho * (before - centre)
                centre = centre + eta * rho * (before - centre)
                path.append(centre)
            x[i] = x[i] + v[i]
    found = np.array([event.centre for event in record.of("push")])
    np.testing.assert_allclose(found, path, rtol=1e-11, atol=1e-14)
    order = [event.worker for event in record.of("push")]
    assert order == list(range(workers)) * (len(path) // workers)


def test_the_distance_of_a_push_is_that_of_worker_and_centre_before_it():
    record = descend(parallel.EASGD(0.2, 1.0, order="round-robin"), CURVATURES, 2, 10)
    pushes = record.of("push")
    centres = [np.ones(3), *(push.centre for push in pushes)]
    for push, centre in zip(pushes, centres, strict=False):
        assert push.distance == pytest.approx(np.linalg.norm(push.place - centre), abs=1e-15)
    assert record.distances.max() > 0.01


@pytest.mark.parametrize("naive", [False, True])
def test_adadelay_takes_the_rate_of_its_paper_for_every_update(naive):
    rule = parallel.AdaDelay(lr=0.5, smoothness=2.0, naive=naive)
    record = descend(rule, CURVATURES, 4, 20, seed=1, delay="pareto")
    assert record.staleness.max() > 5
    w = np.ones(3)
    for t, push in enumerate(record.of("push"), 1):
        delay = 0 if naive else push.staleness
        w = w - CURVATURES * push.place / (2.0 + 2.0 * math.sqrt(t + delay))  # 1 / (L + c sqrt)
        np.testing.assert_allclose(push.centre, w, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("naive", [False, True])
def test_adaptive_revision_follows_its_recursion(naive):
    record = descend(
        parallel.AdaptiveRevision(lr=0.5, naive=naive), CURVATURES, 4, 20, seed=1, delay="pareto"
    )
    w, z, largest, grads = np.ones(3), np.ones(3), np.ones(3), []
    for push in record.of("push"):
        g = CURVATURES * push.place
        back = np.zeros(3) if naive else sum(grads[push.read[0] :], np.zeros(3))
        old = 0.5 / np.sqrt(largest)
        z = z + g**2 + 2 * g * back
        largest = np.maximum(largest, z)
        new = 0.5 / np.sqrt(largest)
        w = w - new * g + (old - new) * back
        grads.append(g)
        np.testing.assert_allclose(push.centre, w, rtol=1e-12, atol=1e-14)


def test_adaptive_revision_keeps_only_sums_that_somebody_may_ask_for():
    algorithm = parallel.AdaptiveRevision()
    shard = nn.Parameter(np.ones(2))
    rule = algorithm.rule([shard])
    for version in range(50):
        algorithm.read(rule, version)
        algorithm.read(rule, version)
        algorithm.weigh(rule, 0, version)
        algorithm.weigh(rule, 0, version)
    assert not rule._kept


def test_downpour_adds_up_what_its_workers_saw_at_the_places_they_saw_it():
    record = descend(parallel.Downpour(lr=0.1), CURVATURES, 3, 10, seed=2, delay="exponential")
    w = np.ones(3)
    for push in record.of("push"):
        w = w - 0.1 * CURVATURES * push.place
        np.testing.assert_allclose(push.centre, w, rtol=1e-12)


def test_a_refused_pull_sends_a_worker_back_to_the_centre():
    class Cliff(Bowl):
        def forward(self, x):
            height = super().forward(x)
            return height * (math.nan if x[0, 0] == 3 else 1.0)

    model = Cliff(np.ones(2))
    rows = np.arange(6.0)[:, None]
    record = parallel.train(
        model, (rows, rows), parallel.EASGD(0.1), 1, "simulated", epochs=3, batch_size=1,
        loss=lambda height, _: height,
    )  # fmt: skip
    assert record.refused in {2, 3}  # a step after each NaN, if one follows
    assert len(record.losses) + record.refused == 18
    assert 0 < np.abs(model.w.data).max() < 1


# What holds for all


ALL = sorted(parallel.algorithms.NAMES)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_algorithm_learns_and_keeps_the_dtype(name, dtype):
    model = network(dtype)
    data = DATA.x.astype(dtype), DATA.y
    before = cross_entropy(model(data[0]), data[1]).item()
    programs = parallel.train(
        model, data, name, 2, "simulated", epochs=20, batch_size=5, trace=True
    )
    assert {p.dtype for p in model.parameters()} == {np.dtype(dtype)}
    assert {event.centre.dtype for event in programs.of("push")} == {np.dtype(dtype)}
    assert cross_entropy(model(data[0]), data[1]).item() < 0.7 * before


@pytest.mark.parametrize("name", ALL)
def test_it_says_its_options(name):
    algorithm = parallel.algorithms.NAMES[name]()
    assert repr(algorithm).startswith(f"{type(algorithm).__name__}(lr=")
