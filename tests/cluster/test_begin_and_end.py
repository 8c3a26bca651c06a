"""Ray is found, started, used and left; whoever gives an address that is none is told so."""

import http.server
import importlib
import socket
import subprocess
import time
from pathlib import Path

import pytest
from faulty_on_ray import gone, listening, processes

from microgd import data, nn, parallel

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, as the kernel writes it
SHARED = Path("/dev/shm")  # noqa: S108 - looked at only
MOONS = data.moons(40, rng=0)


def train(**options):
    workers = options.pop("workers", 2)
    return parallel.train(nn.MLP([2, 2], rng=0), MOONS, "downpour", workers, "ray", **options)


@pytest.fixture
def unused(ray):
    assert not ray.is_initialized()
    return ray


# Nobody there


@pytest.mark.parametrize(
    "address", ["here", "127.0.0.1", ":6379", "127.0.0.1:", "127.0.0.1:x", "ray://127.0.0.1:10001"]
)
def test_an_address_that_is_none_is_refused(unused, address):
    with pytest.raises(ValueError, match=r"address is .*HOST:PORT of a cluster's head.*'auto'"):
        train(address=address)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:99999", "auto", "no.such.host:1"])
def test_where_no_cluster_is_an_error_says_so_within_ten_seconds(unused, address):
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=r"no Ray cluster at .*ray start --head"):
        train(address=address)
    assert time.monotonic() - start < 10
    assert not unused.is_initialized()


def test_what_a_cluster_left_behind_as_it_ended_is_not_waited_for(unused, tmp_path, monkeypatch):
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    services = importlib.import_module("ray._private.services")
    assert services.find_bootstrap_address(None) == "127.0.0.1:1"
    with subprocess.Popen(
        ["raylet", "-c", "read _  # --gcs-address=127.0.0.1:2"],  # noqa: S607
        executable="/bin/sh",
        stdin=subprocess.PIPE,
    ):
        start = time.monotonic()
        while "127.0.0.1:2" not in services.find_gcs_addresses():  # not before its name is known
            assert time.monotonic() - start < 10
        start = time.monotonic()
        with pytest.raises(ConnectionError, match=r"no Ray cluster at auto"):
            train(address="auto")
        assert time.monotonic() - start < 10


def test_one_who_listens_but_is_no_cluster_is_found_out(unused):
    error = pytest.raises(ConnectionError, match="no Ray cluster")
    with socket.create_server(("127.0.0.1", 0)) as mute, error:
        train(address=f"127.0.0.1:{mute.getsockname()[1]}")
    web = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    with web, error:
        train(address=f"127.0.0.1:{web.server_address[1]}")


def test_the_environment_may_say_where_the_cluster_is(unused, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(ConnectionError, match=r"no Ray cluster at 127\.0\.0\.1:1;"):
        train()


# Found, used and left


def test_a_ray_that_was_started_for_a_run_is_ended_with_it(unused):
    shared = set(SHARED.iterdir())
    assert len(train(epochs=1).of("done")) == 2
    assert not unused.is_initialized()
    assert gone(processes("ray::"))
    assert set(SHARED.iterdir()) <= shared


def test_what_is_started_listens_to_this_machine_only(program):
    _, its = program
    heard = {address for pid in its for address in listening(pid)}
    assert heard
    assert heard <= LOOPBACK


def test_a_ray_in_use_is_used_and_left_as_it_was(machine, ray):
    ours = ray.put("kept")
    assert len(train(epochs=1).of("done")) == 2
    assert ray.is_initialized()
    assert ray.get(ours) == "kept"
    address = ray.get_runtime_context().gcs_address
    assert len(train(epochs=1, address=address).of("done")) == 2


def test_another_address_than_that_of_the_ray_in_use_is_refused(machine, ray):
    with pytest.raises(ValueError, match=r"address is '127.0.0.1:1', and Ray is in use at .*shutd"):
        train(address="127.0.0.1:1")
    assert ray.is_initialized()


def test_more_workers_than_processors_are_refused(machine):
    with pytest.raises(ValueError, match=r"workers is 5, and the cluster has 4 processors"):
        train(workers=5)
    with pytest.raises(
        ValueError, match=r"workers is 2 of 3 threads, and .* 4 processors; give at most 1 workers"
    ):
        train(workers=2, threads=3)


@pytest.mark.parametrize("what", ["loss", "algorithm"])
def test_what_the_cluster_cannot_import_is_named(machine, tmp_path, monkeypatch, what):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"only_here_{what}"
    (tmp_path / f"{name}.py").write_text(
        "from microgd.nn import cross_entropy\nfrom microgd.parallel import Downpour\n"
        "def loss(outputs, targets): return cross_entropy(outputs, targets)\n"
        "class algorithm(Downpour): pass\n"
    )
    module = importlib.import_module(name)
    given = {"loss": module.loss} if what == "loss" else {}
    algorithm = module.algorithm() if what == "algorithm" else "downpour"
    with pytest.raises(RuntimeError, match=rf"No module named '{name}'; each machine of the clus"):
        parallel.train(nn.MLP([2, 2], rng=0), MOONS, algorithm, 2, "ray", **given)
