import numpy as np
import pytest

from microgd import nn, parallel
from microgd.parallel.job import Job


class Bag(nn.Module):
    def __init__(self, rows, width, padding_idx=None):
        self.scale = nn.Linear(width, 3, rng=1)
        self.table = nn.Embedding(rows, width, padding_idx, rng=0)

    def forward(self, x):
        return self.scale(self.table(x).sum(axis=1))


def job(x, y, **options):
    return Job(Bag(50, 2), x, y, nn.cross_entropy, 1, **options)


def batch(seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 50, (4, 5)), rng.integers(0, 3, 4)


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_of_rows_is_the_whole_one_where_it_is_not_zero(seed):
    x, y = batch(seed)
    replica = job(x, y).replica(0)
    w = replica.weights()
    whole = replica.gradient(w, x, y)
    loss = replica.loss
    g, at = replica.gradient_of_rows(w, x, y, "table.weight")
    spread = np.zeros_like(whole)
    spread[at] = g
    np.testing.assert_allclose(spread, whole, rtol=1e-12, atol=0)
    assert replica.loss == pytest.approx(loss, rel=1e-12)
    assert len(g) == 3 * 2 + 3 + 2 * len(np.unique(x))
    assert (replica.weights() == w).all()  # the whole table stands in its place again


@pytest.mark.parametrize("wrong", [-1, 50])
def test_a_row_that_the_table_lacks_is_named(wrong):
    x, y = batch(0)
    x[2, 3] = wrong
    replica = job(x, y).replica(0)
    with pytest.raises(IndexError, match=rf"table.weight \(50, 2\) has no row {wrong}"):
        replica.gradient_of_rows(replica.weights(), x, y, "table.weight")


def test_training_by_rows_is_training_by_the_whole_gradient():
    trained = []
    for sparse in (False, True, "table"):
        rng = np.random.default_rng(0)
        model = Bag(50, 2)
        task = rng.integers(0, 50, (40, 5)), rng.integers(0, 3, 40)
        hogwild = parallel.Hogwild(lr=0.1, sparse=sparse)
        parallel.train(model, task, hogwild, 3, "simulated", epochs=2, batch_size=4, write=0)
        trained.append(model.state_dict())
    for name, value in trained[0].items():
        np.testing.assert_allclose(trained[1][name], value, rtol=1e-9)
        np.testing.assert_allclose(trained[2][name], value, rtol=1e-9)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Bag(50, 2, padding_idx=0), "table has padding_idx=0.*sparse=True works"),
        (nn.MLP([2, 2], rng=0), "'table' is unknown"),
    ],
)
def test_a_model_without_such_rows_is_refused(model, said):
    x, y = batch(0)
    with pytest.raises(ValueError, match=said):
        parallel.train(model, (x, y), parallel.Hogwild(sparse="table"), 1, "simulated")
