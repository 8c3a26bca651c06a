"""Layers with two modes and a memory of their own, in the training loop and in checkpoints."""

import numpy as np
import pytest
from stopping import SaveAt

from microgd import data, nn, optim
from microgd.train import NotFiniteError, evaluate, fit

MOONS = data.moons(60, noise=0.2, rng=0)
EPOCHS, SIZE = 4, 16  # 4 steps an epoch


def words(rng):
    return nn.Sequential(nn.Embedding(60, 4, padding_idx=0, rng=rng), nn.Linear(4, 2, rng=rng))


MODELS = {
    "batch": lambda rng: nn.MLP([2, 8, 2], norm="batch", rng=rng),
    "layer": lambda rng: nn.MLP([2, 8, 2], norm="layer", rng=rng),
    "dropout": lambda rng: nn.MLP([2, 8, 8, 2], dropout=0.3, rng=rng),
    "all": lambda rng: nn.MLP([2, 8, 8, 2], norm="batch", dropout=0.3, residual=True, rng=rng),
    "embedding": words,
}
every_model = pytest.mark.parametrize("kind", MODELS)


def inputs(kind):
    return (np.arange(len(MOONS.x)), MOONS.y) if kind == "embedding" else (MOONS.x, MOONS.y)


class Parts:
    """A fresh run; after another seed nothing is equal yet."""

    def __init__(self, kind, seed=0):
        self.model = MODELS[kind](np.random.default_rng(seed))
        self.optimizer = optim.Adam(self.model.parameters(), lr=0.03, weight_decay=0.01)
        self.batches = data.batches(*inputs(kind), SIZE, rng=100 + seed)
        self.validation = tuple(part[:7] for part in inputs(kind))

    def run(self, *callbacks, resume=None):
        self.history = fit(
            self.model,
            self.batches,
            self.optimizer,
            lambda out, y: nn.cross_entropy(out, y, label_smoothing=0.1),
            EPOCHS,
            validation=self.validation,
            callbacks=callbacks,
            every="step",
            progress=False,
            resume=resume,
        )
        return self

    def state(self):
        """All of it, as bytes and text."""
        generators = [
            value.bit_generator.state
            for _, part in self.model.named_modules()
            for value in vars(part).values()
            if isinstance(value, np.random.Generator)
        ]
        arrays = {name: value.tobytes() for name, value in self.model.state_dict().items()}
        columns = self.history.state_dict()["columns"]
        return arrays, generators, {name: value.tobytes() for name, value in columns.items()}


@every_model
@pytest.mark.parametrize("step", [1, 4, 6, 15])
def test_a_run_that_is_killed_goes_on_to_the_bit(kind, step, tmp_path):
    path = tmp_path / "run.npz"
    whole = Parts(kind).run(SaveAt(step, path))
    assert Parts(kind, seed=1).run(resume=path).state() == whole.state()


@every_model
def test_same_seed_same_run(kind):
    assert Parts(kind).run().state() == Parts(kind).run().state()
    assert Parts(kind).run().state() != Parts(kind, seed=1).run().state()


@every_model
def test_evaluation_changes_nothing_and_says_the_same_again(kind):
    parts = Parts(kind).run()
    before = parts.state()
    first, again = (evaluate(parts.model, inputs(kind)) for _ in range(2))
    assert first == again
    assert parts.state() == before
    assert parts.model.training


def test_only_batches_of_training_count():
    model = Parts("batch").run().model
    assert model.layers[1].num_batches_tracked.item() == EPOCHS * 4


@every_model
def test_every_parameter_learns(kind):
    parts = Parts(kind)
    start = parts.model.state_dict()
    parts.run()
    names = [name for name, _ in parts.model.named_parameters()]
    assert [n for n in names if np.array_equal(start[n], parts.model.state_dict()[n])] == []


def test_deep_layers_with_all_remedies_learn_the_moons():
    model = nn.MLP([2, *[16] * 6, 2], norm="batch", dropout=0.1, residual=True, rng=0)
    moons = data.moons(300, noise=0.1, rng=0)
    fit(model, moons, optim.Adam(model.parameters(), lr=0.01), epochs=20, progress=False)
    assert evaluate(model, moons)["accuracy"] > 0.97


@every_model
def test_weight_decay_reaches_every_parameter_and_no_buffer(kind):
    model = MODELS[kind](np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), lr=0.5, weight_decay=0.1)
    before = model.state_dict()
    for p in model.parameters():
        p.grad = np.full(p.shape, 0.2)
    optimizer.step()
    names = {name for name, _ in model.named_parameters()}
    for name, value in model.state_dict().items():
        old = before[name]
        expected = old - 0.5 * (0.2 + 0.1 * old) if name in names else old
        np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


def test_a_last_batch_of_one_row_is_explained_and_can_be_left_out():
    model = nn.MLP([2, 8, 2], norm="batch", rng=0)
    rule = optim.SGD(model.parameters(), lr=0.1)
    odd = MOONS.x[:33], MOONS.y[:33]
    with pytest.raises(ValueError) as caught:
        fit(model, odd, rule, batch_size=32, epochs=1, progress=False)
    assert "layers.1.BatchNorm1d: a batch of 1" in str(caught.value)
    assert "drop_last=True" in str(caught.value)
    batches = data.batches(*odd, 32, drop_last=True, rng=0)
    assert len(fit(model, batches, rule, epochs=2, progress=False)) == 2


def test_a_loss_that_is_not_finite_leaves_no_trace_in_the_running_statistics():
    model = nn.MLP([2, 8, 2], norm="batch", rng=0)
    rule = optim.SGD(model.parameters(), lr=0.1)
    fit(model, MOONS, rule, epochs=1, progress=False)
    before = model.state_dict()
    model.layers[0].weight.data = np.full((8, 2), np.nan)
    with pytest.raises(NotFiniteError), np.errstate(all="ignore"):
        fit(model, MOONS, rule, epochs=1, progress=False)
    for name in ("layers.1.running_mean", "layers.1.running_var"):
        np.testing.assert_array_equal(model.state_dict()[name], before[name])
