"""A real Ray: on this machine alone, and as a cluster of three nodes.

`pytest tests/cluster -m cluster` runs these. Where Ray is not installed they are skipped, and fail
in CI, where it has to be. All addresses are of the loopback interface.
"""

import os
import secrets
from pathlib import Path

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
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # read as Ray is imported: loopback only
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


QUIET = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}


@pytest.fixture(scope="module")
def machine(ray):
    """A Ray of this machine, in use already, as in somebody's session."""
    ray.init("local", num_cpus=4, **QUIET)
    yield "one machine"
    ray.shutdown()


@pytest.fixture(scope="module")
def cluster(ray):
    """The address of a cluster of three nodes, to which we are connected."""
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    for _ in range(2):
        nodes.add_node(num_cpus=2)
    nodes.wait_for_nodes()
    ray.init(nodes.address, **QUIET)
    yield nodes.address
    ray.shutdown()
    nodes.shutdown()


@pytest.fixture
def moons():
    return data.moons(240, rng=0)


@pytest.fixture
def model():
    return nn.MLP([2, 8, 2], rng=0)
