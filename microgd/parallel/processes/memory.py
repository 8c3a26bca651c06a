"""Memory that processes share: numbers, an array handed over, a log of events."""

import ctypes
import struct
import time
from multiprocessing import get_context
from typing import Any

import numpy as np

from microgd.graph import Array

CONTEXT = get_context("spawn")  # a fork would copy threads' locks in whatever state they are


class Shared:
    """An array in memory that a process shares with those that it hands it to as they start.

    It has no name in the file system: the kernel frees it with the last process that has it,
    however that one ends.
    """

    def __init__(self, shape: int | tuple[int, ...], dtype: Any, raw: Any = None) -> None:
        self.dtype, size = np.dtype(dtype), int(np.prod(shape))
        self.raw = (
            CONTEXT.RawArray(ctypes.c_char, size * self.dtype.itemsize) if raw is None else raw
        )
        self.array: Array = np.frombuffer(memoryview(self.raw), self.dtype).reshape(shape)

    def __reduce__(self) -> Any:
        return Shared, (self.array.shape, self.dtype, self.raw)


class Slot:
    """Room for an array between a worker and the parent, who write into it by turns.

    Messages then hold only where the array stands. One that finds no room travels in the message.
    """

    def __init__(self, nbytes: int) -> None:
        self.room = Shared(nbytes, np.uint8)

    def put(self, array: Array) -> Any:
        """Hand over an array; what the message is to hold."""
        if array.nbytes > len(self.room.array):
            return array
        self._view(array.dtype, array.shape)[...] = array
        return array.dtype, array.shape

    def get(self, held: Any) -> Array:
        """The array, to be used before the next is put."""
        return self._view(*held) if isinstance(held, tuple) else held

    def _view(self, dtype: Any, shape: tuple[int, ...]) -> Array:
        size = dtype.itemsize * int(np.prod(shape))
        return self.room.array[:size].view(dtype).reshape(shape)


ROW = np.dtype(
    [
        ("kind", np.int64),
        ("time", float),
        ("since", float),
        ("read", np.int64),
        ("written", np.int64),
        ("loss", float),
        ("count", np.int64),
    ]
)
_ROW = struct.Struct("qddqqdq")


class Log:
    """What a worker takes down for the parent to fetch: a ring of rows, which outlives the worker.

    One process writes and one reads, and each has a counter of its own, so neither needs a lock.
    """

    def __init__(self, rows: int = 2**14) -> None:
        self._rows, self._ends = Shared(rows, ROW), Shared(2, np.int64)
        self.__setstate__((self._rows, self._ends))

    def __getstate__(self) -> Any:
        return self._rows, self._ends

    def __setstate__(self, parts: Any) -> None:
        self._rows, self._ends = parts
        self._bytes = memoryview(self._rows.raw).cast("B")
        self._counters = memoryview(self._ends.raw).cast("B").cast("q")

    def write(self, *row: Any) -> None:
        """Take down a row; waits while the ring is full."""
        written, size = self._counters[0], len(self._rows.array)
        while written - self._counters[1] >= size:
            time.sleep(0.001)
        _ROW.pack_into(self._bytes, written % size * ROW.itemsize, *row)
        self._counters[0] = written + 1  # after the row: the reader trusts it

    def fetch(self) -> Array:
        """Copies of the rows since the last time."""
        read, written = self._counters[1], self._counters[0]
        rows = self._rows.array.take(np.arange(read, written), mode="wrap")
        self._counters[1] = written
        return rows
