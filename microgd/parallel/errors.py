"""What can go wrong with workers that are processes of their own, here or on a cluster."""


class WorkerError(RuntimeError):
    r"""A worker's program raised an exception: which worker, what, and its traceback.

    worker  its number
    trace   the traceback, as that worker would print it

    >>> print(WorkerError(1, "Traceback (most recent call last): ...\nValueError: no such row"))
    worker 1: ValueError: no such row
    <BLANKLINE>
    Traceback (most recent call last): ...
    ValueError: no such row
    """

    def __init__(self, worker: int, trace: str) -> None:
        trace = trace.strip()
        super().__init__(f"worker {worker}: {trace.splitlines()[-1]}\n\n{trace}")
        self.worker, self.trace = worker, trace


class LostError(RuntimeError):
    """The parameter server died, or all workers did, so that there is nothing to go on with."""


class DeadlockError(RuntimeError):
    """All workers wait, each for another."""
