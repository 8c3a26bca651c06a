"""Ray, ready for use: the one that is in use, a running cluster's, or one started for a run."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

WAIT = 5.0
"""Seconds within which a cluster has to answer; Ray by itself would try for minutes."""


@contextmanager
def cluster(address: str | None, workers: int, threads: int) -> Iterator[Any]:
    """The package `ray`, connected; what was started or connected for this is ended afterwards.

    A Ray that is in use already is used, and left as it is. Else `address`, or the environment's
    RAY_ADDRESS, says where a cluster is; without either, one is started on this machine, which
    nobody can reach from outside and which has a processor for each thread of a worker.

    Raises ModuleNotFoundError if Ray is not installed; ConnectionError if no cluster is there;
    ValueError for an address that is none, or for more workers than there are processors.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    ray = _package(local=address is None)
    ours = not ray.is_initialized()
    if ours:
        _begin(ray, address, workers * threads)
    try:
        if not ours and address not in {None, "auto", ray.get_runtime_context().gcs_address}:
            raise ValueError(
                f"train: address is {address!r:.60}, and Ray is in use at"
                f" {ray.get_runtime_context().gcs_address}; call ray.shutdown() first"
            )
        places = int(ray.cluster_resources().get("CPU", 0))
        if workers * threads > places:
            said = f"workers is {workers}"
            if threads > 1:
                said += f" of {threads} threads"
            raise ValueError(
                f"train: {said}, and the cluster has {places} processors; give at most"
                f" {places // threads} workers, or add machines to the cluster"
            )
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _package(*, local: bool) -> Any:
    """The package, which nothing else needs."""
    name = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # elsewhere than on Linux this is the default
    before = os.environ.get(name)
    if local:
        os.environ[name] = "0"  # or Ray would listen to the network, not to this machine only
    try:
        return import_module("ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise ModuleNotFoundError(
            "train: backend 'ray': the package ray is not installed; pip install 'microgd[cluster]'"
        ) from error
    finally:
        if local:
            os.environ.pop(name)
            if before is not None:
                os.environ[name] = before


def _begin(ray: Any, address: str | None, places: int) -> None:
    """Connect to a cluster, or start one."""
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    if address is None:
        ray.init("local", num_cpus=max(places, os.cpu_count() or 1), **quiet)
        return
    if address == "auto":
        address = running()
    _knock(address)
    try:
        ray.init(address, **quiet)
    except (ConnectionError, RuntimeError) as error:
        raise _nobody(address) from error


def running() -> str:
    """The address of a cluster that runs on this machine. Raises ConnectionError if none does.

    What Ray finds may be a cluster that has ended, for which it would wait for minutes.
    """
    services = import_module("ray._private.services")
    find = services.find_gcs_addresses
    getattr(find, "cache_clear", lambda: None)()  # newer ones remember clusters that are gone
    for address in (services.find_bootstrap_address(None), *sorted(find())):
        with suppress(ConnectionError):
            if address is not None:
                _knock(address)
                return str(address)
    raise _nobody("auto")


def _knock(address: str) -> None:
    """Raise ValueError unless this is HOST:PORT, and ConnectionError unless Ray may be there."""
    host, colon, port = address.strip().rpartition(":")
    if not (colon and host and port.isdecimal()) or "/" in host:
        raise ValueError(
            f"train: address is {address!r:.60}; give HOST:PORT of a cluster's head, as `ray start"
            " --head` tells it, or 'auto' for a cluster that runs here"
        )
    try:
        with socket.create_connection((host.strip("[]"), int(port)), WAIT) as probe:
            said = b"" if "RAY_USE_TLS" in os.environ else probe.recv(4)
    except (OSError, OverflowError) as error:
        raise _nobody(address) from error
    # gRPC, in which Ray speaks, greets with a frame of settings; over TLS it is greeted first
    if said[3:] != b"\x04" and "RAY_USE_TLS" not in os.environ:
        raise _nobody(address)


def _nobody(address: str) -> ConnectionError:
    return ConnectionError(
        f"train: no Ray cluster at {address}; start one with `ray start --head`, or leave address"
        " out, and Ray is started on this machine"
    )
