"""Ctrl-C asks a run to stop after the step under way; a second one stops it at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from microgd.train.callbacks import Run


def stops(run: Run) -> AbstractContextManager[None]:
    """Inside, the first Ctrl-C sets `run.stop` and `history.interrupted`."""

    def stop() -> None:
        run.stop = run.history.interrupted = True

    return interruptible(stop)


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl-C calls `stop`.

    The former handler is back from then on, so that the second does what it did before. Signals
    arrive in the main thread only, and one that is ignored (as under nohup) stays so.
    """
    former = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or former in {None, signal.SIG_IGN}:
        yield
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, former)
        stop()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is ask:
            signal.signal(signal.SIGINT, former)
