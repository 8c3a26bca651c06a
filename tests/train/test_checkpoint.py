"""A file that is not whole, or not ours, gives one clear error and changes nothing."""

import hashlib
import io
import json
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd import data, nn, optim
from microgd.train import (
    Callback,
    Checkpoint,
    CheckpointError,
    History,
    fit,
    load_checkpoint,
    save_checkpoint,
)
from microgd.train.archive import pack, unpack

X = np.random.default_rng(0).normal(size=(10, 3))
Y = np.random.default_rng(1).integers(0, 2, 10)


class Parts:
    def __init__(
        self, seed=0, sizes=(3, 4, 2), dtype=float, size=4, every="epoch", rule=optim.Adam
    ):
        self.model = nn.MLP(list(sizes), rng=seed, dtype=dtype)
        self.optimizer = rule(self.model.parameters())
        self.batches = data.batches(X, Y, size, rng=seed)
        self.history, self.rng = History(every), np.random.default_rng(seed)

    def train(self, steps=5):
        while self.history.step < steps:
            for x, y in self.batches:
                loss = nn.cross_entropy(self.model(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.rng.normal()
                self.history.step += 1
                self.history.record({"step": self.history.step, "loss": loss.item()})
                if self.history.step == steps:
                    break
        return self

    def all(self):
        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "batches": self.batches,
            "history": self.history,
            "rng": self.rng,
        }

    def state(self):
        with np.printoptions(threshold=10**6, floatmode="unique"):
            states = [part.state_dict() for part in list(self.all().values())[:-1]]
            grads = [p.grad for p in self.model.parameters()]
            return repr([states, grads, self.rng.bit_generator.state])


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "run.npz"
    save_checkpoint(path, **Parts().train().all())
    return path.read_bytes()


def refused(path, parts, *said, **kwargs):
    before = parts.state()
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, **{**parts.all(), **kwargs})
    for words in ("load_checkpoint: ", str(path), *said):
        assert words in str(caught.value)
    assert parts.state() == before


# What is in the file


def test_it_is_an_npz_that_numpy_opens_without_pickles(content, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    trained = Parts().train()
    with np.load(path, allow_pickle=False) as file:
        assert np.array_equal(file["model/layers.0.weight"], trained.model.layers[0].weight.data)
        moments = trained.optimizer.state_dict()["state"][3]["exp_avg_sq"]
        assert np.array_equal(file["optimizer/state/3/exp_avg_sq"], moments)
        assert file["history/columns/loss"].tolist() == trained.history["loss"].tolist()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def test_parts_may_be_left_out(content, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    parts = Parts(seed=1)
    load_checkpoint(path, parts.model)
    assert str(parts.model.state_dict()) == str(Parts().train().model.state_dict())
    assert str(parts.optimizer.state_dict()) == str(Parts(seed=1).optimizer.state_dict())


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.integers() | st.sampled_from(["a", "b/c", "a.npy", ""]), inner)
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from("abc"), TREES))
def test_what_is_packed_is_unpacked(tmp_path_factory, states):
    path = tmp_path_factory.mktemp("tree") / "a"
    path.write_bytes(pack(dict.fromkeys(states, "kind"), states))
    kinds, found = unpack(path)
    assert kinds == dict.fromkeys(states, "kind")
    assert repr(found) == repr(states)  # NaN is not equal to itself


ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array(3.0),
    np.empty((0, 4), np.int8),
    np.arange(3, dtype=">f8"),
    np.array([True, False]),
    np.array(["a", "bc"]),
    np.float32(0.1),
    np.float64(0.1),
    np.int64(-3),
    np.bool_(True),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{type(a).__name__} {a.dtype} {a.shape}")
def test_arrays_and_numbers_keep_their_kind(array, tmp_path):
    (tmp_path / "a").write_bytes(pack({"part": "k"}, {"part": {"x": array, "y": [array]}}))
    _, found = unpack(tmp_path / "a")
    for back in (found["part"]["x"], found["part"]["y"][0]):
        assert type(back) is type(array)
        assert (back.dtype, back.shape) == (array.dtype, array.shape)
        assert back.tobytes() == array.tobytes()
        assert back.flags.f_contiguous == array.flags.f_contiguous


