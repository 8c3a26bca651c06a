"""Neelakantan et al. (2015): gradient noise gets a deep network off weights of zero."""

from collections.abc import Iterator

import numpy as np

from microgd import data, nn
from microgd.experiments.claim import Absolute, Claim, Plot, Row, Source
from microgd.experiments.statistics import share, sign_test
from microgd.optim import SGD
from microgd.train import Callback, ClipGradNorm, GradientNoise, Run, evaluate, fit

LAYERS, WIDTH = 8, 50  # the paper has 20 layers, through which so small a noise takes far longer
RATE, ETA, CLIP = 0.1, 0.01, 10.0  # as in section 4.1, experiment 6
RUNS, EPOCHS, BATCH = 8, 150, 32
LEARNED = 0.5  # accuracy on test digits: no network stuck at one class has it
# Half of the paper's 40 runs had a rate ten times smaller; on average they came to 49.7 %, the
# best to 94.5 %, and one that learns nothing to about 10 %: so at least this share learned
AT_LEAST = (0.497 - 0.10) / (0.945 - 0.10)


class Judge(Callback):
    """Note the accuracy on the test digits, and stop a network that has learned."""

    def __init__(self, test: data.Dataset) -> None:
        self.test, self.accuracy = test, [0.0]

    def on_epoch_end(self, run: Run) -> None:
        """Judge."""
        self.accuracy.append(evaluate(run.model, self.test)["accuracy"])
        run.stop = self.accuracy[-1] > LEARNED


def run(seed: int) -> Iterator[Row | Plot]:
    """Train networks whose weights are all zero, with and without noise."""
    seeds = np.random.default_rng(seed).integers(2**32, size=RUNS).tolist()
    found = {noise: [train(ETA if noise else 0.0, s) for s in seeds] for noise in (False, True)}
    best = {noise: [max(of_it) for of_it in curves] for noise, curves in found.items()}
    learned = {noise: int(sum(np.greater(of_it, LEARNED))) for noise, of_it in best.items()}
    yield Row("share that learns without noise", 0.0, learned[False] / RUNS, Absolute(0.0),
              f"best accuracy {100 * max(best[False]):.1f} %, in the paper 11.4 %")  # fmt: skip
    yield Row("share that learns with noise", (AT_LEAST, 1.0), learned[True] / RUNS,
              note=f"above {100 * LEARNED:.0f} % accuracy: {share(learned[True], RUNS)};"
              f" {LAYERS} layers, 20 in the paper")  # fmt: skip
    misses = {noise: np.less_equal(of_it, LEARNED).tolist() for noise, of_it in best.items()}
    yield Row("chance of so many more, were noise of no use", (0.0, 0.01),
              sign_test(misses[True], misses[False]),
              note="one-sided sign test over pairs")  # fmt: skip
    yield Plot("Accuracy on test digits, from weights of zero", "epoch", "accuracy",
               {("with noise" if noise else "without"): (range(len(curves[0])), curves[0])
                for noise, curves in found.items()})  # fmt: skip


def train(eta: float, seed: int) -> list[float]:
    """The accuracy after each epoch of one run."""
    train_set, test_set = data.train_test_split(data.digits(), rng=0, stratify=True)
    net = nn.MLP([64, *[WIDTH] * LAYERS, 10], "relu", init="zeros")
    judge = Judge(test_set)
    fit(net, train_set, SGD(net.parameters(), lr=RATE), epochs=EPOCHS, batch_size=BATCH, rng=seed,
        callbacks=[ClipGradNorm(CLIP), GradientNoise(eta, rng=seed), judge], metrics=[],
        progress=False)  # fmt: skip
    return judge.accuracy


CLAIM = Claim(
    name="gradient-noise",
    title="Gradient noise lets a deep network learn from weights of zero",
    source=Source("Neelakantan et al.", 2015, "https://arxiv.org/abs/1511.06807"),
    teaches=(
        "From weights of zero no gradient comes through, however long one waits; noise draws the"
        " first weights, as a good initialisation would have done at once."
    ),
    kind="distribution",
    run=run,
    full=True,
)
