"""The doctor: each disease by itself, health, proofs that prove, and patients left as they were."""

import numpy as np
import pytest

import microgd as mg
from microgd import data, nn, optim
from microgd.explain.diseases import DISEASES
from microgd.train import fit

MOONS = data.moons(200, rng=0)
DIGITS = (data.digits().x[:300], data.digits().y[:300])


def sgd(model, lr=0.1, **options):
    return optim.SGD(model.parameters(), lr=lr, **options)


def mlp(name="tanh", sizes=(2, 32, 32, 2), **options):
    return nn.MLP(sizes, name, rng=0, **options)


def scaled(size):
    return lambda shape, rng: rng.normal(0.0, size * shape[1] ** -0.5, shape)


class Cut(nn.Module):
    """A forward pass that leaves the graph."""

    def __init__(self):
        self.a, self.b = nn.Linear(2, 8, rng=0), nn.Linear(8, 2, rng=1)

    def forward(self, x):
        return self.b(mg.tensor(mg.tanh(self.a(x)).data))


class Overflow(nn.Module):
    def __init__(self):
        self.a, self.b = nn.Linear(2, 8, rng=0), nn.Linear(8, 2, rng=1)

    def forward(self, x):
        return self.b(mg.exp(self.a(x)))


def vanishing():
    model = mlp("sigmoid", [64, *[64] * 9, 10])
    return model, DIGITS, sgd(model), "layers.0"


def exploding():
    model = mlp("relu", [64, *[64] * 9, 10], init=scaled(2.5))
    return model, DIGITS, sgd(model), "layers.0"


def dead():
    model = mlp("relu")
    model.layers[2].bias.data = np.full(32, -20.0)
    return model, MOONS, sgd(model), "layers.3"


def dying():
    model = mlp("relu")
    model.layers[2].bias.data = np.where(np.arange(32) < 28, -20.0, 0.0)
    return model, MOONS, sgd(model), "layers.3"


def saturated():
    model = mlp(init=scaled(20))
    return model, MOONS, sgd(model), "layers.3"


def symmetric_zero():
    model = mlp(init="zeros")
    return model, MOONS, sgd(model), "layers.0.weight"


def symmetric_constant():
    model = mlp(init=lambda shape, rng: np.full(shape, 0.1))
    return model, MOONS, sgd(model), "layers.0.weight"


def too_large():
    model = mlp()
    return model, MOONS, sgd(model, lr=50.0), "learning rate"


def too_large_with_momentum():
    model = mlp()
    return model, MOONS, sgd(model, lr=30.0, momentum=0.9), "learning rate"


def too_large_for_adam():
    model = mlp(sizes=[64, 64, 10])
    return model, DIGITS, optim.Adam(model.parameters(), lr=1.0), "learning rate"


def too_small():
    model = mlp()
    return model, MOONS, sgd(model, lr=1e-6), "learning rate"


def too_small_for_adam():
    model = mlp()
    return model, MOONS, optim.Adam(model.parameters(), lr=1e-7), "learning rate"


def stale():
    model = nn.Sequential(nn.Linear(2, 2, rng=0))
    rule = sgd(model, lr=0.3)
    for _ in range(25):
        nn.cross_entropy(model(MOONS.x), MOONS.y).backward()
        rule.step()
    return model, MOONS, rule, ".grad"


def unscaled():
    model = mlp()
    return model, (MOONS.x * [1.0, 5000.0], MOONS.y), sgd(model), "inputs[1]"


def disconnected():
    model = Cut()
    return model, MOONS, sgd(model), "a.weight"


def nan_in_the_data():
    model, x = mlp(), MOONS.x.copy()
    x[3, 1] = np.nan
    return model, (x, MOONS.y), sgd(model), "inputs"


def nan_in_the_weights():
    model = mlp()
    weight = model.layers[2].weight.numpy()
    weight[1, 2] = np.inf
    model.layers[2].weight.data = weight
    return model, MOONS, sgd(model), "layers.2.weight"


def made_by_an_operation():
    model, x = Overflow(), MOONS.x.copy()
    x[7] = [-1e4, 3e4]
    return model, (x, MOONS.y), sgd(model), "exp"


