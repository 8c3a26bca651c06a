"""The machine and the versions that a run was measured on; no host names and no paths."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PEERS = ("torch", "autograd", "mygrad", "jax", "micrograd")


def describe() -> str:
    """One line, as in `AMD EPYC, 2 cores, Linux x86_64; Python 3.11.7, numpy 2.4.6 (...), ...`."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    libraries = [f"numpy {np.__version__} ({blas['name']} {blas['version']})"]
    for name in PEERS:
        try:
            libraries.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            libraries.append(f"no {name}")
    return (
        f"{_cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}, {', '.join(libraries)}; one thread each"
    )


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
