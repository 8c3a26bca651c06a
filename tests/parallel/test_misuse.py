"""Wrong use of parallel training: errors that say what was given and the way out."""

from functools import partial
from itertools import chain

import numpy as np
import pytest

from microgd import nn, parallel
from microgd.data import moons
from microgd.parallel.job import Job

DATA = moons(20, rng=0)


class Twice(nn.Module):
    """No chain of layers."""

    def __init__(self):
        self.dense = nn.Linear(2, 2, rng=0)

    def forward(self, x):
        return self.dense(self.dense(x))


def small():
    return nn.MLP([2, 3, 2], rng=0)  # 17 parameters


def train(model=None, data=DATA, algorithm="downpour", workers=2, backend="simulated", **options):
    return parallel.train(
        small() if model is None else model, data, algorithm, workers, backend, **options
    )


CASES = [
    (partial(train, workers=0), ValueError, ["train: workers is 0; give 1 or more"]),
    (partial(train, workers=2.0), TypeError, ["train: workers is 2.0, a float"]),
    (partial(train, workers=True), TypeError, ["train: workers is True, a bool"]),
    (partial(train, workers=21), ValueError, ["workers is 21", "20 rows", "give at most 20"]),
    (
        partial(train, algorithm="synchronous", workers=9, batch_size=8),
        ValueError,
        ["workers is 9", "a batch has 8 rows", "at most 8 workers, or larger batches"],
    ),
    (partial(train, shards=0), ValueError, ["train: shards is 0; give 1 or more"]),
    (
        partial(train, shards=18),
        ValueError,
        ["shards is 18", "MLP has 17 parameters"],
    ),
    (partial(train, epochs=0), ValueError, ["train: epochs is 0"]),
    (partial(train, batch_size=0), ValueError, ["train: batch_size is 0", "or None for all"]),
    (partial(train, rng=-1), ValueError, ["train: rng is -1; give a seed of 0 or more"]),
    (partial(train, rng="seed"), TypeError, ["train: rng is 'seed'"]),
    (partial(train, loss="mse"), TypeError, ["train: loss is 'mse'", "nn.cross_entropy"]),
    (partial(train, model="mlp"), TypeError, ["train: model is 'mlp'", "nn.MLP"]),
    (partial(train, data=DATA.x), TypeError, ["train: data is a ndarray of 20"]),
    (
        partial(train, data=(np.ones((3, 2)), np.ones(4))),
        ValueError,
        ["train: x has 3 rows", "y has 4"],
    ),
    (partial(train, model=nn.ReLU()), ValueError, ["ReLU has no parameters to train"]),
    (
        partial(train, model=nn.MLP([2, 3, 2], norm="batch", rng=0)),
        ValueError,
        ["layers.1.running_mean is a buffer", "LayerNorm"],
    ),
    (
        partial(train, algorithm="downpuor"),
        ValueError,
        ["train: algorithm 'downpuor' is unknown; did you mean 'downpour'?", "model-parallel"],
    ),
    (
        partial(train, algorithm=parallel.Downpour),
        TypeError,
        ["train: algorithm is <class", "parallel.Downpour(lr=0.1)"],
    ),
    (
        partial(train, backend="proceses"),
        ValueError,
        ["train: backend 'proceses' is unknown; did you mean 'processes'?", "simulated"],
    ),
    (
        partial(train, latencyy=1.0),
        ValueError,
        ["train: backend 'simulated': option 'latencyy' is unknown; did you mean 'latency'?"],
    ),
    (
        partial(train, delay="exponentail"),
        ValueError,
        ["train: delay 'exponentail' is unknown; did you mean 'exponential'?"],
    ),
    (
        partial(train, latency=-1.0),
        ValueError,
        ["train: latency is -1.0; give a time of 0"],
    ),
    (partial(train, write=float("nan")), ValueError, ["train: write is nan"]),
    (
        partial(train, algorithm="model-parallel", workers=3),
        ValueError,
        ["ModelParallel: workers is 3", "MLP has 2 layers with parameters; give at most 2"],
    ),
    (
        partial(train, model=Twice(), algorithm="model-parallel"),
        TypeError,
        ["ModelParallel: Twice is no chain of layers; give a Sequential or an MLP"],
    ),
    (partial(parallel.Downpour, lr=-0.1), ValueError, ["Downpour: lr is -0.1; give a rate of 0"]),
    (partial(parallel.Downpour, lr="0.1"), TypeError, ["Downpour: lr is '0.1', a str"]),
    (partial(parallel.Downpour, n_fetch=0), ValueError, ["Downpour: n_fetch is 0"]),
    (partial(parallel.Downpour, n_push=1.5), TypeError, ["Downpour: n_push is 1.5"]),
    (partial(parallel.Hogwild, lr=float("inf")), ValueError, ["Hogwild: lr is inf"]),
    (partial(parallel.AdaDelay, smoothness=-1), ValueError, ["AdaDelay: smoothness is -1"]),
    (partial(parallel.AdaptiveRevision, lr=-1), ValueError, ["AdaptiveRevision: lr is -1"]),
    (partial(parallel.EASGD, rho=-1), ValueError, ["EASGD: rho is -1", "strength of 0 or more"]),
    (partial(parallel.EASGD, tau=0), ValueError, ["EASGD: tau is 0; give 1 or more"]),
    (partial(parallel.EASGD, momentum=1.0), ValueError, ["EASGD: momentum is 1.0"]),
    (
        partial(parallel.EASGD, order="roundrobin"),
        ValueError,
        ["EASGD: order 'roundrobin' is unknown; did you mean 'round-robin'?"],
    ),
    (partial(parallel.Synchronous, momentum=1.0), ValueError, ["Synchronous: momentum is 1.0"]),
    (
        partial(parallel.ModelParallel, micro_batches=0),
        ValueError,
        ["ModelParallel: micro_batches is 0; give 1 or more"],
    ),
]


