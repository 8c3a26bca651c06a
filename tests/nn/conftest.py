import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _no_overflow_and_no_invalid_value():
    """What NumPy would only warn of, fails; to round a tiny number to 0 is no mistake."""
    with np.errstate(all="raise", under="ignore"):
        yield
