"""A real Ray: on this machine alone, and as a cluster of three nodes.

`pytest tests/cluster -m cluster` runs these. Where Ray is not installed they are skipped, and fail
in CI, where it has to be. All addresses are of the loopback interface.
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import faulty_on_ray
import pytest

from microgd import data, nn


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def ray():
    os.environ |= {
        LOCAL: "0",  # read as Ray is imported: loopback only
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(16),  # else Ray writes one into the home folder
    }
    os.environ.pop("RAY_ADDRESS", None)
    here = str(Path(__file__).parents[1])  # workers import what tests define there
    os.environ["PYTHONPATH"] = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    if "CI" in os.environ:
        import ray
    else:
        ray = pytest.importorskip(
            "ray", reason="Ray is not installed: pip install 'microgd[cluster]'"
        )
    return ray


LOCAL = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
QUIET = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}


@pytest.fixture(scope="module")
def machine(ray):
    """A Ray of this machine, in use already, as in somebody's session."""
    ray.init("local", num_cpus=4, **QUIET)
    yield "one machine"
    ray.shutdown()


@pytest.fixture(scope="module")
def nodes(ray):
    """A cluster of three nodes, to which we are connected; others are soon seen to be dead."""
    from ray.cluster_utils import Cluster

    seconds = {"RAY_health_check_period_ms": "1000", "RAY_health_check_timeout_ms": "4000"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in seconds.items():
            patch.setenv(name, value)
        nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    for _ in range(2):
        nodes.add_node(num_cpus=2)
    nodes.wait_for_nodes()
    ray.init(nodes.address, **QUIET)
    yield nodes
    ray.shutdown()
    nodes.shutdown()


@pytest.fixture
def cluster(nodes):
    """Its address."""
    return nodes.address


@pytest.fixture
def moons():
    return data.moons(240, rng=0)


@pytest.fixture
def model():
    return nn.MLP([2, 8, 2], rng=0)


@pytest.fixture
def program(tmp_path):
    """A program that trains on a Ray of its own, with the processes that it started."""
    env = {k: v for k, v in os.environ.items() if k != LOCAL}  # that is for us to see to
    command = [sys.executable, faulty_on_ray.__file__, str(tmp_path / "run.npz")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = subprocess.Popen(command, **pipes, env=env, start_new_session=True)
    try:
        assert started.stderr.readline() == "began\n"
        yield started, faulty_on_ray.descendants(started.pid)
    finally:
        started.kill()
        started.communicate()