@pytest.mark.parametrize(("call", "kind", "parts"), CASES, ids=lambda x: getattr(x, "keywords", ""))
def test_an_error_says_what_was_given_and_the_way_out(call, kind, parts):
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_an_algorithm_of_ones_own_without_a_worker_is_told_what_it_lacks():
    with pytest.raises(NotImplementedError, match="Algorithm: write a worker method"):
        train(algorithm=parallel.Algorithm(lr=0.1))


def test_an_error_in_the_middle_leaves_the_model_as_it_was():
    model = small()
    before = model.state_dict()
    calls = iter(range(100))

    def loss(outputs, targets):
        if next(calls) == 7:
            raise ArithmeticError("the eighth batch")
        return nn.cross_entropy(outputs, targets)

    with pytest.raises(ArithmeticError):
        train(model, loss=loss, batch_size=2)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_training_leaves_mode_and_gradients_of_the_model_alone():
    model = small().eval()
    record = train(model)
    assert not model.training
    assert all(p.grad is None for p in model.parameters())
    assert len(record.losses) == 10


def test_frozen_parameters_stay():
    model = small()
    model.layers[0].weight.requires_grad = False
    before = model.state_dict()
    train(model)
    after = model.state_dict()
    np.testing.assert_array_equal(before["layers.0.weight"], after["layers.0.weight"])
    assert (before["layers.2.weight"] != after["layers.2.weight"]).any()


# The share of each worker


def job(**options):
    numbers = np.arange(20)
    return Job(small(), np.stack([numbers, numbers], 1) * 1.0, numbers, nn.cross_entropy, **options)


def joined(lists):
    return list(chain.from_iterable(lists))


def rows(replica):
    return [y.tolist() for _, y in replica.batches()]


@pytest.mark.parametrize("workers", [1, 2, 3, 20])
def test_rows_are_shared_out_each_to_one_worker(workers):
    made = job(workers=workers, batch_size=4, epochs=1)
    shares = [joined(rows(made.replica(me))) for me in range(workers)]
    assert sorted(joined(shares)) == list(range(20))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_rows_of_every_batch_are_shared_out():
    made = job(workers=3, shares="batches", batch_size=8, epochs=2)
    whole = rows(job(workers=1, shares="all", batch_size=8, epochs=2).replica(0))
    parts = zip(*(rows(made.replica(me)) for me in range(3)), strict=True)
    assert [sorted(joined(part)) for part in parts] == [sorted(batch) for batch in whole]


def test_a_replica_that_takes_the_place_of_another_goes_on_after_its_batches():
    made = job(workers=2, batch_size=3, epochs=2)
    assert rows(made.replica(1, taken=3)) == rows(made.replica(1))[3:]


def test_workers_drop_different_units():
    made = Job(
        nn.MLP([2, 50, 2], dropout=0.5, rng=0), DATA.x, DATA.y, nn.cross_entropy, workers=3,
        shares="all", batch_size=None,
    )  # fmt: skip
    replicas = [made.replica(me) for me in range(3)]
    found = [r.gradient(r.weights(), DATA.x, DATA.y) for r in replicas]
    assert (found[0] != found[1]).any()
    assert (found[1] != found[2]).any()
    again = made.replica(1)
    np.testing.assert_array_equal(again.gradient(again.weights(), DATA.x, DATA.y), found[1])
