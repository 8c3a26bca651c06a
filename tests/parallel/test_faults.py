import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import faulty
import numpy as np
import pytest
from faulty import EPOCHS, PHASES, ROWS

from microgd import data, nn, parallel, train
from microgd.parallel.errors import LostError, WorkerError

SLOW = [pytest.param(trial, marks=pytest.mark.slow) for trial in range(1, 21)]
TRIALS, EVEN, ODD = [0, *SLOW], [0, *SLOW[1::2]], [0, *SLOW[::2]]  # in two tests: twenty in all
SHARED = Path("/dev/shm")  # noqa: S108 - where Linux has what processes share
MINE = np.random.default_rng(0).permutation(ROWS)[1::2]  # of worker 1, which is the one that dies

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="looks where only Linux has it")


def children(pid=None):
    """The live processes below this one, but for multiprocessing's own resource tracker."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
            parent = 0 if "(zombie)" in status else int(re.search(r"PPid:\s*(\d+)", status)[1])
            command = (folder / "cmdline").read_text()
        except (OSError, TypeError):
            continue
        if parent == (pid or os.getpid()) and "resource_tracker" not in command:
            found.append(int(folder.name))
    return found


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    shared = set(SHARED.iterdir())
    yield
    assert children() == []
    assert set(SHARED.iterdir()) <= shared


def alive(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def ends(pids, seconds=10):
    until = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pids)


# Workers that are killed


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("replace", [False, True])
def test_one_that_is_killed_while_it_imports_holds_nobody_up(replace, trial):
    given = np.random.default_rng(0).normal(size=(2_000, 64)), np.arange(2_000) % 10  # 1 MB
    struck = []

    def strike():
        while not (own := children()):
            time.sleep(0.001)
        time.sleep(0.01 * trial)
        os.kill(own[0], signal.SIGKILL)
        struck.append(own[0])

    thread = threading.Thread(target=strike)
    thread.start()
    record = parallel.train(
        nn.MLP([64, 8, 10], rng=0), given, "downpour", 2, "processes", epochs=2, replace=replace
    )
    thread.join()
    assert struck
    assert len(record.of("died")) == 1
    assert len(record.of("done")) == 1 + replace


@pytest.mark.parametrize("trial", EVEN)
@pytest.mark.parametrize("phase", PHASES)
def test_the_rest_goes_on_when_a_worker_is_killed(phase, trial, tmp_path):
    doomed = faulty.DoomedDownpour(lr=1.0).fated(phase, tmp_path / "mark")
    counts, record = faulty.train(doomed)
    assert (tmp_path / "mark").exists()
    died = [event.worker for event in record.of("died")]
    assert len(died) == (phase != "done")
    others = np.ones(ROWS, bool)
    if died == [0]:  # whichever reads its orders first is killed at the start
        others[~np.isin(np.arange(ROWS), MINE)] = False
    elif died:
        others[MINE] = False
    assert (counts[others] == EPOCHS).all()
    assert (counts <= EPOCHS).all()  # no update twice
    assert counts.sum() == len(record.of("push"))
    made = [event.written[0] for event in record.of("push")]
    assert made == [*range(1, len(made) + 1)]


@pytest.mark.parametrize("trial", ODD)
@pytest.mark.parametrize("phase", PHASES)
def test_a_replacement_does_what_was_left_and_nothing_twice(phase, trial, tmp_path):
    doomed = faulty.DoomedDownpour(lr=1.0).fated(phase, tmp_path / "mark")
    counts, record = faulty.train(doomed, replace=True)
    assert counts.tolist() == [EPOCHS] * ROWS
    assert len(record.of("died")) == len(record.of("replaced")) == (phase != "done")
    assert len(record.of("done")) == 2


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("phase", ["pull", "pulled", "forward", "backward", "push", "shutdown"])
def test_a_replacement_in_step_adds_no_part_of_a_gradient_twice(phase, trial, tmp_path):
    doomed = faulty.DoomedSynchronous(lr=2.0).fated(phase, tmp_path / "mark")
    counts, record = faulty.train(doomed, replace=True, batch_size=2)
    assert len(record.of("died")) == len(record.of("replaced")) == 1
    for me in range(2):  # each has a row of every batch
        assert len(record.of("allreduce", me)) == EPOCHS * ROWS // 2
    assert (counts >= EPOCHS).all()
    assert (counts <= 2 * EPOCHS).all()  # a row that is alone in its batch counts for two


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("phase", [*(phase for phase in PHASES if phase != "done"), "write"])
def test_a_lock_free_worker_is_killed_and_replaced_and_writes_nothing_twice(phase, trial, tmp_path):
    doomed = faulty.DoomedHogwild(lr=1.0).fated(phase, tmp_path / "mark")
    counts, record = faulty.train(doomed, replace=True)
    assert (counts <= EPOCHS).all()
    lost = ROWS * EPOCHS - counts.sum()
    assert lost == (phase == "write")  # what was noted, and not yet stored
    assert len(record.of("push")) == counts.sum()
    assert len(record.of("died")) == len(record.of("replaced")) == 1


@pytest.mark.parametrize(
    ("kind", "phase", "replace"),
    [
        ("synchronous", "forward", False),
        ("synchronous", "forward", True),
        ("easgd", "pushed", True),
        *(
            pytest.param(kind, phase, replace, marks=pytest.mark.slow)
            for kind in ("synchronous", "easgd")
            for phase in ("pull", "push", "backward", "shutdown")
            for replace in (False, True)
        ),
    ],
)
def test_workers_that_wait_for_one_another_do_not_wait_for_the_dead(kind, phase, replace, tmp_path):
    moons = data.moons(80, rng=0)
    model = nn.MLP([2, 8, 2], rng=0)
    made = {
        "synchronous": faulty.DoomedSynchronous(lr=0.5),
        "easgd": faulty.DoomedEASGD(lr=0.5, order="round-robin"),
    }
    doomed = made[kind].fated(phase, tmp_path / "mark")
    record = parallel.train(
        model, moons, doomed, 2, "processes", epochs=10, batch_size=8, replace=replace
    )
    happened = (tmp_path / "mark").exists()
    assert len(record.of("died")) == happened
    assert len(record.of("replaced")) == (happened and replace)
    assert record.losses[-5:].mean() < record.losses[:5].mean()


def test_a_model_in_parts_cannot_do_without_one_of_them(tmp_path):
    model = nn.MLP([2, 8, 2], rng=0)
    before = model.state_dict()
    doomed = faulty.DoomedModelParallel(lr=0.5).fated("forward", tmp_path / "mark")
    with pytest.raises(LostError, match="worker 1"):
        parallel.train(model, data.moons(80, rng=0), doomed, 2, "processes", replace=True)
    assert all((before[name] == value).all() for name, value in model.state_dict().items())


@pytest.mark.parametrize("trial", TRIALS)
def test_the_loss_falls_though_workers_are_killed_at_any_moment(trial):
    rng = np.random.default_rng(trial)
    strikes = sorted(rng.integers(1, 200, 3))  # of 300 updates

    def strike(event):
        if (
            strikes
            and event.kind == "push"
            and event.written[0] > strikes[0]
            and (own := children())
        ):
            strikes.pop(0)
            time.sleep(rng.uniform(0.0, 0.002))  # wherever it is by then
            os.kill(rng.choice(own), signal.SIGKILL)

    model = nn.MLP([2, 16, 2], rng=0)
    record = parallel.train(
        model, data.moons(400, rng=0), parallel.Downpour(lr=0.5), 3, "processes", epochs=20,
        replace=True, progress=strike,
    )  # fmt: skip
    assert 1 <= len(record.of("died")) == len(record.of("replaced")) <= 3
    assert record.losses[-20:].mean() < record.losses[:5].mean()
    assert [event.written[0] for event in record.of("push")] == [*range(1, len(record.losses) + 1)]


def test_when_all_are_killed_the_last_checkpoint_holds_what_was_learned(tmp_path):
    model, moons = nn.MLP([2, 8, 2], rng=0), data.moons(80, rng=0)
    before = model.state_dict()

    def strike(event):
        if event.kind == "push" and event.written[0] == 5:
            for child in children():
                os.kill(child, signal.SIGKILL)

    with pytest.raises(LostError, match=r"all 2 workers died.*signal 9.*replace=True"):
        parallel.train(
            model, moons, "downpour", 2, "processes", loss=faulty.slow, progress=strike,
            checkpoint=tmp_path / "run.npz",
        )  # fmt: skip
    assert all((before[name] == value).all() for name, value in model.state_dict().items())
    train.load_checkpoint(tmp_path / "run.npz", model)
    assert any((before[name] != value).any() for name, value in model.state_dict().items())


def test_one_that_dies_again_and_again_is_given_up(tmp_path):
    cursed = faulty.CursedDownpour(lr=1.0).fated("pull", tmp_path / "mark")
    with pytest.raises(LostError, match="worker 1 died 4 times in the same place, after 3"):
        faulty.train(cursed, replace=True)


# The parent


def program(algorithm, folder):
    """A program that trains, once it has begun, and its worker processes."""
    command = [sys.executable, faulty.__file__, algorithm, str(folder / "run.npz")]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert started.stdout.readline() == "began\n"
    workers = children(started.pid)
    assert len(workers) == 2
    return started, workers


def something_is_learned(folder):
    """Whether the checkpoint of the program holds other weights than at first."""
    fresh, model = nn.MLP([2, 4, 2], rng=0), nn.MLP([2, 4, 2], rng=0)
    train.load_checkpoint(folder / "run.npz", model)
    return (fresh.layers[0].weight.data != model.layers[0].weight.data).any()


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("algorithm", ["downpour", "hogwild", "synchronous"])
def test_workers_end_when_the_parent_is_killed_and_its_last_checkpoint_is_whole(
    algorithm, trial, tmp_path
):
    started, workers = program(algorithm, tmp_path)
    started.kill()
    started.communicate(timeout=10)
    assert ends(workers)
    assert something_is_learned(tmp_path)


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("algorithm", ["downpour", "hogwild"])
def test_ctrl_c_saves_what_was_learned(algorithm, trial, tmp_path):
    started, workers = program(algorithm, tmp_path)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    out, err = started.communicate(timeout=10)
    assert started.returncode == 130
    assert err == ""
    assert int(out.split()[-1]) > 0
    assert ends(workers)
    assert something_is_learned(tmp_path)


@pytest.mark.parametrize("trial", TRIALS)
def test_a_second_ctrl_c_leaves_at_once(trial, tmp_path):
    started, workers = program("downpour", tmp_path)
    started.send_signal(signal.SIGINT)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=5)
    assert started.returncode in {130, -signal.SIGINT}
    assert ends(workers)


# Exceptions, and numbers that are none


def test_an_exception_of_a_worker_reaches_the_user_with_its_traceback_and_number():
    model = nn.MLP([2, 2], rng=0)
    with pytest.raises(WorkerError) as caught:
        parallel.train(model, data.moons(8, rng=0), "downpour", 2, "processes", loss=faulty.failing)
    said = str(caught.value)
    assert re.match(r"worker [01]: ZeroDivisionError: the third of March", said)
    assert "in failing" in said
