"""Two arrays in an npz file: x with a row for each example, and y with its target."""

from pathlib import Path

import numpy as np

from microgd.data._check import Array, numbers
from microgd.names import choose


def read(
    op: str,
    path: Path,
    target: str | int | None,
    drop: list[str | int],
    header: bool | None,
) -> tuple[Array, Array, list[str], str]:
    """Inputs, target, names of the inputs, and what to call the target in a message."""
    if drop or header is not None:
        raise ValueError(f"{op}: columns are dropped and named in a text file only")
    import zipfile  # loaded by NumPy as well, when it reads such a file, and not before

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(
            f"{op} is no npz file of plain arrays ({error}); write one with"
            " np.savez(path, x=x, y=y)"
        ) from error
    name = "y" if target is None else str(target)
    y = choose(f"{op}: target", name, arrays)
    others = [key for key in arrays if key != name]
    inputs = next((key for key in ("x", "X") if key in others), others[0] if others else "")
    if len(others) != 1 and inputs not in {"x", "X"}:
        raise ValueError(
            f"{op}: which array holds the inputs? There are {', '.join(arrays)}; name it x"
        )
    x = numbers(op, inputs, arrays[inputs])
    if x.ndim < 2:
        x = x.reshape(-1, 1)
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(
            f"{op}: {inputs} has {len(x)} rows, shape {x.shape}, and {name} has shape {y.shape};"
            " give one target for each row"
        )
    if y.dtype.kind in "biuf":
        y = numbers(op, name, y)
    elif y.dtype.kind not in "US":
        raise ValueError(f"{op}: {name} has dtype {y.dtype}; give numbers or text")
    return x, y, [], f"the target, {name},"
