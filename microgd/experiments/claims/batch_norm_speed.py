"""Ioffe and Szegedy (2015): batch normalisation reaches a loss in fewer steps."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from microgd import data, nn
from microgd.experiments.claim import Claim, Plot, Row, Source
from microgd.experiments.statistics import share, sign_test
from microgd.optim import SGD
from microgd.train import Callback, History, Run, fit

HIDDEN, BATCH = (100, 100, 100), 60  # as in section 4.1, there on larger digits
RUNS, EPOCHS, RATE, SCALE = 7, 60, 0.5, 0.1  # the paper gives no rate, and "small" weights
LOSS = 1.0  # the mean of an epoch, to be reached
NETWORKS = {"with": "batch", "without": None}


class Reached(Callback):
    """Stop once the loss is there."""

    def on_epoch_end(self, run: Run) -> None:
        """Look at the epoch's mean loss."""
        run.stop = run.history["loss"][-1] < LOSS


def run(seed: int) -> Iterator[Row | Plot]:
    """Train pairs of sigmoid networks from the same weights on the same batches."""
    rng = np.random.default_rng(seed)
    seeds = rng.integers(2**32, size=RUNS).tolist()
    found = {name: [train(norm, s) for s in seeds] for name, norm in NETWORKS.items()}
    steps = {name: [reached(history) for history in of_it] for name, of_it in found.items()}
    medians = {name: float(np.median(of_it)) for name, of_it in steps.items()}
    note = ", ".join(f"{name} {median:g}" for name, median in medians.items())
    wins = share(sum(np.less(steps["with"], steps["without"])), RUNS)
    yield Row("chance of so many wins by batch normalisation, were it of no use", (0.0, 0.01),
              sign_test(steps["with"], steps["without"]),
              note=f"one-sided sign test over pairs: sooner in {wins}")  # fmt: skip
    yield Row(f"steps to a loss of {LOSS} with / without", (0.0, 1.0),
              medians["with"] / medians["without"], note=f"medians: {note}")  # fmt: skip
    curves = {f"{name} batch normalisation": of_it[0] for name, of_it in found.items()}
    yield Plot("Three hidden layers of sigmoids", "step", "loss",
               {name: (history["step"], history["loss"]) for name, history in curves.items()},
               log="xy")  # fmt: skip


def train(norm: str | None, seed: int) -> History:
    """One run, until the loss is reached or time is up."""
    init = partial(nn.init.normal, std=SCALE)
    net = nn.MLP([64, *HIDDEN, 10], "sigmoid", norm=norm, init=init, rng=seed)
    return fit(net, data.digits(), SGD(net.parameters(), lr=RATE), epochs=EPOCHS,
               batch_size=BATCH, rng=seed, metrics=[], callbacks=[Reached()],
               progress=False)  # fmt: skip


def reached(history: History) -> float:
    """After how many steps; infinite if it was not."""
    return float(history["step"][-1]) if history["loss"][-1] < LOSS else np.inf


CLAIM = Claim(
    name="batch-norm-speed",
    title="Batch normalisation reaches a given loss in fewer steps",
    source=Source("Ioffe and Szegedy", 2015, "https://arxiv.org/abs/1502.03167"),
    teaches=(
        "Sigmoids pass on a fraction of the gradient, and small weights of the signal: normalised"
        " before every activation, both arrive, and the plateau at the start is gone."
    ),
    kind="distribution",
    run=run,
)
