"""Workers as processes of this machine: spawned, with memory that they share.

The parent is the parameter server, and answers the workers one by one, each over a pipe of its
own; arrays go through shared memory. Without a lock, the workers write to the parameters
themselves, and the parent only watches. A worker may be killed at any moment: a message is whole
or was never sent, no lock can stay behind, and what the processes share has no name to be left
over. When the parent dies, the workers end.
"""

from microgd.graph import Array
from microgd.parallel.algorithms import Algorithm
from microgd.parallel.events import Record
from microgd.parallel.job import Job
from microgd.parallel.processes.options import Options as Options
from microgd.parallel.processes.worker import leave_if_imported


def run(algorithm: Algorithm, job: Job, options: Options, record: Record) -> Array:
    """Train with worker processes; the trained weights, or those so far after Ctrl-C.

    Raises WorkerError for an exception in a worker; LostError if too many died to go on;
    RuntimeError if they cannot start; ValueError for what needs a server and has none.
    """
    leave_if_imported()
    from microgd.parallel.processes.supervisor import Supervisor  # which workers do without

    if algorithm.lock_free and (job.trace or job.shards > 1):
        what = "trace" if job.trace else "shards"
        raise ValueError(
            f"train: {what}: {algorithm.name} has no server to"
            f" {'copy the parameters at each write' if job.trace else 'hold them'}; leave {what}"
            f" out{', or train with backend=' + repr('simulated') if job.trace else ''}"
        )
    return Supervisor(algorithm, job, options, record).run()
