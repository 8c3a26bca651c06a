"""Hypothesis keeps no time, since a slow moment of a shared machine is no failure; in CI the same
examples come every time, so that a submission is judged by its change and not by its luck."""

import os

from hypothesis import settings

# Before NumPy is loaded: the suite runs on all cores, a process on each, and threads of BLAS would
# only wait for one another
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("untimed", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("untimed")
