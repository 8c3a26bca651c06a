"""Workers that are killed, by themselves and for good, in a chosen phase of their work.

The model counts: row i of the data adds 1 to weight i, so that the trained weights say how often
each row's update was applied.
"""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from microgd import nn, parallel
from microgd.parallel.processes.links import Asking, Writing
from microgd.parallel.processes.memory import Slot
from microgd.parallel.requests import Push

ROWS, EPOCHS, STEP = 12, 3, 4

PHASES = "start pull pulled forward backward push pushed shutdown done".split()


def counting_model():
    model = nn.Linear(ROWS, 1, bias=False, rng=0)
    model.weight.data = np.zeros((1, ROWS))
    return model


def counted(outputs, targets):
    return -outputs.sum()


def data():
    return np.eye(ROWS), np.zeros(ROWS)


def train(algorithm, **options):
    """How often each row was applied, and the record."""
    model = counting_model()
    settings = {"backend": "processes", "epochs": EPOCHS, "batch_size": 1, "loss": counted}
    record = parallel.train(model, data(), algorithm, **{**settings, **options})
    return model.weight.data.ravel(), record


class Doomed:
    """Mixed into an algorithm: its worker 1 is killed once, in `phase` of its step number STEP."""

    def fated(self, phase, mark):
        self.phase, self.mark = phase, str(mark)
        return self

    def __setstate__(self, state):
        vars(self).update(state)
        if self.phase == "start":
            self.die()

    def die(self):
        try:
            Path(self.mark).touch(exist_ok=False)
        except FileExistsError:  # it has happened: this is the one that took the place
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def worker(self, replica, me, workers):
        if me == 1:
            self.arm(replica)
        yield from super().worker(replica, me, workers)
        if me == 1 and self.phase == "shutdown":
            self.die()

    def at(self, replica, phase):
        if phase == self.phase and replica.taken == STEP:
            self.die()

    def arm(self, replica):
        ask, get, put, send, loss = Asking.ask, Slot.get, Slot.put, Connection.send, replica.of

        def asked(link, request):
            self.at(replica, "pull")
            if isinstance(request, Push) and self.phase == "pushed" and replica.taken == STEP:
                link.pipe.send(("ask", replica.taken, link.now(), link._packed(request)))
                self.die()
            return ask(link, request)

        def got(slot, held):
            self.at(replica, "pulled")
            return get(slot, held)

        def half_put(slot, array):
            if self.phase == "push" and replica.taken == STEP:
                put(slot, array[: len(array) // 2])
                self.die()
            return put(slot, array)

        def sent(pipe, message):
            send(pipe, message)
            if message == ("done",) and self.phase == "done":
                self.die()

        def lossy(outputs, targets):
            self.at(replica, "forward")
            out = loss(outputs, targets)

            def backward(*gradient):
                out.backward(*gradient)
                self.at(replica, "backward")

            return SimpleNamespace(backward=backward, item=out.item)

        Asking.ask, Slot.get, Slot.put, Connection.send = asked, got, half_put, sent
        replica.of = lossy
        self.arm_without_a_server(replica)

    def arm_without_a_server(self, replica):
        ask = Writing.ask

        def asked(link, request):
            pushes = isinstance(request, Push)
            self.at(replica, "push" if pushes else "pull")
            answer = ask(link, request)
            self.at(replica, "pushed" if pushes else "pulled")
            return answer

        Writing.ask = asked

    def change(self, update):  # of a lock-free write, between its note and its store
        if self.phase == "write" and not Path(self.mark).exists():
            time.sleep(0.01)  # the others go on meanwhile
            self.die()
        return super().change(update)


class DoomedDownpour(Doomed, parallel.Downpour):
    pass


class CursedDownpour(DoomedDownpour):
    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)


class DoomedEASGD(Doomed, parallel.EASGD):
    pass


class DoomedHogwild(Doomed, parallel.Hogwild):
    pass


class DoomedSynchronous(Doomed, parallel.Synchronous):
    pass


class DoomedModelParallel(Doomed, parallel.ModelParallel):
    pass


def slow(outputs, targets):
    time.sleep(0.02)
    return nn.cross_entropy(outputs, targets)


def failing(outputs, targets):
    raise ZeroDivisionError("the third of March")


def main(algorithm, checkpoint):
    """A program that trains for a long time, as long as nobody stops it; 130 if Ctrl-C does."""
    rng = np.random.default_rng(0)
    model = nn.MLP([2, 4, 2], rng=0)
    moons = rng.normal(size=(100, 2)), rng.integers(0, 2, 100)

    told = []

    def began(event):
        if event.kind == "push" and event.time > 0.2 and not told:
            told.append(sys.stdout.write("began\n"))
            sys.stdout.flush()

    record = parallel.train(
        model, moons, algorithm, 2, "processes", epochs=10_000, loss=slow, progress=began,
        checkpoint=checkpoint, every=0.05,
    )  # fmt: skip
    sys.stdout.write(f"updates {len(record.of('push'))}")
    return 130 if record.interrupted else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
