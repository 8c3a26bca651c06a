"""Workers, shards and the caller are killed, or fail; what is left is right."""

import os
import re
import signal
import threading
import time
from importlib import import_module

import faulty
import faulty_on_ray
import numpy as np
import pytest
from faulty import EPOCHS, ROWS
from faulty_on_ray import gone, processes

from microgd import data, nn, parallel, train
from microgd.parallel.errors import LostError, WorkerError
from microgd.parallel.on_ray.cluster import running

MINE = np.random.default_rng(0).permutation(ROWS)[1::2]  # of worker 1, which is the one that dies
TRIALS = [0, *(pytest.param(trial, marks=pytest.mark.slow) for trial in range(1, 21))]


@pytest.fixture(autouse=True)
def _no_actor_left_behind():
    others = actors()  # of another Ray on this machine, if there is one
    yield
    assert gone([process for process in actors() if process not in others])


def actors():
    return processes("ray::Worker") + processes("ray::Shard") + processes("ray::Meeting")


# Workers that are killed


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("phase", faulty_on_ray.PHASES)
def test_a_replacement_does_what_was_left_and_nothing_twice(cluster, phase, trial, tmp_path):
    doomed = faulty_on_ray.DoomedDownpour(lr=1.0).fated(phase, tmp_path / "mark")
    counts, record = faulty_on_ray.train(doomed, replace=True)
    assert (tmp_path / "mark").exists() or phase == "done"
    assert (counts <= EPOCHS).all()
    missing = ROWS * EPOCHS - counts.sum()
    assert missing in ({0, 1} if phase in {"half", "pushed"} else {0})
    assert len(record.of("died")) == len(record.of("replaced")) == (phase != "done")
    assert len(record.of("done")) == 2
    assert len(record.of("push")) == ROWS * EPOCHS


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("phase", ["start", "pushed"])
def test_the_rest_goes_on_when_a_worker_is_killed(cluster, phase, trial, tmp_path):
    doomed = faulty_on_ray.DoomedDownpour(lr=1.0).fated(phase, tmp_path / "mark")
    counts, record = faulty_on_ray.train(doomed)
    assert len(record.of("died")) == 1
    hers = np.isin(np.arange(ROWS), MINE) == (record.of("died")[0].worker == 1)
    assert (counts[~hers] == EPOCHS).all()
    assert (counts[hers] < EPOCHS).any()
    assert (counts <= EPOCHS).all()
    assert counts.sum() == len(record.of("push"))


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("phase", ["pull", "forward", "shutdown"])
def test_a_replacement_in_step_adds_no_part_of_a_gradient_twice(cluster, phase, trial, tmp_path):
    doomed = faulty_on_ray.DoomedSynchronous(lr=2.0).fated(phase, tmp_path / "mark")
    counts, record = faulty_on_ray.train(doomed, replace=True, batch_size=2)
    assert len(record.of("died")) == len(record.of("replaced")) == 1
    for me in range(2):  # each has a row of every batch
        assert len(record.of("allreduce", me)) == EPOCHS * ROWS // 2
    assert (counts >= EPOCHS).all()
    assert (counts <= 2 * EPOCHS).all()  # a row that is alone in its batch counts for two


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        faulty_on_ray.DoomedSynchronous,
        lambda lr: faulty_on_ray.DoomedEASGD(lr, order="round-robin"),
    ],
    ids=["synchronous", "round-robin"],
)
def test_workers_that_wait_for_one_another_do_not_wait_for_the_dead(
    cluster, kind, replace, tmp_path
):
    doomed = kind(lr=0.5).fated("forward", tmp_path / "mark")
    model, moons = nn.MLP([2, 8, 2], rng=0), data.moons(80, rng=0)
    record = parallel.train(
        model, moons, doomed, 2, "ray", epochs=10, batch_size=8, replace=replace
    )
    assert len(record.of("died")) == 1
    assert len(record.of("replaced")) == replace
    assert record.losses[-5:].mean() < record.losses[:5].mean()


def test_a_model_in_parts_cannot_do_without_one_of_them(cluster, tmp_path):
    model = nn.MLP([2, 8, 2], rng=0)
    before = model.state_dict()
    doomed = faulty_on_ray.DoomedModelParallel(lr=0.5).fated("forward", tmp_path / "mark")
    with pytest.raises(LostError, match="worker 1"):
        parallel.train(model, data.moons(80, rng=0), doomed, 2, "ray", replace=True)
    assert all((before[name] == value).all() for name, value in model.state_dict().items())


def test_one_that_dies_again_and_again_is_given_up(cluster):
    with pytest.raises(LostError, match="worker 1 died 4 times in the same place, after 0"):
        faulty_on_ray.train(faulty_on_ray.Cursed(lr=1.0), replace=True)


