"""The heap of a worker: counted in pages that it takes from the system."""

import platform
import subprocess
import sys

import pytest

STEPS, SIZE = 50, 2**21  # bytes: 512 pages of 4096

STEP_ON = f"""
import resource, numpy as np
from microgd.parallel import heap
{{}}
def step():
    return [np.ones({SIZE}, np.uint8) for _ in range(3)]
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({STEPS}):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(begin):
    code = STEP_ON.format(begin)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="elsewhere it does nothing")
def test_a_step_takes_no_pages_once_the_heap_is_kept():
    assert pages("") > STEPS * SIZE / 4096  # else there is nothing to be kept from
    assert pages("heap.keep()") < STEPS
