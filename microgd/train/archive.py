"""The file of a checkpoint: an npz of plain arrays that notices every flipped bit.

Nested dicts become one array for each array in them, named by its path as ``model/layers.0.bias``,
and one array of bytes, ``structure``: JSON that says what stood where. The zip's comment, its last
bytes, holds the SHA-256 of all bytes before it.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from microgd.graph import Array

_FORMAT = 1
_MARK = b"microgd checkpoint %d sha256 "
_SEAL = re.compile(rb"microgd checkpoint (\d+) sha256 ([0-9a-f]{64})\Z")
_DIGITS = 64
_STRUCTURE = "structure"


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be written or read; the message says which file, why, what to do."""


def pack(kinds: Mapping[str, str], states: Mapping[str, Any]) -> bytes:
    """The file for the states of some parts, and what kind of thing each part is.

    A state is a dict of numbers, text, arrays, and lists, tuples and dicts of them. The same
    states give the same bytes. Raises TypeError for anything else in them.
    """
    arrays: dict[str, Array] = {}
    flat = [dict(kinds), _flatten(states, "", arrays)]
    structure = np.frombuffer(json.dumps(flat).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **{_STRUCTURE: structure, **arrays})
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = _MARK % _FORMAT + b"0" * _DIGITS
    body = file.getvalue()[:-_DIGITS]
    return body + hashlib.sha256(body).hexdigest().encode()


def unpack(path: str | PathLike[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """The kinds and states packed into a file. Raises CheckpointError if it is not whole."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"load_checkpoint: cannot read {path}: {error.strerror}; give the path of a file that"
            " save_checkpoint wrote"
        ) from error
    seal = _SEAL.search(content[-200:])
    if seal is None:
        raise CheckpointError(
            f"load_checkpoint: {path} ({len(content):,} bytes) is no whole checkpoint: cut short,"
            " or written by something else; give a file that save_checkpoint wrote, or an older one"
        )
    if int(seal[1]) != _FORMAT:
        raise CheckpointError(
            f"load_checkpoint: {path} is a checkpoint of format {int(seal[1])}, and this microgd"
            f" reads format {_FORMAT}; read it with the microgd that wrote it"
        )
    if hashlib.sha256(content[:-_DIGITS]).hexdigest().encode() != seal[2]:
        raise CheckpointError(
            f"load_checkpoint: {path} is damaged: its SHA-256 is not the one noted in it; fetch"
            " it again, or take an older one"
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            kinds, flat = json.loads(file[_STRUCTURE].tobytes())
            states = _build(flat, file)
        if set(kinds) == set(states):
            return kinds, states
        reason = "kinds and states differ"
    except Exception as error:  # whatever a file can be made to hold
        raise CheckpointError(_malformed(path, f"{type(error).__name__}: {error}")) from error
    raise CheckpointError(_malformed(path, reason))


def _malformed(path: str | PathLike[str], reason: str) -> str:
    return (
        f"load_checkpoint: {path} is malformed ({reason:.120}); give a file that save_checkpoint"
        " wrote"
    )


def _flatten(value: Any, path: str, arrays: dict[str, Array]) -> Any:
    """What JSON can say of `value`; arrays go into `arrays` under their path.

    Numbers, text and None stand for themselves; the rest is ``[kind, content]``, so that tuples
    come back as tuples, keys as the numbers they were, and NumPy's numbers with their dtype.
    """
    if value is None or type(value) in {bool, int, float, str}:
        return value
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.hasobject:
            raise TypeError(f"save_checkpoint: {path} is an array of objects; make it numbers")
        while path in arrays:
            path += "+"  # {"a/b": x, "a": {"b": y}}
        arrays[path] = np.asarray(value)
        return ["array" if isinstance(value, np.ndarray) else "number", path]
    if isinstance(value, Mapping):
        items = [
            [_flatten(key, f"{path}/key", {}), _flatten(part, f"{path}/{key}".lstrip("/"), arrays)]
            for key, part in value.items()
        ]
        return ["dict", items]
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return [kind, [_flatten(part, f"{path}/{i}", arrays) for i, part in enumerate(value)]]
    raise TypeError(
        f"save_checkpoint: {path} is {value!r:.60}; a state may hold numbers, text, arrays, and"
        " lists and dicts of them"
    )


def _build(flat: Any, arrays: Mapping[str, Array]) -> Any:
    """What `_flatten` was given."""
    if not isinstance(flat, list):
        return flat
    kind, content = flat
    if kind == "array":
        return arrays[content]
    if kind == "number":
        return arrays[content][()]
    if kind == "dict":
        return {_build(key, arrays): _build(part, arrays) for key, part in content}
    if kind in {"list", "tuple"}:
        parts = [_build(part, arrays) for part in content]
        return parts if kind == "list" else tuple(parts)
    raise ValueError(f"unknown kind {kind!r:.20}")
