import backends
import pytest

from microgd import parallel

HERE = pytest.mark.parametrize("backend", ["simulated", "processes"])


@HERE
@pytest.mark.parametrize("holds", backends.PROPERTIES, ids=lambda holds: holds.__name__)
def test_on_every_backend(holds, backend):
    holds(backend)


@HERE
@pytest.mark.parametrize("algorithm", [parallel.Downpour(lr=0.1), parallel.Hogwild(lr=0.1)])
def test_an_update_that_is_not_finite_is_refused_and_counted(algorithm, backend):
    backends.an_update_that_is_not_finite_is_refused_and_counted(backend, algorithm)