def test_keys_that_lead_to_one_path_are_kept_apart(tmp_path):
    states = {"part": {"a": {"b": np.zeros(1)}, "a/b": np.ones(1), 1: np.ones(2), "1": np.zeros(2)}}
    (tmp_path / "a").write_bytes(pack({"part": "k"}, states))
    assert repr(unpack(tmp_path / "a")[1]) == repr(states)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.array([{}, None]), "save_checkpoint: extra/list/0 is an array of objects"),
        (len, "save_checkpoint: extra/list/0 is <built-in function len>; a state may hold numbers"),
        ({1, 2}, "save_checkpoint: extra/list/0 is {1, 2}"),
    ],
)
def test_what_cannot_be_saved_is_named_and_nothing_is_written(value, said, tmp_path):
    class Odd(Callback):
        def state_dict(self):
            return {"list": [value]}

    path = tmp_path / "run.npz"
    path.write_text("before")
    with pytest.raises(TypeError) as caught:
        save_checkpoint(path, Parts().model, extra=Odd())
    assert said in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]
    assert path.read_text() == "before"


# Written atomically


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    save_checkpoint(path, Parts().model)
    before = path.read_bytes()

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        save_checkpoint(path, Parts(seed=1).model)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_the_file_is_complete_and_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    path, order, sync, replace = tmp_path / "run.npz", [], os.fsync, Path.replace

    def note_sync(number):
        order.append("sync")
        sync(number)

    def note_replace(self, target):
        unpack(self)
        assert self.parent == Path(target).parent
        order.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    save_checkpoint(path, Parts().model)
    assert order == ["sync", "replace"]


@pytest.mark.skipif(os.name == "nt", reason="no such permissions, and links need a privilege")
def test_permissions_and_links_are_as_for_any_file(tmp_path):
    real, link = tmp_path / "real.npz", tmp_path / "link.npz"
    real.touch()
    ordinary = stat.S_IMODE(real.stat().st_mode)
    link.symlink_to(real)
    save_checkpoint(link, Parts().model)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == ordinary
    load_checkpoint(link, Parts().model)


# Files that are not whole


def test_every_truncation_is_refused(content, tmp_path):
    path, parts = tmp_path / "cut.npz", Parts(seed=1).train(2)
    for length in [*range(0, len(content), 97), *range(len(content) - 130, len(content))]:
        path.write_bytes(content[:length])
        refused(path, parts, "is no whole checkpoint: cut short", f"({length:,} bytes)")


@given(st.data())
def test_every_flipped_bit_is_noticed(content, tmp_path_factory, choice):
    path, parts = tmp_path_factory.mktemp("bits") / "flipped.npz", Parts(seed=1).train(2)
    bits = choice.draw(st.sets(st.integers(0, 8 * len(content) - 1), min_size=1, max_size=5))
    damaged = bytearray(content)
    for bit in bits:
        damaged[bit // 8] ^= 1 << bit % 8
    path.write_bytes(damaged)
    refused(path, parts)


def test_every_bit_of_the_last_bytes_is_noticed(content, tmp_path):
    path, parts = tmp_path / "flipped.npz", Parts(seed=1).train(2)
    for bit in range(8 * (len(content) - 130), 8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        refused(path, parts)


def test_bytes_put_in_or_added_are_noticed(content, tmp_path):
    path, parts = tmp_path / "longer.npz", Parts(seed=1).train(2)
    for longer in (content + b"\n", b"\n" + content, content[:500] + b"\0" + content[500:]):
        path.write_bytes(longer)
        refused(path, parts)


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize(
    "foreign",
    [b"", b"PK", b"hello\n" * 99, npz(weight=np.zeros(3)), bytes(range(256)) * 4],
    ids=["empty", "two bytes", "text", "npz", "bytes"],
)
def test_a_foreign_file_is_refused(foreign, tmp_path):
    path = tmp_path / "foreign.npz"
    path.write_bytes(foreign)
    refused(path, Parts(), "is no whole checkpoint", "give a file that save_checkpoint wrote")


def sealed(body, number=1):
    body += b"microgd checkpoint %d sha256 " % number
    return body + hashlib.sha256(body).hexdigest().encode()


def structure(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return npz(structure=np.frombuffer(text, np.uint8))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK no zip",
        npz(weight=np.zeros(3)),
        npz(structure=np.array([None])),
        structure(b"{"),
        structure(b"\xff\xfe\xfd"),
        structure(3),
        structure([{}, {}]),
        structure([{"model": "MLP"}, ["dict", []]]),
        structure([{"model": "MLP"}, ["dict", [["model", ["array", "gone"]]]]]),
        structure([{"model": "MLP"}, ["pickle", "model"]]),
        structure([3, ["dict", []]]),
        structure(b"[" * 10**5 + b"]" * 10**5),
    ],
)
def test_a_sealed_file_that_makes_no_sense_is_refused(body, tmp_path):
    path = tmp_path / "odd.npz"
    path.write_bytes(sealed(body))
    refused(path, Parts())


def test_objects_are_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    structure = json.dumps([{"model": "MLP"}, ["dict", [["model", ["array", "a"]]]]])
    traps = np.empty(1, object)
    traps[0] = Trap()
    body = npz(structure=np.frombuffer(structure.encode(), np.uint8), a=traps)
    (tmp_path / "trap.npz").write_bytes(sealed(body))
    refused(tmp_path / "trap.npz", Parts(), "is malformed", "allow_pickle=False")


def test_a_later_format_says_so(tmp_path):
    (tmp_path / "new.npz").write_bytes(sealed(npz(), number=2))
    refused(tmp_path / "new.npz", Parts(), "of format 2", "reads format 1", "with the microgd that")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    refused(tmp_path / "none.npz", Parts(), "cannot read", "No such file", "save_checkpoint wrote")
    refused(tmp_path, Parts(), "cannot read", "directory")


# Files of something else


class Fragile:
    """Writes before it knows whether what it is given is right."""

    def __init__(self, at):
        self.at = at

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]
        if self.at < 0:
            raise KeyError("negative")