PATIENTS = {
    vanishing: "vanishing",
    exploding: "exploding",
    dead: "dead rectifiers",
    dying: "dead rectifiers",
    saturated: "saturation",
    symmetric_zero: "symmetric",
    symmetric_constant: "symmetric",
    too_large: "learning rate too large",
    too_large_with_momentum: "learning rate too large",
    too_large_for_adam: "learning rate too large",
    too_small: "learning rate too small",
    too_small_for_adam: "learning rate too small",
    stale: "stale gradient",
    unscaled: "unscaled inputs",
    disconnected: "no gradient",
    nan_in_the_data: "not finite",
    nan_in_the_weights: "not finite",
    made_by_an_operation: "not finite",
}
every_patient = pytest.mark.parametrize("patient", PATIENTS, ids=lambda p: p.__name__)


def test_there_is_a_patient_for_every_disease():
    assert set(PATIENTS.values()) == {kind.name for kind in DISEASES}


@every_patient
def test_each_disease_yields_exactly_its_finding(patient):
    model, batch, optimizer, place = patient()
    findings = mg.explain.diagnose(model, batch, optimizer)
    assert [finding.disease for finding in findings] == [PATIENTS[patient]]
    [finding] = findings
    assert finding.place == place
    assert finding.evidence
    assert finding.source
    assert finding.cure
    assert str(finding).startswith(PATIENTS[patient])


@every_patient
def test_the_cure_works(patient):
    model, batch, optimizer, _ = patient()
    [finding] = mg.explain.diagnose(model, batch, optimizer)
    proof = finding.prove(steps=60)
    assert proof.before == finding.value
    assert len(proof.losses_before) == len(proof.losses_after) == 61
    small_is_ill = finding.disease in {"vanishing", "learning rate too small"}
    if small_is_ill:
        assert proof.before < finding.threshold < proof.after
    else:
        assert proof.after <= finding.threshold < proof.before or finding.threshold == proof.before
    last, cured = proof.losses_before[-1], proof.losses_after[-1]
    if finding.disease == "no gradient":  # what was not learned was not missed: the same run
        assert cured == last
    else:
        assert cured < last or not np.isfinite(last)
    assert np.isfinite(cured)
    assert f"{proof.before:.3g} before" in str(proof)
    assert repr(finding.prove(steps=60)) == repr(proof), "the same seed, the same run"


HEALTHY = {
    "moons": lambda name, seed: (nn.MLP([2, 16, 16, 2], name, rng=seed), MOONS),
    "digits": lambda name, seed: (nn.MLP([64, 32, 32, 10], name, rng=seed), DIGITS),
    "xor": lambda name, seed: (nn.MLP([2, 8, 2], name, rng=seed), data.xor(n=40, rng=seed)),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "leaky_relu", "elu"])
@pytest.mark.parametrize("which", HEALTHY)
def test_a_healthy_network_yields_no_finding(which, name, seed):
    model, batch = HEALTHY[which](name, seed)
    assert mg.explain.diagnose(model, batch) == []
    assert mg.explain.diagnose(model, batch, sgd(model, momentum=0.9)) == []
    assert mg.explain.diagnose(model, batch, optim.Adam(model.parameters(), lr=0.01)) == []


@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_depth_alone_is_no_disease(name):
    model = mlp(name, [64, *[64] * 9, 10])
    assert mg.explain.diagnose(model, DIGITS, sgd(model, lr=0.01)) == []


@pytest.mark.parametrize("batch_size", [16, None])
@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid"])
def test_training_well_is_no_disease(name, batch_size):
    model = nn.MLP([2, 16, 16, 2], name, rng=1)
    rule = sgd(model, momentum=0.9)
    fit(model, MOONS, rule, epochs=60, batch_size=batch_size, progress=False)
    assert mg.explain.diagnose(model, MOONS, rule) == []  # with the last gradients in place


def test_a_regression():
    x = np.linspace(-1, 1, 60)[:, None]
    model = nn.MLP([1, 16, 1], "tanh", rng=0)
    batch = (x, np.sin(3 * x))
    assert mg.explain.diagnose(model, batch, sgd(model), nn.mse_loss) == []


def test_frozen_parameters_are_meant_to_be():
    model = mlp()
    model.layers[0].weight.requires_grad = False
    assert mg.explain.diagnose(model, MOONS, sgd(nn.Sequential(*model.layers[2:]))) == []


