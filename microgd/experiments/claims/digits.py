"""Handwritten digits: a small network names more than 97 of 100 that it has not seen."""

from collections.abc import Iterator

import numpy as np

from microgd.data import digits, train_test_split
from microgd.experiments.claim import Claim, Plot, Row, Source
from microgd.nn import Dropout, Linear, ReLU, Sequential
from microgd.optim import AdamW, CosineAnnealingLR
from microgd.train import Scheduled, fit

SPLITS, EPOCHS = 6, 30


def run(seed: int) -> Iterator[Row | Plot]:
    """Train on four fifths of the images and judge on the rest, for several splits."""
    rng = np.random.default_rng(seed)
    accuracies = []
    for _ in range(SPLITS):
        train, test = train_test_split(digits(), rng=rng, stratify=True)
        model = Sequential(
            Dropout(0.1, rng=rng),
            Linear(64, 128, rng=rng),
            ReLU(),
            Dropout(0.2, rng=rng),
            Linear(128, 10, rng=rng),
        )
        rule = AdamW(model.parameters(), lr=5e-3, weight_decay=0.05)
        history = fit(
            model,
            train,
            rule,
            epochs=EPOCHS,
            rng=rng,
            validation=test,
            callbacks=[Scheduled(CosineAnnealingLR(rule, T_max=EPOCHS))],
            progress=False,
        )
        accuracies.append(history["val_accuracy"].tolist())
    last = [found[-1] for found in accuracies]
    yield Row(
        "test accuracy, mean over splits",
        (0.97, 1.0),
        float(np.mean(last)),
        note=f"{SPLITS} splits with {len(test.x)} unseen images each, {min(last):.4f} to"
        f" {max(last):.4f}",
    )
    curve = np.mean(accuracies, axis=0).tolist()
    curves = {"unseen": (range(1, EPOCHS + 1), curve)}
    yield Plot("Handwritten digits, mean of the splits", "epoch", "accuracy", curves)


CLAIM = Claim(
    name="digits",
    title="A small network names more than 97 % of unseen handwritten digits",
    source=Source("Alpaydin and Kaynak", 1998, "https://doi.org/10.24432/C50P49"),
    teaches=(
        "All of it together, on real images: layers, dropout, AdamW, a schedule, and images kept"
        " apart to judge by."
    ),
    kind="distribution",
    run=run,
)
