"""Who takes part: a name, the module that holds the contender, and its class there."""

from collections.abc import Callable
from importlib import import_module

from .problem import Contender, Problem

REFERENCE = "NumPy by hand"
TABLE = (
    (REFERENCE, "with_numpy", "NumPyByHand"),
    ("NumPy tuned", "with_tuned_numpy", "NumPyTuned"),
    ("microgd", "with_microgd", "Microgd"),
    ("PyTorch", "with_torch", "TorchEager"),
    ("PyTorch fused Adam", "with_torch", "TorchFused"),
    ("autograd", "with_autograd", "Autograd"),
    ("MyGrad", "with_mygrad", "MyGrad"),
    ("JAX jit", "with_jax", "JaxJit"),
)

Make = Callable[[Problem], Contender]


def installed(probe: Problem) -> tuple[dict[str, Make], list[str]]:
    """The contenders that import and do one step of `probe`, and a line for each that does not."""
    made: dict[str, Make] = {}
    notices = []
    for name, module, class_ in TABLE:
        try:
            make = getattr(import_module(f".{module}", __package__), class_)
            make(probe).step()
        except Exception as error:  # a peer may fail in any way; the others still run
            notices.append(f"{name} is skipped: {type(error).__name__}: {error}")
        else:
            made[name] = make
    return made, notices
