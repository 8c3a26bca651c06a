"""A worker process: from its first line to its last."""

import multiprocessing
import os
import pickle
import threading
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from microgd.parallel import heap
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.driver import Link, drive
from microgd.parallel.job import Job
from microgd.parallel.processes.links import Asking, Common, Writing
from microgd.parallel.processes.memory import Log, Slot

NO_GUARD = 87
"""Exit code of a worker that finds the call of `train` as it imports the user's script."""


def leave_if_imported() -> None:
    """End this process if it is a worker that is still importing the user's script."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(NO_GUARD)


def packed(algorithm: Algorithm, job: Job) -> bytes:
    """What a worker is told, with what NumPy is to do about an overflow, which is as here.

    Raises TypeError, naming the part, for what cannot be pickled.
    """
    for name, part in {"model": job.model, "loss": job.loss, "algorithm": algorithm}.items():
        try:
            pickle.dumps(part)
        except Exception as error:  # whatever a __reduce__ raises
            raise TypeError(
                f"train: {name} {getattr(part, '__qualname__', type(part).__qualname__)} cannot be"
                f" handed to worker processes ({error}); make it of functions and classes that a"
                " module defines, without lambda, or train with backend='simulated'"
            ) from error
    return pickle.dumps((algorithm, job, np.geterr()))


def work(
    me: int,
    taken: int,
    pipe: Connection,
    slot: Slot,
    common: Common | None,
    log: Log | None,
) -> None:
    """Run worker number `me`, after `taken` batches that are done; tell the parent how it ended."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        pipe.send(("here",))
        algorithm, job, errors = _unpacked(pipe.recv_bytes())
        heap.keep()
        replica = job.replica(me, taken)
        pipe.send(("ready",))
        start = pipe.recv()
        asking = Asking(pipe, slot, replica, job.trace, start)
        link: Link = asking
        if common is not None and log is not None:
            link = Writing(asking, common, log, algorithm, me)
        with np.errstate(**errors):
            drive(algorithm.worker(replica, me, job.workers), link)
        pipe.send(("done",))
    except BaseException:  # noqa: BLE001 - whatever it is, the parent is told, and raises it
        with suppress(OSError):
            pipe.send(("failed", traceback.format_exc()))


def _end_with_parent() -> None:
    """Wait for the parent's end, however it comes, and end then."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _unpacked(told: bytes) -> tuple[Algorithm, Job, Any]:
    try:
        algorithm, job, errors = pickle.loads(told)  # noqa: S301 - from our own parent
    except AttributeError as error:
        error.add_note(
            "a worker imports what model, loss and algorithm are made of; define it in a module,"
            " a .py file, and import it from there, or train with backend='simulated'"
        )
        raise
    return algorithm, job, errors
