"""A slow moment of a shared machine is no failure: hypothesis keeps no time here."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
