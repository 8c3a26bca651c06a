"""As `faulty`, for workers that are actors of Ray: they are killed in a chosen phase of their work.

Their processes import this file, and `python faulty_on_ray.py CHECKPOINT` is a program that trains.
"""

import os
import signal
import sys
import threading
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
                    link.ray = SimpleNamespace(get=lambda calls: self.die())  # all are under way
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


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
