"""The simulated transport: the same to the bit, nothing lost or counted wrongly, no silent wait."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgd import nn, parallel
from microgd.data import moons
from microgd.experiments.bowl import Bowl, descend
from microgd.nn import Module
from microgd.parallel import Algorithm
from microgd.parallel.delays import DELAYS
from microgd.parallel.errors import DeadlockError, LostError
from microgd.parallel.requests import AllReduce, Barrier, Pull, Push, Receive, Send, Turn
from microgd.tensor import Tensor

DATA = moons(40, rng=0)
NAMES = sorted(parallel.algorithms.NAMES)
SERVED = [name for name in NAMES if name != "hogwild"]


def trained(name="downpour", workers=3, **options):
    model = nn.MLP([2, 4, 4, 2], rng=0)
    options = {"epochs": 3, "batch_size": 4, **options}
    record = parallel.train(model, DATA, name, workers, "simulated", **options)
    return model, record


class Slope(Module):
    """The height of an even slope: its gradient is 1 everywhere, so a weight counts the updates."""

    def __init__(self, size):
        self.w = Tensor(np.zeros(size), requires_grad=True)

    def forward(self, x):  # noqa: ARG002
        return self.w.sum()


def slide(algorithm, size=5, workers=3, steps=4, **options):
    model, rows = Slope(size), np.zeros((workers, 1))
    record = parallel.train(
        model, (rows, rows), algorithm, workers, "simulated", epochs=steps, batch_size=1,
        loss=lambda height, _: height, **options,
    )  # fmt: skip
    return model, record


# The same seed, the same run


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("delay", sorted(DELAYS))
def test_the_same_seed_gives_the_same_run_to_the_bit(name, delay):
    (one, first), (two, second) = (trained(name, delay=delay, rng=7) for _ in range(2))
    assert first.to_dict() == second.to_dict()
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_another_seed_gives_another_run():
    assert trained(rng=1)[1].to_dict() != trained(rng=2)[1].to_dict()


def test_a_generator_gives_its_runs_one_after_the_other():
    rng = np.random.default_rng(0)
    first, second = trained(rng=rng)[1], trained(rng=rng)[1]
    assert first.to_dict() != second.to_dict()
    assert trained(rng=np.random.default_rng(0))[1].to_dict() == first.to_dict()


def test_what_a_worker_draws_does_not_depend_on_the_others():
    # the slow worker 0 changes who comes when, but no delay of the others
    def seconds(delay):
        _, record = slide(parallel.Downpour(), workers=3, delay=delay, rng=3)
        return [event.time for event in record.of("push", worker=1)]

    assert seconds("exponential") == seconds("straggler")


@pytest.mark.parametrize("name", SERVED)
def test_into_how_many_shards_the_parameters_are_cut_changes_no_number(name):
    (one, first), (two, second) = (trained(name, shards=shards, rng=7) for shards in (1, 3))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    np.testing.assert_array_equal(first.staleness, second.staleness)


# Nothing is lost under a server, and all is counted


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([parallel.Downpour(lr=1.0), parallel.Downpour(1.0, n_fetch=2, n_push=3)]),
    st.integers(1, 5),
    st.integers(1, 6),
    st.integers(1, 5),
    st.sampled_from(sorted(DELAYS)),
    st.sampled_from([0.0, 0.3, 2.0]),
    st.integers(0, 1000),
)
def test_no_update_is_lost_under_a_server(algorithm, workers, steps, shards, delay, latency, seed):
    model, record = slide(
        algorithm, 5, workers, steps, shards=shards, delay=delay, latency=latency, rng=seed
    )
    assert model.w.data.tolist() == [-workers * steps] * 5
    pushes = record.of("push")
    per_worker = -(-steps // algorithm.n_push)
    assert [len(record.of("push", me)) for me in range(workers)] == [per_worker] * workers
    assert [push.written for push in pushes] == [(n,) * shards for n in range(1, len(pushes) + 1)]
    check_order(record)


@settings(max_examples=60, deadline=None)
@given(
    st.booleans(),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from(sorted(DELAYS)),
    st.floats(0.0, 5.0),
    st.integers(0, 1000),
)
def test_every_lock_free_write_is_in_the_weights_or_counted_as_lost(
    sparse, workers, steps, delay, write, seed
):
    algorithm = parallel.Hogwild(lr=1.0, sparse=sparse)
    model, record = slide(algorithm, 5, workers, steps, delay=delay, write=write, rng=seed)
    assert record.written == 5 * workers * steps
    assert -model.w.data.sum() == record.written - record.lost
    assert [push.written for push in record.of("push")] == [
        (n,) for n in range(1, workers * steps + 1)
    ]
    check_order(record)
    if workers == 1:
        assert record.lost == 0


def check_order(record):
    """Times never go back, no gradient comes from the future, and versions are those read."""
    times = [event.time for event in record.events]
    assert times == sorted(times)
    for event in record.events:
        assert event.since <= event.time
    seen = {}
    for event in record.events:
        if event.kind == "pull":
            seen[event.worker] = event.read
        if event.kind == "push":
            assert event.read == seen[event.worker]
            assert event.staleness == np.mean(np.subtract(event.written, 1) - event.read)
            assert event.staleness >= 0


def test_dense_writes_at_the_same_time_undo_one_another():
    model, record = slide(parallel.Hogwild(1.0), 5, 2, 1, delay="constant", write=1.0)
    assert model.w.data.tolist() == [-1.0] * 5  # of two updates that were read together, one stays
    assert [event.count for event in record.of("lost")] == [5]


def test_writes_that_take_no_time_are_never_lost():
    model, record = slide(parallel.Hogwild(1.0), 5, 4, 6, write=0.0)
    assert model.w.data.tolist() == [-24.0] * 5
    assert record.lost == 0


# Time


def test_a_message_there_and_back_takes_twice_the_latency():
    _, record = slide(parallel.Downpour(), workers=1, steps=5, delay="constant", latency=0.25)
    # each step: two for the pull, 1 for the gradient, two for the push
    assert record.times.tolist() == [1.75 + 2.0 * step for step in range(5)]
    assert record.seconds == 10.0


def test_workers_with_constant_delays_are_stale_by_those_that_come_before():
    _, record = slide(parallel.Downpour(), workers=3, steps=4, delay="constant")
    assert record.staleness.tolist() == [0, 1, 2] * 4


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("micro", [1, 2, 4])
def test_a_pipeline_idles_for_the_bubble_of_its_paper(workers, micro):
    model = nn.MLP([2, 4, 4, 2], rng=0)
    algorithm = parallel.ModelParallel(micro_batches=micro)
    record = parallel.train(
        model, DATA, algorithm, workers, "simulated", epochs=3, batch_size=None, delay="constant"
    )
    # the work of a step, 1, over K workers; of which each is idle (K - 1) / (m + K - 1)
    busy = 1 / workers
    idle = (workers - 1) / (micro + workers - 1)
    assert record.seconds == pytest.approx(3 * busy / (1 - idle), rel=1e-12)


def test_those_in_step_wait_for_the_slowest():
    _, record = trained("synchronous", workers=2, delay=lambda _, me: [1.0, 3.0][me], epochs=1)
    assert record.times.tolist() == [3.0 * step for step in range(1, 11)]
    waited = record.waited
    assert waited.tolist() == [20.0, 0.0]


def test_a_straggler_gives_fewer_updates_and_older_gradients():
    _, record = slide(parallel.Downpour(), workers=3, steps=60, delay="straggler")
    early = [push for push in record.of("push") if push.time < 40]
    counts = np.bincount([push.worker for push in early], minlength=3)
    assert 5 * counts[0] < counts[1:].min()
    stale = [np.mean([p.staleness for p in early if p.worker == me]) for me in (0, 1)]
    assert stale[0] > 5 * stale[1]


@pytest.mark.parametrize("name", ["constant", "exponential", "pareto"])
def test_delays_have_mean_one(name):
    rng = np.random.default_rng(0)
    draws = np.array([DELAYS[name](rng, 1) for _ in range(100_000)])
    if name == "pareto":  # its variance is infinite: the median is sure, 2**(1 / 1.5) / 3
        assert np.median(draws) == pytest.approx(2 ** (1 / 1.5) / 3, rel=0.01)
        assert draws.min() >= 1 / 3
    else:
        assert draws.mean() == pytest.approx(1, rel=0.02)


# Waiting


class Script(Algorithm):
    """Each worker makes the requests given for it, and keeps the answers."""

    def __init__(self, *scripts):
        super().__init__(lr=1.0)
        self.scripts, self.answers = scripts, [[] for _ in scripts]

    def worker(self, replica, me, workers):  # noqa: ARG002
        for request in self.scripts[me]:
            self.answers[me].append((yield request))


def act(*scripts, **options):
    script = Script(*scripts)
    descend_by(script, len(scripts), **options)
    return script.answers


def descend_by(script, workers, **options):
    rows = np.zeros((workers, 1))
    return parallel.train(
        Bowl(np.ones(1)), (rows, rows), script, workers, "simulated", epochs=1, batch_size=1,
        loss=lambda height, _: height, **options,
    )  # fmt: skip


def ones(count):
    return np.ones(count)


def test_a_sum_over_all_is_the_same_for_all_and_ones_own():
    answers = act(*[[AllReduce(np.full(2, float(me)))] for me in range(3)])
    found = [answer[0] for answer in answers]
    assert [array.tolist() for array in found] == [[3.0, 3.0]] * 3
    assert len({id(array) for array in found}) == 3


def test_messages_arrive_in_the_order_in_which_they_were_sent():
    sent = [Send(1, np.full(1, float(k))) for k in range(3)]
    answers = act(sent, [Receive(0)] * 3, latency=0.5)
    assert [array.tolist() for array in answers[1]] == [[0.0], [1.0], [2.0]]


def test_a_worker_that_is_done_holds_nobody_up():
    assert act([Barrier()], [Barrier(), Barrier(), Turn()]) == [[None], [None, None, None]]


@pytest.mark.parametrize(
    ("scripts", "parts"),
    [
        (
            ([Receive(1)], [Receive(0)]),
            ["Script: worker 0 at Receive from worker 1, worker 1 at Receive from worker 0",
             "let all workers make these requests in the same order"],
        ),
        (
            ([Barrier()], [AllReduce(ones(1))]),
            ["worker 0 at Barrier, worker 1 at AllReduce"],
        ),
        (
            ([Turn(), Turn()], [Turn(), Push(ones(1), (0,), 0.0), Turn()]),
            ["worker 0 at Turn"],
        ),
    ],
)  # fmt: skip
def test_workers_that_wait_for_one_another_are_told_so(scripts, parts):
    with pytest.raises(DeadlockError) as caught:
        act(*scripts)
    for part in parts:
        assert part in str(caught.value)


def test_waiting_for_a_message_from_a_worker_that_is_done_is_an_error():
    with pytest.raises(LostError, match="worker 0 waits for an array from worker 1"):
        act([Receive(1)], [Pull()])


# What goes wrong in a worker


def test_what_a_worker_raises_says_which_worker_it_was():
    class Fails(Bowl):
        def forward(self, x):
            if x[0, 0] == 1:
                raise ZeroDivisionError("as asked")
            return super().forward(x)

    model = Fails(np.ones(2))
    rows = np.array([[0.0], [1.0]])
    with pytest.raises(ZeroDivisionError, match="as asked") as caught:
        parallel.train(
            model, (rows, rows), "downpour", 2, "simulated", batch_size=1, epochs=2,
            loss=lambda height, _: height,
        )  # fmt: skip
    assert caught.value.__notes__[0].startswith("raised by worker ")
    assert model.w.data.tolist() == [1.0, 1.0]  # as before


@pytest.mark.parametrize("name", ["downpour", "hogwild", "synchronous", "adaptive-revision"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_update_that_is_not_finite_is_refused_and_counted(name, bad):
    class Cliff(Bowl):
        def forward(self, x):
            return super().forward(x) * (bad if x[0, 0] == 3 else 1.0)

    model = Cliff(np.ones(2))
    rows = np.arange(6.0)[:, None]
    record = parallel.train(
        model, (rows, rows), name, 1, "simulated", epochs=4, batch_size=1,
        loss=lambda height, _: height,
    )  # fmt: skip
    assert record.refused == 4
    assert len(record.losses) == 20
    assert np.isfinite(model.w.data).all()
    assert "4 refused" in repr(record)


def test_progress_is_told_each_event_as_it_happens():
    told = []
    _, record = trained(progress=told.append)
    assert told == record.events


def test_a_trace_holds_places_and_centres_and_nothing_else_does():
    _, plain = trained()
    model, traced = trained(trace=True)
    assert all(event.centre is None for event in plain.events)
    pushes = traced.of("push")
    assert (
        pushes[0].place.shape
        == pushes[0].centre.shape
        == (sum(p.size for p in model.parameters()),)
    )
    end = np.concatenate([p.data.ravel() for p in model.parameters()])
    np.testing.assert_array_equal(pushes[-1].centre, end)
    assert pushes[0].place.shape == end.shape
    bare = [replace(event, place=None, centre=None) for event in traced.events]
    assert [event.time for event in bare] == [event.time for event in plain.events]


def test_descend_is_the_bowl_of_the_claims():
    record = descend(parallel.Downpour(lr=0.5), np.array([1.0]), 1, 3)
    assert [event.centre.item() for event in record.of("push")] == [0.5, 0.25, 0.125]