@pytest.mark.parametrize("lr", [0.99, 1.01])
def test_the_stable_rate_of_a_quadratic_is_2_over_l(lr):
    x = np.random.default_rng(0).normal(size=(40, 3))
    line = nn.Linear(3, 1, bias=False, rng=0)
    largest = np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]
    assert mg.explain.sharpness(line, x, x[:, :1], nn.mse_loss, steps=500, tolerance=1e-12) == (
        pytest.approx(largest, rel=1e-6)
    )
    rule = sgd(line, lr=lr * 2 / largest)
    line.weight.data = line.weight.data + np.linalg.eigh(x.T @ x)[1][:, -1]
    found = [f.disease for f in mg.explain.diagnose(line, (x, x[:, :1]), rule, nn.mse_loss)]
    assert found == ([] if lr < 1 else ["learning rate too large"])


def test_sharpness_is_the_largest_eigenvalue_even_beside_a_larger_negative_one():
    class Saddle(nn.Module):
        def __init__(self):
            self.w = nn.Parameter([0.3, -0.2, 0.1])

        def forward(self, x):
            return (self.w * self.w * x).sum()

    found = mg.explain.sharpness(
        Saddle(), np.array([-9.0, 2.0, 1.0]), None, lambda out, _: out, tolerance=1e-9, steps=500
    )
    assert found == pytest.approx(4.0, rel=1e-6)


def snapshot(model, optimizer):
    gradients = [None if p.grad is None else p.grad.copy() for p in model.parameters()]
    values = [p.numpy() for p in model.parameters()]
    memory = [
        array for state in optimizer.state_dict()["state"].values() for array in state.values()
    ]
    rates = [group["lr"] for group in optimizer.param_groups]
    return [*gradients, *values, *memory, *rates, [m.training for _, m in model.named_modules()]]


@every_patient
def test_the_patient_stays_as_it_was(patient):
    model, batch, optimizer, _ = patient()
    model.eval()
    waiting = None
    if PATIENTS[patient] not in {"not finite", "no gradient"}:
        x, y = batch if isinstance(batch, tuple) else (batch.x, batch.y)
        waiting = nn.cross_entropy(model(x), y)
    same = [id(p) for p in model.parameters()]
    before = snapshot(model, optimizer)
    for finding in mg.explain.diagnose(model, batch, optimizer):
        finding.prove(steps=3)
    for one, other in zip(snapshot(model, optimizer), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [id(p) for p in model.parameters()] == same
    if waiting is not None:
        waiting.backward()  # nothing was changed that it needs


class Noisy(nn.Module):
    """Draws from a generator of its own and from the one that all share."""

    def __init__(self):
        self.dense, self.rng = nn.Linear(2, 2, rng=0), np.random.default_rng(0)

    def forward(self, x):
        noise = self.rng.normal(size=x.shape) + nn.init.generator(None).normal(size=x.shape)
        return self.dense(x + 0.01 * noise)


def test_looking_draws_no_random_numbers():
    nn.init.manual_seed(3)
    model = Noisy()
    mg.explain.flow(model, MOONS)
    mg.explain.diagnose(model, MOONS, sgd(model))
    drawn = model.rng.normal(), nn.init.generator(None).normal()
    assert drawn == (np.random.default_rng(0).normal(), np.random.default_rng(3).normal())


def test_all_parameters_without_a_gradient():
    model = mlp()
    findings = mg.explain.diagnose(
        model, MOONS, loss=lambda out, y: nn.cross_entropy(mg.tensor(out.data), y)
    )
    assert [finding.disease for finding in findings] == ["no gradient"]
    assert "6 of 6" in findings[0].evidence


def test_the_origin_of_a_nan_is_named():
    model, batch, optimizer, _ = made_by_an_operation()
    [finding] = mg.explain.diagnose(model, batch, optimizer)
    assert "exp made inf at (7," in finding.evidence
    assert "self.b(mg.exp(self.a(x)))" in finding.evidence


def test_misuse():
    with pytest.raises(TypeError, match=r"diagnose: data is .*give a Dataset or a pair"):
        mg.explain.diagnose(mlp(), 3)
    with pytest.raises(ValueError, match=r"diagnose: .*rows|diagnose: .*differ"):
        mg.explain.diagnose(mlp(), (np.ones((3, 2)), np.ones(4, int)))
    model, batch, optimizer, _ = dead()
    [finding] = mg.explain.diagnose(model, batch, optimizer)
    with pytest.raises(ValueError, match=r"prove: steps=0; give at least 1"):
        finding.prove(steps=0)