def test_a_cluster_that_runs_here_is_found(nodes):
    services = import_module("ray._private.services")
    found = running()
    assert found in services.find_gcs_addresses()  # there may be another one on this machine
    assert found == nodes.address or len(services.find_gcs_addresses()) > 1


@pytest.mark.parametrize("replace", [False, True])
def test_the_end_of_another_machine_costs_no_more_than_its_workers(nodes, replace):
    doomed, ends = nodes.add_node(num_cpus=2), []  # a place for the fourth of four workers

    def strike(event):
        if event.kind == "push" and not ends:
            ends.append(threading.Thread(target=nodes.remove_node, args=(doomed, False)))
            ends[0].start()

    record = parallel.train(
        nn.MLP([2, 8, 2], rng=0), data.moons(80, rng=0), "downpour", 4, "ray", epochs=100,
        loss=faulty.slow, progress=strike, replace=replace, threads=2,
    )  # fmt: skip
    ends[0].join()
    nodes.wait_for_nodes()  # until Ray sees the end, so that the next test gets no place there
    # Until then a replacement may be sent there, and die again
    assert len({event.worker for event in record.of("died")}) == 1
    assert len(record.of("replaced")) == replace * len(record.of("died"))
    assert len(record.of("done")) == 3 + replace


# The server, and all workers


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("title", ["ray::ShardActor", "ray::MeetingActor"])
def test_the_death_of_the_server_is_a_clean_error_within_ten_seconds(
    cluster, title, trial, tmp_path
):
    model, moons, struck = nn.MLP([2, 8, 2], rng=0), data.moons(80, rng=0), []
    before = model.state_dict()

    def strike(event):
        if event.kind == "push" and event.written[0] > 20 and not struck:
            os.kill(processes(title)[-1], signal.SIGKILL)
            struck.append(time.monotonic())

    with pytest.raises(LostError, match=r"the parameter server died.*go on from a checkpoint"):
        parallel.train(
            model, moons, "downpour", 2, "ray", epochs=100_000, loss=faulty.slow, shards=2,
            progress=strike, checkpoint=tmp_path / "run.npz", every=0.0,
        )  # fmt: skip
    assert time.monotonic() - struck[0] < 10
    assert all((before[name] == value).all() for name, value in model.state_dict().items())
    train.load_checkpoint(tmp_path / "run.npz", model)
    assert any((before[name] != value).any() for name, value in model.state_dict().items())


def test_when_all_workers_are_killed_what_was_learned_is_saved(cluster, tmp_path):
    model, moons = nn.MLP([2, 8, 2], rng=0), data.moons(80, rng=0)
    before = model.state_dict()

    def strike(event):
        if event.kind == "push":
            for pid in processes("ray::Worker"):
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(LostError, match=r"all 2 workers died.*replace=True"):
        parallel.train(
            model, moons, "downpour", 2, "ray", epochs=100_000, loss=faulty.slow, progress=strike,
            checkpoint=tmp_path / "run.npz",
        )  # fmt: skip
    assert all((before[name] == value).all() for name, value in model.state_dict().items())
    train.load_checkpoint(tmp_path / "run.npz", model)
    assert any((before[name] != value).any() for name, value in model.state_dict().items())


# Exceptions, and numbers that are none


def test_an_exception_of_a_worker_reaches_the_user_with_its_traceback_and_number(cluster):
    with pytest.raises(WorkerError) as caught:
        faulty_on_ray.train(parallel.Downpour(), loss=faulty.failing)
    assert re.match(r"worker [01]: ZeroDivisionError: the third of March\n", str(caught.value))
    assert "in failing" in caught.value.trace
    assert caught.value.worker in {0, 1}
    assert "ray::" not in str(caught.value)


# The caller


@pytest.mark.parametrize("trial", TRIALS)
def test_all_that_was_started_ends_when_the_caller_is_killed(program, trial):
    started, its = program
    started.kill()
    assert gone(its)


@pytest.mark.parametrize("trial", TRIALS)
def test_ctrl_c_saves_what_was_learned(program, trial, tmp_path):
    started, its = program
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    out, err = started.communicate(timeout=20)
    assert (started.returncode, err) == (130, "")
    assert int(out.split()[0]) > 0
    assert gone(its)
    fresh, model = nn.MLP([2, 4, 2], rng=0), nn.MLP([2, 4, 2], rng=0)
    train.load_checkpoint(tmp_path / "run.npz", model)
    assert (fresh.layers[0].weight.data != model.layers[0].weight.data).any()


def test_a_second_ctrl_c_leaves_at_once(program):
    started, its = program
    started.send_signal(signal.SIGINT)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=10)
    assert started.returncode in {130, -signal.SIGINT, 1}
    assert gone(its)
