"""Hypothesis keeps no time, since a slow moment of a shared machine is no failure; in CI the same
examples come every time, so that a submission is judged by its change and not by its luck."""

import os

from hypothesis import settings

settings.register_profile("untimed", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("untimed")