MISFITS = [
    (lambda: Parts(sizes=(3, 5, 2)), ["fit the model", "layers.0.weight", "(4, 3)", "(5, 3)"]),
    (lambda: Parts(sizes=(3, 4, 4, 2)), ["fit the model", "layers.4.weight"]),
    (lambda: Parts(sizes=(3, 2)), ["fit the model", "layers.2.weight"]),
    (
        lambda: Parts(dtype=np.float32),
        ["layers.0.weight as float64", "has float32", "dtype=np.float64"],
    ),
    (lambda: Parts(rule=optim.SGD), ["optimizer of the kind Adam", "is SGD", "was saved"]),
    (lambda: Parts(size=5), ["fit the batches given", "size 4", "it is 5", "same arguments"]),
    (lambda: Parts(every="step"), ["fit the history given", "every epoch", "every step"]),
]


@pytest.mark.parametrize(("made", "said"), MISFITS)
def test_a_file_of_other_objects_is_refused_and_changes_nothing(made, said, content, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    refused(path, made(), *said)


def test_an_optimizer_of_other_groups_is_refused(content, tmp_path):
    path, parts = tmp_path / "run.npz", Parts(seed=1)
    path.write_bytes(content)
    each = [{"params": [p]} for p in parts.model.parameters()]
    parts.optimizer = optim.Adam(each)
    refused(path, parts, "fit the optimizer given", "groups of [4] parameters")


def test_another_kind_of_generator_is_refused(content, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    refused(path, Parts(), "fit the rng given", rng=np.random.Generator(np.random.MT19937(0)))


def test_a_part_that_is_not_in_the_file_is_named(content, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    refused(path, Parts(), "holds model, optimizer, batches, history, rng, and no noise",
            "leave noise out", noise=np.random.default_rng())  # fmt: skip


def test_a_part_that_fails_halfway_is_brought_back_with_all_others(tmp_path):
    path, mine = tmp_path / "run.npz", Fragile(3)
    save_checkpoint(path, **Parts().train().all(), fragile=Fragile(-1))
    refused(path, Parts(seed=1).train(2), "does not fit the fragile given: negative", fragile=mine)
    assert mine.at == 3


def test_batches_under_way_go_on_after_a_refusal(content, tmp_path):
    path, parts, plain = tmp_path / "run.npz", Parts(sizes=(3, 5, 2)), Parts()
    path.write_bytes(content)
    seen = []
    for x, _ in parts.batches:
        seen.append(x)
        refused(path, parts, "fit the model")
    seen += [x for x, _ in parts.batches]
    wanted = [x for _ in range(2) for x, _ in plain.batches]
    assert [x.tolist() for x in seen] == [x.tolist() for x in wanted]


# The callback


def test_it_saves_every_so_often_and_at_the_end(tmp_path):
    path, saved = tmp_path / "run.npz", []

    class Look(Callback):
        def on_epoch_end(self, _run):
            history = History()
            load_checkpoint(path, nn.MLP([3, 4, 2]), history=history)
            saved.append(history.epoch)

    parts = Parts()
    keep = Checkpoint(path, every=3)
    save_checkpoint(path, parts.model, history=History())
    fit(parts.model, (X, Y), parts.optimizer, epochs=7, progress=False, callbacks=[keep, Look()])
    assert saved == [0, 0, 0, 3, 3, 3, 6], "it saves after all others, and they see the one before"
    load_checkpoint(path, parts.model, history=parts.history)
    assert parts.history.epoch == 7


@pytest.mark.parametrize(("every", "expected"), [(1, 6), (2, 6), (4, 4), (7, 0)])
def test_it_saves_every_so_many_steps(every, expected, tmp_path):
    path, parts = tmp_path / "run.npz", Parts()

    class Killed(Callback):
        def on_batch_begin(self, run):
            if run.step == 7:
                raise KeyError(run.step)

    save_checkpoint(path, parts.model, history=History())
    keep = Checkpoint(path, every=every, each="step")
    with pytest.raises(KeyError):
        fit(parts.model, parts.batches, parts.optimizer, progress=False, callbacks=[keep, Killed()])
    saved = History()
    load_checkpoint(path, parts.model, history=saved)
    assert saved.step == expected


def test_it_saves_what_the_callbacks_after_it_have_learned(tmp_path):
    class Count(Callback):
        epochs = 0

        def on_epoch_end(self, _run):
            self.epochs += 1

        def state_dict(self):
            return {"epochs": self.epochs}

        def load_state_dict(self, state):
            self.epochs = state["epochs"]

    path, parts, count = tmp_path / "run.npz", Parts(), Count()
    callbacks = [Checkpoint(path), count]
    fit(parts.model, (X, Y), parts.optimizer, epochs=3, progress=False, callbacks=callbacks)
    load_checkpoint(path, parts.model, Count=count)
    assert count.epochs == 3


def test_what_a_killed_writer_left_is_swept_away(tmp_path):
    path, parts = tmp_path / "run[1].npz", Parts()
    left, other = tmp_path / ".run[1].npz.123.tmp", tmp_path / ".run1.npz.123.tmp"
    left.write_bytes(b"half")
    other.write_bytes(b"another's")
    fit(parts.model, (X, Y), parts.optimizer, epochs=1, progress=False, callbacks=Checkpoint(path))
    assert sorted(tmp_path.iterdir()) == sorted([path, other])


def test_after_an_error_the_last_good_file_stays(tmp_path):
    path, parts, calls = tmp_path / "run.npz", Parts(), iter(range(99))

    def loss(outputs, targets):
        return nn.cross_entropy(outputs, targets) * (np.nan if next(calls) == 8 else 1.0)

    with pytest.raises(FloatingPointError):
        fit(parts.model, parts.batches, parts.optimizer, loss, progress=False,
            callbacks=[Checkpoint(path)])  # fmt: skip
    load_checkpoint(path, parts.model, history=parts.history)
    assert (parts.history.epoch, parts.history.step) == (2, 6)


def test_a_folder_that_is_not_there_is_found_before_training(tmp_path):
    parts, seen = Parts(), []

    class Count(Callback):
        def on_batch_end(self, run):
            seen.append(run.step)

    keep = Checkpoint(tmp_path / "none" / "run.npz")
    with pytest.raises(
        CheckpointError, match=r"Checkpoint: cannot write to .*none; make the folder"
    ):
        fit(parts.model, (X, Y), parts.optimizer, progress=False, callbacks=[keep, Count()])
    assert not seen
    with pytest.raises(CheckpointError, match=r"save_checkpoint: cannot write .*No such file"):
        save_checkpoint(tmp_path / "none" / "run.npz", parts.model)
