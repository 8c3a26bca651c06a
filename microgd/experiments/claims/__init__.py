"""The claims that `microgd reproduce` runs: one file each, imported when it is run."""

from importlib import import_module

from microgd.experiments.claim import Claim
from microgd.names import choose

NAMES = (  # in the order of the table; the claim `log-cosh` is in the file log_cosh.py
    # exact
    "log-cosh",
    "mazur",
    "micrograd-readme",
    "stability",
    "momentum",
    "adam-first-step",
    "adadelta-first-step",
    "adagrad-steps",
    "amsgrad",
    "sgdr-restarts",
    "batch-norm-scale",
    "clipped-norm",
    "word2vec-gradient",
    "line-regression",
    # within a few percent
    "tanh-weight-scale",
    "glorot",
    "he",
    "schoenholz",
    "recurrent-bound",
    "delayed-descent",
    "elastic-stability",
    "asynchrony-momentum",
    "hogwild",
    # in distribution
    "cliff",
    "digits",
    "sparse-adagrad",
    "warm-restarts",
    "xor",
    "symmetry",
    "encoder",
    "batch-norm-speed",
    "gradient-noise",
    "curriculum",
    "curriculum-order",
    "word2vec",
    "delay-aware",
)


def load(name: str) -> Claim:
    """The claim of this name. Raises ValueError, with the nearest one, if there is none.

    >>> load("log-cosh").title
    'Gradient descent on log cosh'
    """
    module = choose("claim", name, {known: known.replace("-", "_") for known in NAMES})
    claim = import_module(f"{__name__}.{module}").CLAIM
    assert isinstance(claim, Claim)
    return claim
