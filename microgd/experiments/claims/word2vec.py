"""word2vec, trained on Newton's Opticks: words that stand in the same places come together."""

from collections.abc import Iterable, Iterator

import numpy as np

from microgd import data
from microgd.experiments.claim import Claim, Plot, Row, Source
from microgd.experiments.statistics import at_least
from microgd.graph import Array
from microgd.nn import SkipGram, cross_entropy
from microgd.nn.word2vec import cosines
from microgd.optim import Adam
from microgd.tensor import no_grad
from microgd.train import fit

LEAST, WINDOW, DIMENSIONS = 20, 4, 32
EPOCHS, BATCH, RATE = 2, 1024, 0.01
NEAR = 10  # neighbours of a word to compare
# Newton's own list (Book I, part II, proposition III), and the numbers that have one word
GROUPS = {
    "colour": ("red", "orange", "yellow", "green", "blue", "indigo", "violet"),
    "number": ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
}
SHOWN = ("water", "refraction", "inches")


def run(seed: int) -> Iterator[Row | Plot]:
    """Learn the vectors, and compare them with what counting says."""
    text = data.words(data.opticks())
    words = data.vocabulary(text, LEAST)
    centres, contexts = data.skip_grams(data.encode(text, words), WINDOW)
    model = SkipGram(words, DIMENSIONS, rng=seed, dtype=np.float32)
    rule = Adam(model.parameters(), lr=RATE)
    pairs = (centres, contexts)
    history = fit(model, pairs, rule, epochs=EPOCHS, batch_size=BATCH, rng=seed, metrics=[],
                  every="step", progress=False)  # fmt: skip

    counts = np.bincount(centres * len(words) + contexts, minlength=len(words) ** 2)
    counts = counts.reshape(len(words), -1).astype(float)
    unigram, conditional = entropies(counts)
    note = "in nats; knowing the neighbours can do no better than the first, frequencies the second"
    yield Row("loss, between the entropies of a word given its neighbour, and alone",
              (conditional, unigram), loss(model, counts), note=note)  # fmt: skip

    ours, theirs = neighbours(model.vectors.weight.data), neighbours(ppmi(counts))
    shared = [len(set(a) & set(b)) / NEAR for a, b in zip(ours, theirs, strict=True)]
    chance = NEAR / (len(words) - 1)
    yield Row(f"{NEAR} nearest words shared with those by mutual information, beside chance",
              (5.0, np.inf), float(np.mean(shared)) / chance, note=told(model, SHOWN))  # fmt: skip

    # Neighbours come in pairs, so the trials are half as many at worst: hence one in a million
    for kind, names in GROUPS.items():
        known = [word for word in names if word in words]
        trials, chance = len(known) * (len(known) - 1), (len(known) - 1) / (len(words) - 1)
        hits = sum(
            other in known for word in known for other, _ in model.nearest(word, len(known) - 1)
        )
        yield Row(f"chance of so many {kind}s among the {len(known) - 1} nearest to each {kind}",
                  (0.0, 1e-6), at_least(hits, trials, chance),
                  note=f"{hits} of {trials}; {told(model, known[:2])}")  # fmt: skip

    steps = history["step"]
    level = {"word alone": unigram, "word given its neighbour": conditional}
    flat = {name: ((steps[0], steps[-1]), (value, value)) for name, value in level.items()}
    yield Plot("Learning word vectors", "step", "loss",
               {"loss of the batch": (steps, history["loss"]), **flat})  # fmt: skip


def told(model: SkipGram, words: Iterable[str]) -> str:
    """The neighbours of some words, to be read."""
    return "; ".join(
        f"{word}: {', '.join(near for near, _ in model.nearest(word, 5))}" for word in words
    )


def entropies(counts: Array) -> tuple[float, float]:
    """H(context) and H(context | centre) of a table of counts (centres, contexts), in nats."""
    joint = counts / counts.sum()
    return float(_entropy(joint.sum(0))), float(_entropy(joint) - _entropy(joint.sum(1)))


def _entropy(p: Array) -> Array:
    some = p[p > 0]
    return -(some * np.log(some)).sum()


def loss(model: SkipGram, counts: Array) -> float:
    """The mean loss over all pairs, each kind of pair once, weighted by its count."""
    each = counts.sum(1)
    with no_grad():
        scores = model(np.arange(len(counts)))
        losses = cross_entropy(scores, counts / each[:, None], reduction="none")
    return float(losses.numpy() @ each / each.sum())


def ppmi(counts: Array) -> Array:
    """max(0, log(p(c, o) / (p(c) p(o)))): what word2vec factorises, roughly.

    Levy and Goldberg (2014), https://papers.nips.cc/paper/5477.
    """
    joint = counts / counts.sum()
    expected = joint.sum(1, keepdims=True) * joint.sum(0)
    positive: Array = np.log(np.maximum(joint / expected, 1.0))
    return positive


def neighbours(rows: Array) -> list[list[int]]:
    """The NEAR most similar other rows of each row."""
    similar = cosines(rows)
    np.fill_diagonal(similar, -2.0)
    found: list[list[int]] = np.argsort(-similar, axis=1, kind="stable")[:, :NEAR].tolist()
    return found


CLAIM = Claim(
    name="word2vec",
    title="word2vec with a naive softmax, trained on Newton's Opticks",
    source=Source("Mikolov, Chen, Corrado and Dean", 2013, "https://arxiv.org/abs/1301.3781"),
    teaches=(
        "Nobody tells the model what a colour is: red and yellow get similar vectors because the"
        " same words stand around them."
    ),
    kind="distribution",
    run=run,
)
