"""As `faulty`, for workers that are actors of Ray: they are killed in a chosen phase of their work.

Their processes import this file, and `python faulty_on_ray.py CHECKPOINT` is a program that trains.
"""

import os
import re
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import faulty
from faulty import STEP

from microgd import data, nn, parallel
from microgd.parallel.on_ray.link import Link
from microgd.parallel.requests import Push

PHASES = "start pull pulled forward backward push half pushed shutdown done".split()


def train(algorithm, **options):
    """How often each row was applied, and the record."""
    return faulty.train(algorithm, backend="ray", shards=2, **options)


class Doomed(faulty.Doomed):
    """Mixed into an algorithm: its worker 1 is killed once, in `phase` of its step number STEP."""

    def __setstate__(self, state):
        vars(self).update(state)
        if self.phase == "start" and Path("/proc/self/cmdline").read_text().startswith(
            "ray::Worker"
        ):
            self.die()  # not in a shard, which reads its orders too

    def worker(self, replica, me, workers):
        yield from super().worker(replica, me, workers)
        if me == 1 and self.phase == "done":
            threading.Timer(0.05, self.die).start()

    def arm(self, replica):
        ask, pull, loss = Link.ask, Link._pull, replica.of

        def asked(link, request):
            self.at(replica, "push" if isinstance(request, Push) else "pull")
            if isinstance(request, Push) and replica.taken == STEP:
                if self.phase == "half":
                    link.shards, link.places = link.shards[:1], link.places[:1]
                    ask(link, request)
                    self.die()
                if self.phase == "pushed":
                    get = link.ray.get  # for the one that took the place, if no push had arrived
                    link.ray = SimpleNamespace(get=lambda calls: self.die() or get(calls))
            return ask(link, request)

        def pulled(link):
            answer = pull(link)
            self.at(replica, "pulled")
            return answer

        def lossy(outputs, targets):
            self.at(replica, "forward")
            out = loss(outputs, targets)

            def backward(*seed):
                out.backward(*seed)
                self.at(replica, "backward")

            return SimpleNamespace(backward=backward, item=out.item)

        Link.ask, Link._pull, replica.of = asked, pulled, lossy


class DoomedDownpour(Doomed, parallel.Downpour):
    pass


class DoomedEASGD(Doomed, parallel.EASGD):
    pass


class DoomedSynchronous(Doomed, parallel.Synchronous):
    pass


class DoomedModelParallel(Doomed, parallel.ModelParallel):
    pass


class Located(parallel.Downpour):
    """Each worker tells in a folder on which node it is."""

    def worker(self, replica, me, workers):
        import ray

        Path(self.folder, ray.get_runtime_context().get_node_id()).touch()
        yield from super().worker(replica, me, workers)


class Cursed(parallel.Downpour):
    """Worker 1 dies whoever it is."""

    def worker(self, replica, me, workers):
        if me == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().worker(replica, me, workers)


def main(checkpoint):
    """A program that trains for a long time, as long as nobody stops it; 130 if Ctrl-C does."""

    def began(event):
        if event.kind == "push" and event.written[0] == 10:
            sys.stderr.write("began\n")

    record = parallel.train(
        nn.MLP([2, 4, 2], rng=0), data.moons(100, rng=0), "downpour", 2, "ray", epochs=100_000,
        loss=faulty.slow, progress=began, checkpoint=checkpoint,
    )  # fmt: skip
    sys.stdout.write(f"{len(record.of('push'))} updates")
    return 130 if record.interrupted else 0


# What runs


def processes(title):
    """The processes of Ray with this title, such as "ray::ShardActor", newest last."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_text().startswith(title):
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def gone(pids, seconds=10):
    until = time.monotonic() + seconds
    while (left := [p for p in pids if Path(f"/proc/{p}").exists()]) and time.monotonic() < until:
        time.sleep(0.05)
    return not left


def descendants(pid):
    """All processes below one, but for Ray's two agents.

    When all is killed under their feet, these try for a minute to report it, and then end.
    """
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status, title = (folder / "status").read_text(), (folder / "cmdline").read_text()
        except OSError:
            continue
        if not re.match("ray::(DashboardAgent|RuntimeEnvAgent)", title):
            parents[int(folder.name)] = int(re.search(r"PPid:\s*(\d+)", status)[1])
    found, below = [], [pid]
    while below:
        below = [child for child, parent in parents.items() if parent in below]
        found += below
    assert len(found) >= 6  # two of Ray's own, two workers, a shard, the meeting
    return found


def listening(pid):
    """The addresses on which a process listens, as the kernel writes them."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            inodes.add(str(handle.readlink()))
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {
        address.rpartition(":")[0]
        for _, address, _, state, *_, inode in (line[:10] for line in lines)
        if state == "0A" and f"socket:[{inode}]" in inodes
    }


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
