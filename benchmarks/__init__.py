"""microgd beside its peers, measured in one run: ``python -m benchmarks.peers``.

One thread each: the variables below are read when NumPy, PyTorch and JAX are first imported, and
importing this package is what comes before any of them.
"""

import os

os.environ.update(
    OPENBLAS_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    VECLIB_MAXIMUM_THREADS="1",
    NPROC="1",  # the size of XLA's own thread pool
    XLA_FLAGS="--xla_cpu_multi_thread_eigen=false",
    JAX_PLATFORMS="cpu",
    JAX_ENABLE_X64="1",
)
