"""Callbacks that end a run, or lose what comes after a step, for tests to resume it."""

from microgd.train import Callback, save_checkpoint


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_batch_end(self, run):
        run.stop = run.stop or run.step == self.step


class SaveAt(Callback):
    """As a program that is killed after a step: what comes after it is lost."""

    def __init__(self, step, path):
        self.step, self.path = step, path

    def on_batch_end(self, run):
        if run.step == self.step:
            save_checkpoint(self.path, **run.parts())
