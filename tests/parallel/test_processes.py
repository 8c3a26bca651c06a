import os
import subprocess
import sys
import threading
from multiprocessing import get_context

import backends
import numpy as np
import pytest
from backends import trained

from microgd import data, nn, parallel
from microgd.parallel.errors import WorkerError
from microgd.parallel.processes.memory import Log, Slot
from microgd.train import CheckpointError, load_checkpoint

TRAIN = """
model = nn.MLP([2, 4, 2], rng=0)
record = parallel.train(model, data.moons(40, rng=0), "downpour", 2, "processes", epochs=1)
print(len(record.losses))
"""
IMPORTS = "from microgd import data, nn, parallel\n"
NET = """
class Net(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 2, rng=0)
    def forward(self, x):
        return self.layer(x)
"""
GUARDED = 'if __name__ == "__main__":\n    {}\n'


def run(command, text="", **options):
    return subprocess.run(
        command, check=False, input=text, capture_output=True, text=True, timeout=60, **options
    )


def script(folder, text):
    (folder / "program.py").write_text(text)
    return run([sys.executable, "program.py"], cwd=folder)


# Where it is called from


def test_a_script_without_a_guard_is_told_to_write_one(tmp_path):
    done = script(tmp_path, IMPORTS + TRAIN)
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1  # of the script itself, none of the workers
    assert 'if __name__ == "__main__":\n        parallel.train(...)' in done.stderr
    assert 'backend="simulated"' in done.stderr


def test_a_script_with_a_guard_trains_a_model_of_its_own(tmp_path):
    guarded = GUARDED.format(
        TRAIN.replace("nn.MLP([2, 4, 2], rng=0)", "Net()").replace("\n", "\n    ")
    )
    done = script(tmp_path, IMPORTS + NET + guarded)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_a_prompt_trains_what_can_be_imported():
    done = run([sys.executable, "-c", IMPORTS + TRAIN])
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_a_prompt_is_told_where_to_define_its_model():
    own = TRAIN.replace("nn.MLP([2, 4, 2], rng=0)", "Net()")
    done = run([sys.executable, "-c", IMPORTS + NET + own])
    assert "Can't get attribute 'Net'" in done.stderr
    assert "define it in a module, a .py file" in done.stderr


def test_a_script_that_is_no_file_is_told_so():
    done = run([sys.executable, "-"], IMPORTS + TRAIN)
    assert "ended with exit code 1 before it began" in done.stderr
    assert "must be a file" in done.stderr


def test_a_thread_may_train():
    found = []
    thread = threading.Thread(target=lambda: found.append(trained("processes", "downpour", 1)))
    thread.start()
    thread.join()
    assert len(found[0][1].losses) == 16


# What workers are given


def test_a_loss_that_cannot_be_pickled_is_named():
    with pytest.raises(
        TypeError, match=r"train: loss .*<lambda> cannot .*without lambda.*simulated"
    ):
        trained("processes", "downpour", 1, loss=lambda outputs, targets: (outputs * 0).sum())


def test_a_model_that_cannot_be_pickled_is_named():
    class Local(nn.MLP):
        pass

    with pytest.raises(TypeError, match=r"train: model .*Local cannot be handed to worker"):
        trained("processes", "downpour", 1, Local([2, 2], rng=0))


def test_a_class_within_a_function_is_no_algorithm_for_processes():
    class Own(parallel.Downpour):
        pass

    with pytest.raises(TypeError, match=r"train: algorithm .*Own cannot"):
        trained("processes", Own(), 1)


def test_linear_algebra_has_one_thread_in_each_worker(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    _, record = trained("processes", "hogwild", 2, loss=backends.pinned)
    assert len(record.losses) == 16
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_workers_treat_an_overflow_as_the_caller_does():
    with np.errstate(all="ignore"):
        _, record = trained("processes", "downpour", 2, loss=backends.overflowing)
    assert len(record.losses) == 16
    with pytest.raises(WorkerError, match="AssertionError"):
        trained("processes", "downpour", 2, loss=backends.overflowing)


def test_a_lock_free_worker_cannot_change_what_it_sees():
    with pytest.raises(WorkerError, match=r"worker 0: ValueError: .*read-only"):
        trained("processes", backends.Meddling(lr=0.1), 1)


# Options


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"threads": 0}, ValueError, "train: threads is 0; give 1 or more"),
        ({"every": -1.0}, ValueError, "train: every is -1.0; give seconds, 0 or more"),
        ({"checkpoint": "/no/such/run.npz"}, CheckpointError, "cannot write to /no/such; make"),
        ({"replaces": True}, ValueError, "option 'replaces' is unknown; did you mean 'replace'"),
        ({"workers": 0}, ValueError, "train: workers is 0; give 1 or more"),
        ({"shards": 100}, ValueError, "shards is 100, and MLP has 65 parameters; give at most 65"),
    ],
)
def test_options_that_cannot_work_are_refused_before_anything_starts(options, kind, said):
    with pytest.raises(kind) as caught:
        trained("processes", "downpour", **{"workers": 1, **options})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"trace": True}, "train: trace: Hogwild has no server .* leave trace out, or train with"),
        ({"shards": 2}, "train: shards: Hogwild has no server to hold them; leave shards out"),
    ],
)
def test_what_needs_a_server_is_refused_without_one(options, said):
    with pytest.raises(ValueError, match=said):
        trained("processes", "hogwild", 1, **options)


def test_checkpoints_are_written_in_the_course_and_in_the_end(tmp_path):
    path, seen = tmp_path / "run.npz", []
    found, _ = trained(
        "processes", "downpour", 2, epochs=20, checkpoint=path, every=0,
        progress=lambda event: seen.append(path.exists()),
    )  # fmt: skip
    assert seen[-1]
    model = backends.network()
    load_checkpoint(path, model)
    assert (backends.weights(model) == found).all()


# Shared memory


def test_a_log_tells_every_row_in_order_though_its_ring_is_short():
    log = Log(rows=8)
    process = get_context("spawn").Process(target=backends.write_rows, args=(log, 100))
    process.start()
    rows = []
    while process.is_alive() or not rows or rows[-1][3] < 99:
        rows += log.fetch().tolist()
    process.join()
    assert rows == [(1, 0.5 * i, 0.0, i, i + 1, 2.5, 7) for i in range(100)]


@pytest.mark.parametrize("array", [np.arange(6.0), np.ones((2, 3), np.float32), np.zeros((0, 2))])
def test_a_slot_hands_an_array_over_as_it_is(array):
    slot = Slot(48)
    held = slot.put(array)
    assert isinstance(held, tuple)
    found = slot.get(held)
    assert found.dtype == array.dtype
    assert (found == array).all()
    assert found.shape == array.shape


def test_what_a_slot_has_no_room_for_travels_in_the_message():
    array = np.arange(7.0)
    slot = Slot(48)
    assert slot.get(slot.put(array)) is array


def test_larger_arrays_than_the_parameters_are_handed_over():
    model = nn.MLP([2, 1, 2], rng=0)  # 8 numbers; the all-reduce of 1 worker takes 10
    moons = data.moons(60, rng=0)
    record = parallel.train(model, moons, "model-parallel", 2, "processes", epochs=1)
    assert len(record.losses) == 2
