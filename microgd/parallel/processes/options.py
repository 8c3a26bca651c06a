"""What can be said about worker processes."""

import os
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from microgd.arguments import real, whole


@dataclass(frozen=True, slots=True)
class Options:
    """How the processes of this machine work together.

    replace     whether another process starts in the place of a worker that died; it goes on after
                the last batch whose gradient has arrived
    checkpoint  a file that holds the model, see `train.load_checkpoint`; written every so often,
                in the end, at Ctrl-C, and when an error ends the run
    every       seconds from one checkpoint to the next
    threads     of the linear algebra of each worker: more than one, and the workers of all cores
                get in each other's way

    Raises TypeError or ValueError for an option out of range, CheckpointError for a folder that
    cannot be written to.
    """

    replace: bool = False
    checkpoint: str | PathLike[str] | None = None
    every: float = 30.0
    threads: int = 1

    def __post_init__(self) -> None:
        real("train", "every", self.every, "give seconds, 0 or more", 0)
        whole("train", "threads", self.threads, 1, "give 1 or more")
        if self.checkpoint is not None:
            folder = Path(os.path.realpath(self.checkpoint)).parent
            if not os.access(folder, os.W_OK):
                from microgd.train.checkpoint import CheckpointError

                raise CheckpointError(
                    f"train: checkpoint: cannot write to {folder}; make the folder first"
                )
